import { type Check, doctorChecks } from '../doctor.ts';
import { localUrl } from '../local-url.ts';
import type { Command } from '../command.ts';

const readyTimeoutMs = 4000;

export const healthCommands: readonly Command[] = [
  {
    name: 'ready',
    summary: 'tell by the exit code whether the relay here takes requests',
    details: 'For health checks: 0 where /readyz says so, else 1.',
    async run(invocation) {
      const url = `${localUrl(invocation.config())}/readyz`;
      const status = await fetch(url, { signal: AbortSignal.timeout(readyTimeoutMs) }).then(
        (response) => response.status,
        () => undefined,
      );
      const isReady = status === 200;
      const words =
        status === undefined ? 'Nothing answers here.' : `It is not ready: /readyz answers ${status}.`;
      return {
        lines: [isReady ? 'It is ready.' : words],
        json: { ready: isReady },
        exitCode: isReady ? 0 : 1,
      };
    },
  },
  {
    name: 'doctor',
    summary: 'look at everything that a relay needs, and say what is wrong',
    async run(invocation) {
      const checks = await doctorChecks(invocation);
      const isBad = checks.some(({ state }) => state === 'bad');
      return { lines: checks.map(lineOf), json: checks, exitCode: isBad ? 1 : 0 };
    },
  },
];

const marks = { good: 'ok    ', fair: 'note  ', bad: 'WRONG ' } as const;

function lineOf({ state, words }: Check): string {
  return marks[state] + words;
}
