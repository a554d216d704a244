/** The operator's command line, in this process, against a folder and whatever relay runs in it. */
import { Writable } from 'node:stream';
import { seededRandomness } from '@crypt2chat/shared/testing';
import type { Clock } from '@crypt2chat/shared/clock';
import { runCommandLine } from '../../src/admin/index.ts';

export interface Said {
  readonly code: number;
  /** On standard output. */
  readonly text: string;
  readonly bytes: Buffer;
  /** On standard error. */
  readonly error: string;
}

export class Commands {
  readonly #env: Readonly<Record<string, string>>;
  readonly #clock: Clock;
  readonly #randomness = seededRandomness('commands');

  constructor(folder: string, clock: Clock, env: Readonly<Record<string, string>> = {}) {
    this.#env = { CRYPT2CHAT_DATA: folder, ...env };
    this.#clock = clock;
  }

  /** @param args as typed, without `relay`. */
  async run(...args: string[]): Promise<Said> {
    const out = collector();
    const err = collector();
    const code = await runCommandLine(args, {
      env: this.#env,
      clock: this.#clock,
      randomness: this.#randomness,
      wasm: undefined,
      stdout: out.stream,
      stderr: err.stream,
    });
    return { code, text: out.bytes().toString(), bytes: out.bytes(), error: err.bytes().toString() };
  }

  /** What a command that goes well gives with `--json`. */
  async json(...args: string[]): Promise<unknown> {
    const { code, text, error } = await this.run(...args, '--json');
    if (code !== 0) throw new Error(`relay ${args.join(' ')} ended with ${code}: ${error}`);
    return JSON.parse(text);
  }
}

function collector(): { readonly stream: Writable; bytes(): Buffer } {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(Buffer.from(chunk));
      done();
    },
  });
  return { stream, bytes: () => Buffer.concat(chunks) };
}
