/**
 * Calls between two threads (or windows) that each have methods of their own: a call with an id, its answer or the
 * code of its failure, its cancellation, and events that nobody answers. The methods of a side are one table of
 * schemas, from which its handlers are typed: one that is missing does not compile. Both sides parse what they get.
 */
import { CodedError, hasCode } from '@crypt2chat/shared/errors';
import * as v from 'valibot';
import type { ExtensionErrorCode } from './codes.ts';

export interface Method {
  readonly params: v.GenericSchema;
  readonly result: v.GenericSchema;
  /** After this long without an answer the caller gives up with `ERR_ENGINE_TIMEOUT`. */
  readonly timeoutMs: number;
}
export type Methods = Readonly<Record<string, Method>>;

export type Params<M extends Method> = v.InferOutput<M['params']>;
export type Result<M extends Method> = v.InferOutput<M['result']>;

/** What a side has to offer: one handler for each method of its table. */
export type Handlers<Table extends Methods> = {
  readonly [Name in keyof Table]: (
    params: Params<Table[Name]>,
    signal: AbortSignal,
  ) => Result<Table[Name]> | Promise<Result<Table[Name]>>;
};

/** More calls than this at a time are refused: whoever makes them is stuck in a loop. */
const maxPendingCalls = 1_000;

const id = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const failureCode = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{1,60}$/));

const frameSchema = v.variant('type', [
  v.strictObject({
    type: v.literal('call'),
    id,
    method: v.pipe(v.string(), v.maxLength(60)),
    params: v.unknown(),
  }),
  v.strictObject({ type: v.literal('cancel'), id }),
  v.strictObject({ type: v.literal('answer'), id, result: v.unknown() }),
  v.strictObject({ type: v.literal('failure'), id, code: failureCode }),
  v.strictObject({ type: v.literal('event'), event: v.unknown() }),
]);
export type Frame = v.InferOutput<typeof frameSchema>;

interface PendingCall {
  readonly method: Method;
  readonly settle: (outcome: { readonly result: unknown } | { readonly error: CodedError }) => void;
}

export interface PeerOptions<Ours extends Methods, Theirs extends Methods, Event extends v.GenericSchema> {
  /** The methods that the other side may call, and what they do. */
  readonly ours: Ours;
  readonly handlers: Handlers<Ours>;
  /** The methods of the other side. */
  readonly theirs: Theirs;
  /** Hands a frame to the other side. Frames arrive in the order in which they were posted. */
  readonly post: (frame: Frame) => void;
  readonly event: Event;
  readonly onEvent: (event: v.InferOutput<Event>) => void;
  /** A frame that this side does not understand, or a failure that has no code of its own. */
  readonly onFault: (code: ExtensionErrorCode) => void;
}

export class Peer<Ours extends Methods, Theirs extends Methods, Event extends v.GenericSchema> {
  readonly #options: PeerOptions<Ours, Theirs, Event>;
  readonly #pending = new Map<number, PendingCall>();
  readonly #served = new Map<number, AbortController>();
  #nextId = 0;
  #ended: CodedError | undefined;

  constructor(options: PeerOptions<Ours, Theirs, Event>) {
    this.#options = options;
  }

  /**
   * Calls a method of the other side.
   * @throws CodedError with the code that the other side gave; `ERR_ENGINE_STOPPED`, `ERR_ENGINE_TIMEOUT`,
   * `ERR_ENGINE_BUSY`, `ERR_IPC_INVALID`; `ERR_ABORTED` by `signal`.
   */
  async call<Name extends keyof Theirs & string>(
    name: Name,
    params: Params<Theirs[Name]>,
    signal?: AbortSignal,
  ): Promise<Result<Theirs[Name]>> {
    if (this.#ended) throw this.#ended;
    if (signal?.aborted) throw aborted();
    if (this.#pending.size >= maxPendingCalls) throw coded('ERR_ENGINE_BUSY', 'too many calls at a time');
    const method: Method = this.#options.theirs[name]!;
    const callId = this.#nextId++;
    return new Promise<Result<Theirs[Name]>>((resolve, reject) => {
      const giveUp = (error: CodedError) => {
        this.#options.post({ type: 'cancel', id: callId });
        this.#pending.get(callId)?.settle({ error });
      };
      const onAbort = () => giveUp(aborted());
      const timer = setTimeout(
        () => giveUp(coded('ERR_ENGINE_TIMEOUT', 'no answer in time')),
        method.timeoutMs,
      );
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#pending.set(callId, {
        method,
        settle: (outcome) => {
          clearTimeout(timer);
          signal?.removeEventListener('abort', onAbort);
          this.#pending.delete(callId);
          if ('result' in outcome) resolve(outcome.result);
          else reject(outcome.error);
        },
      });
      this.#options.post({ type: 'call', id: callId, method: name, params });
    });
  }

