/** What the engine needs from the world around it. Adapters live with whoever runs it. */

export interface TransportRequest {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** Absolute: origin, path and query. */
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** After this long the request is given up. */
  readonly timeoutMs: number;
  /** The answer is given up when its body is larger. */
  readonly maxBytes: number;
}

export interface TransportResponse {
  readonly status: number;
  readonly body: Uint8Array;
  /** From `Retry-After`, where it stands in seconds. */
  readonly retryAfterSeconds?: number;
}

/** HTTP. A redirect is not followed, cookies are neither kept nor sent. */
export interface Transport {
  /** Rejects with CodedError `ERR_RELAY_UNREACHABLE` when there is no whole answer in time, `ERR_ABORTED` by `signal`. */
  request(request: TransportRequest, signal?: AbortSignal): Promise<TransportResponse>;
}
