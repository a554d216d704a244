/**
 * HTTP for the engine by the extension host's own `fetch`, the one that knows VS Code's proxy settings. No redirect is
 * followed, no cookie sent; the body is counted while it is read, so that no answer is ever larger in
 * memory than was asked for.
 */
import type { Transport, TransportRequest, TransportResponse } from '@crypt2chat/shared/engine';
import { concat } from '@crypt2chat/shared/bytes';
import { CodedError, hasCode } from '@crypt2chat/shared/errors';

/** Where plain HTTP is allowed: it does not leave the computer. */
const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

export class FetchTransport implements Transport {
  readonly #fetch: typeof globalThis.fetch;

  constructor(fetch: typeof globalThis.fetch) {
    this.#fetch = fetch;
  }

  async request(request: TransportRequest, signal?: AbortSignal): Promise<TransportResponse> {
    if (signal?.aborted) throw aborted();
    const { method, url, headers, body, timeoutMs, maxBytes } = request;
    if (!isAllowed(url)) throw unreachable();
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(), timeoutMs);
    const onAbort = () => timeout.abort();
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      const response = await this.#fetch(url, {
        method,
        headers: { 'cache-control': 'no-store', ...headers },
        ...(body === undefined ? {} : { body: new Uint8Array(body) }),
        redirect: 'manual',
        credentials: 'omit',
        signal: timeout.signal,
      });
      const bytes = await readBody(response, maxBytes, timeout.signal);
      // A redirect that was not followed has status 0 in some hosts, its own in others.
      if (response.status === 0 || (response.status >= 300 && response.status < 400)) throw unreachable();
      const retryAfter = response.headers.get('retry-after') ?? '';
      return {
        status: response.status,
        body: bytes,
        ...(/^\d{1,6}$/.test(retryAfter) ? { retryAfterSeconds: Number(retryAfter) } : {}),
      };
    } catch (error) {
      if (signal?.aborted) throw aborted();
      if (hasCode(error)) throw error;
      // What fetch says of the cause may hold addresses and names.
      throw unreachable();
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    }
  }
}

function isAllowed(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname, username, password } = new URL(url);
  if (username !== '' || password !== '') return false;
  return protocol === 'https:' || (protocol === 'http:' && loopback.test(hostname));
}

async function readBody(response: Response, maxBytes: number, signal: AbortSignal): Promise<Uint8Array> {
  if (response.body === null) return new Uint8Array(0);
  const reader = response.body.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  const parts: Uint8Array[] = [];
  let size = 0;
  // Some hosts' fetch does not carry the signal into a body that has begun.
  const stop = () => void reader.cancel().catch(() => undefined);
  signal.addEventListener('abort', stop, { once: true });
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (signal.aborted) throw unreachable();
      if (done) return concat(...parts);
      size += value.length;
      if (size > maxBytes) {
        stop();
        throw unreachable();
      }
      parts.push(value);
    }
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function unreachable(): CodedError {
  return new CodedError('ERR_RELAY_UNREACHABLE', 'there is no whole answer of the relay');
}

function aborted(): CodedError {
  return new CodedError('ERR_ABORTED', 'called off');
}
