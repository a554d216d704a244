/** HTTP by fetch, as a test of engines wants it: a real request to a real relay. */
import { CodedError } from '@crypt2chat/shared/errors';
import type { TransportRequest, TransportResponse } from '@crypt2chat/shared/engine';

export function unreachable(): CodedError {
  return new CodedError('ERR_RELAY_UNREACHABLE', 'no answer');
}

export async function send(request: TransportRequest, signal?: AbortSignal): Promise<TransportResponse> {
  const timeout = AbortSignal.timeout(request.timeoutMs);
  try {
    const response = await fetch(request.url, {
      method: request.method,
      headers: request.headers,
      redirect: 'error',
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      ...(request.body && { body: new Uint8Array(request.body) }),
    });
    const body = new Uint8Array(await response.arrayBuffer());
    const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN);
    return {
      status: response.status,
      body,
      ...(Number.isNaN(retryAfter) ? {} : { retryAfterSeconds: retryAfter }),
    };
  } catch {
    if (signal?.aborted) throw new CodedError('ERR_ABORTED', 'given up');
    throw unreachable();
  }
}