  emit(event: unknown): void {
    if (!this.#ended) this.#options.post({ type: 'event', event });
  }

  /** Takes a frame from the other side. Never throws. */
  receive(data: unknown): void {
    if (this.#ended) return;
    const parsed = v.safeParse(frameSchema, data);
    if (!parsed.success) return this.#options.onFault('ERR_IPC_INVALID');
    const frame = parsed.output;
    switch (frame.type) {
      case 'call':
        void this.#serve(frame.id, frame.method, frame.params);
        return;
      case 'cancel':
        this.#served.get(frame.id)?.abort();
        return;
      case 'answer':
        return this.#onAnswer(frame.id, frame.result);
      case 'failure':
        this.#pending.get(frame.id)?.settle({ error: new CodedError(frame.code, 'the other side refused') });
        return;
      case 'event': {
        const event = v.safeParse(this.#options.event, frame.event);
        if (event.success) this.#options.onEvent(event.output);
        else this.#options.onFault('ERR_IPC_INVALID');
      }
    }
  }

  /** The other side is gone: its answers will not come, and nobody waits for ours. */
  end(): void {
    if (this.#ended) return;
    this.#ended = coded('ERR_ENGINE_STOPPED', 'the other side is gone');
    for (const call of [...this.#pending.values()]) call.settle({ error: this.#ended });
    for (const controller of this.#served.values()) controller.abort();
    this.#served.clear();
  }

  #onAnswer(callId: number, result: unknown): void {
    const call = this.#pending.get(callId);
    if (!call) return;
    const parsed = v.safeParse(call.method.result, result);
    if (parsed.success) call.settle({ result: parsed.output });
    else call.settle({ error: coded('ERR_IPC_INVALID', 'an answer of another form') });
  }

  async #serve(callId: number, name: string, params: unknown): Promise<void> {
    const { ours, handlers } = this.#options;
    const controller = new AbortController();
    try {
      if (!Object.hasOwn(ours, name) || this.#served.size >= maxPendingCalls || this.#served.has(callId)) {
        throw coded('ERR_IPC_INVALID', 'a call that cannot be served');
      }
      const parsed = v.safeParse(ours[name]!.params, params);
      if (!parsed.success) throw coded('ERR_IPC_INVALID', 'a call of another form');
      this.#served.set(callId, controller);
      const result = await handlers[name]!(parsed.output, controller.signal);
      this.#reply({ type: 'answer', id: callId, result });
    } catch (error) {
      const known = hasCode(error) && v.is(failureCode, error.code);
      // What has no code is a mistake of ours. Its text may hold anything, so it stays here.
      if (!known) this.#options.onFault('ERR_ENGINE_INTERNAL');
      this.#reply({ type: 'failure', id: callId, code: known ? error.code : 'ERR_ENGINE_INTERNAL' });
    } finally {
      if (this.#served.get(callId) === controller) this.#served.delete(callId);
    }
  }

  #reply(frame: Frame): void {
    if (!this.#ended) this.#options.post(frame);
  }
}

function coded(code: ExtensionErrorCode, message: string): CodedError {
  return new CodedError(code, message);
}

function aborted(): CodedError {
  return new CodedError('ERR_ABORTED', 'called off');
}
