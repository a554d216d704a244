import { Refusal } from '../refusal.ts';

/** More than this many at once are refused: they would be answered later than their senders wait. */
const maxQueued = 10_000;
const retrySeconds = 1;

export interface BatchOptions<Request, Result> {
  /** One result for each request, in order. When it rejects, none of them was done, as far as anybody knows. */
  run(requests: readonly Request[]): Promise<readonly Result[]>;
  /** Of one batch. Several, so that one is on its way while another waits for the disk. */
  readonly maxUnderWay: number;
  /** What a request weighs, and how much goes into one batch (at least one request always does). */
  weigh(request: Request): number;
  readonly maxWeight: number;
}

interface Waiting<Request, Result> {
  readonly request: Request;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

/**
 * Requests that arrive together become one: what comes within one turn of the event loop, and what comes while as
 * many batches as may be are under way. Where a batch fails for no reason that all of them share, each is run by
 * itself, and one that fails does not undo the others.
 */
export class Batches<Request, Result> {
  readonly #options: BatchOptions<Request, Result>;
  #queue: Waiting<Request, Result>[] = [];
  #idle: (() => void)[] = [];
  #underWay = 0;
  #isScheduled = false;

  constructor(options: BatchOptions<Request, Result>) {
    this.#options = options;
  }

  /** @throws Refusal `ERR_RATE_LIMITED` where too many wait already; what `run` rejects with. */
  submit(request: Request): Promise<Result> {
    if (this.#queue.length >= maxQueued) {
      return Promise.reject(new Refusal('ERR_RATE_LIMITED', 'The relay is busy.', retrySeconds));
    }
    return new Promise<Result>((resolve, reject) => {
      this.#queue.push({ request, resolve, reject });
      this.#schedule();
    });
  }

  /** Resolves when everything that was submitted has been answered. */
  async drain(): Promise<void> {
    if (this.#queue.length + this.#underWay > 0)
      await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #schedule(): void {
    if (this.#isScheduled || this.#queue.length === 0 || this.#underWay >= this.#options.maxUnderWay) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      void this.#runNext();
      this.#schedule();
    });
  }

  async #runNext(): Promise<void> {
    const batch = this.#take();
    this.#underWay += 1;
    try {
      await this.#run(batch);
    } finally {
      this.#underWay -= 1;
      this.#schedule();
      if (this.#queue.length + this.#underWay === 0) for (const done of this.#idle.splice(0)) done();
    }
  }

  async #run(batch: readonly Waiting<Request, Result>[]): Promise<void> {
    try {
      const results = await this.#options.run(batch.map(({ request }) => request));
      batch.forEach(({ resolve }, i) => resolve(results[i] as Result));
    } catch (error) {
      if (batch.length > 1 && !(error instanceof Refusal)) for (const one of batch) await this.#run([one]);
      else for (const { reject } of batch) reject(error);
    }
  }

  #take(): Waiting<Request, Result>[] {
    const { weigh, maxWeight } = this.#options;
    let weight = 0;
    let count = 0;
    for (const { request } of this.#queue) {
      weight += weigh(request);
      if (count > 0 && weight > maxWeight) break;
      count += 1;
    }
    const batch = this.#queue.slice(0, count);
    this.#queue = this.#queue.slice(count);
    return batch;
  }
}
