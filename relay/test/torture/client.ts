/** HTTP as a busy client speaks it: connections that are kept, one answer for each request, no request that hangs. */
import { Agent, request } from 'node:http';
import { type CborValue, encodeCbor } from '@crypt2chat/shared/cbor';
import { cborMediaType } from '@crypt2chat/shared/wire';

export interface Reply {
  readonly status: number;
  readonly bytes: Buffer;
  /** Of an error. */
  readonly code: string | undefined;
}

export interface Request {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Above the longest poll, unless it says otherwise. */
  readonly timeoutMs?: number;
}

const defaultTimeoutMs = 20_000;

/** The connection broke or nobody answered: what became of the request is not known. */
export class NoAnswer extends Error {}

export class Client {
  readonly #agent = new Agent({ keepAlive: true, noDelay: true });

  /** @throws NoAnswer */
  ask(url: string, { method, path, headers, body, timeoutMs = defaultTimeoutMs }: Request): Promise<Reply> {
    const { hostname, port } = new URL(url);
    return new Promise((resolve, reject) => {
      const giveUp = (): void => reject(new NoAnswer(`${method} had no answer`));
      const sent = request({ hostname, port, method, path, headers, agent: this.#agent, timeout: timeoutMs });
      const timer = setTimeout(() => sent.destroy(), timeoutMs);
      sent.on('close', () => clearTimeout(timer));
      sent.on('error', giveUp);
      sent.on('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', giveUp);
        response.on('close', () => {
          if (!response.complete) return giveUp();
          const status = response.statusCode ?? 0;
          const bytes = Buffer.concat(chunks);
          resolve({ status, bytes, code: status >= 400 ? codeOf(bytes) : undefined });
        });
      });
      sent.end(body);
    });
  }

  post(
    url: string,
    path: string,
    body: CborValue,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Reply> {
    const bytes = encodeCbor(body);
    const length = String(bytes.length);
    const all = { 'content-type': cborMediaType, 'content-length': length, ...headers };
    return this.ask(url, { method: 'POST', path, headers: all, body: bytes });
  }

  close(): void {
    this.#agent.destroy();
  }
}

function codeOf(bytes: Buffer): string {
  try {
    return (JSON.parse(bytes.toString()) as { code: string }).code;
  } catch {
    return 'no code';
  }
}
