/** The log: what happened, by code. No text of ours or others’ ever goes there, so that it can be sent to anybody. */
import { type LogOutputChannel, window } from 'vscode';

export class Log {
  #channel: LogOutputChannel | undefined;

  /** The channel is made at the first line, so that starting up costs nothing for it. */
  readonly code = (code: string): void => {
    this.#channel ??= window.createOutputChannel('crypt2chat', { log: true });
    this.#channel.warn(/^[A-Za-z0-9_-]{1,60}$/.test(code) ? code : 'ERR_ENGINE_INTERNAL');
  };

  dispose(): void {
    this.#channel?.dispose();
  }
}
