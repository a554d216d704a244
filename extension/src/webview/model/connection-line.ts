/** What is said of a lost connection. The first seconds are quiet: most losses mend themselves before anybody cares. */
import { sentenceOf, type Remedy, type ViewConnection } from '../../ipc/index.ts';

export const quietMs = 4000;

export interface ConnectionLine {
  readonly text: string;
  readonly remedy?: Remedy;
}

/** @param since when the connection was last known to be good, or the view began, in ms since 1970 */
export function connectionLine(
  connection: ViewConnection,
  since: number,
  now: number,
): ConnectionLine | undefined {
  if (connection.state === 'idle' || connection.state === 'online') return undefined;
  const loud = connection.state === 'offline' && sentenceOf(connection.code).remedy === 'recover';
  if (!loud && now - since < quietMs) return undefined;
  if (connection.state === 'connecting') return { text: 'Connecting…' };
  const { text, remedy } = sentenceOf(connection.code);
  if (remedy === 'recover' || remedy === 'update') return { text, remedy };
  const seconds = Math.ceil((connection.retryAt - now) / 1000);
  return {
    text: `Offline. ${text} ${seconds > 0 ? `Trying again in ${inWords(seconds)}.` : 'Trying again…'}`,
  };
}

function inWords(seconds: number): string {
  return seconds < 90 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}
