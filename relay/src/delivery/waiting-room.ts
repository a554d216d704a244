/** Where polls wait: each for one or more topics, with an end to its time, and all of them within one bound. */
import type { Clock } from '@crypt2chat/shared/clock';
import { limits } from '@crypt2chat/shared/wire';
import { Refusal } from '../refusal.ts';

/** When there is no room for another waiting poll, this is when to come again. */
const pollRetrySeconds = 5;

export interface Wait {
  /** What the poll is about: names that nobody outside of this folder knows. */
  readonly topics: readonly string[];
  /** A newer poll ends the oldest one of a topic where there are more than this. */
  readonly maxPerTopic: number;
  /** 0: not at all. */
  readonly waitMs: number;
  readonly client: Client;
}

/** Who asks. An AbortSignal would say the same, at a kilobyte for every poll that waits. */
export interface Client {
  /** Nobody will read the answer. */
  readonly isGone: boolean;
  /** @returns what ends the listening */
  onGone(listener: () => void): () => void;
}

/** One poll: asleep until one of its topics is in the news, or for good once it has ended. */
export class Waiter {
  /** Why there will be no answer. */
  refusal: Refusal | undefined;
  #isOver = false;
  readonly #news: Set<string>;
  readonly #ephemeral = new Map<string, Uint8Array[]>();
  #ephemeralCount = 0;
  #wake: (() => void) | undefined;

  constructor(topics: readonly string[]) {
    this.#news = new Set(topics);
  }

  /** Whether there is no reason yet to answer, beyond what a look may find. */
  get canSleep(): boolean {
    return !this.#isOver && this.#ephemeralCount === 0;
  }

  ephemeralOf(topic: string): readonly Uint8Array[] {
    return this.#ephemeral.get(topic) ?? [];
  }

  /** There is something new to read about the topic. */
  tell(topic: string): void {
    this.#news.add(topic);
    this.#wake?.();
  }

  /** To this poll or, where it has enough of them, nowhere. */
  pass(topic: string, envelope: Uint8Array): void {
    if (this.#ephemeralCount >= limits.envelopesPerBatch) return;
    this.#ephemeralCount += 1;
    this.#ephemeral.set(topic, [...this.ephemeralOf(topic), envelope]);
    this.#wake?.();
  }

  /** Its time is over: it is answered with what there is. */
  end(): void {
    this.#isOver = true;
    this.#wake?.();
  }

  refuse(refusal: Refusal): void {
    this.refusal ??= refusal;
    this.end();
  }

  /** The topics in the news since the last time; all of them at first. */
  takeNews(): ReadonlySet<string> {
    const news = new Set(this.#news);
    this.#news.clear();
    return news;
  }

  /** Resolves when there is something new, at once where it came since the last look. */
  async sleep(): Promise<void> {
    if (this.#news.size === 0 && this.canSleep) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    this.#wake = undefined;
  }
}

export class WaitingRoom {
  readonly #clock: Clock;
  readonly #maxWaiting: number;
  /** The waiters of a topic, the oldest first. */
  readonly #waiters = new Map<string, Set<Waiter>>();
  #sleeping = 0;
  #isClosed = false;

  constructor(clock: Clock, maxWaiting: number) {
    this.#clock = clock;
    this.#maxWaiting = maxWaiting;
  }

  /** How many polls wait. */
  get waiting(): number {
    return this.#sleeping;
  }

  /** The polls about a topic. */
  about(topic: string): Iterable<Waiter> {
    return this.#waiters.get(topic) ?? [];
  }

  /** There may be something new about everything. */
  tellAll(): void {
    for (const [topic, waiters] of this.#waiters) for (const waiter of waiters) waiter.tell(topic);
  }

  /**
   * Lets `look` look for an answer, at first and whenever there is news, until it finds one. It may find none only as
   * long as the waiter can sleep.
   * @param look gets the topics in the news: all of them at first.
   * @throws Refusal `ERR_POLLS_EXHAUSTED`; `ERR_SHUTTING_DOWN`; what the waiter is refused with; what `look` throws.
   */
  async hold<Answer>(
    { topics, maxPerTopic, waitMs, client }: Wait,
    look: (waiter: Waiter, news: ReadonlySet<string>) => Promise<Answer | undefined>,
  ): Promise<Answer> {
    if (this.#isClosed)
      throw new Refusal('ERR_SHUTTING_DOWN', 'The relay is about to stop.', pollRetrySeconds);
    const waiter = new Waiter(topics);
    for (const topic of topics) this.#enter(topic, waiter, maxPerTopic);
    const over = (): void => waiter.end();
    const cancelTimer = waitMs === 0 ? over : this.#clock.setTimer(waitMs, over);
    const stopListening = client.onGone(over);
    if (waitMs === 0 || client.isGone) over();
    try {
      for (;;) {
        const answer = await look(waiter, waiter.takeNews());
        if (waiter.refusal !== undefined) throw waiter.refusal;
        if (answer !== undefined) return answer;
        if (this.#sleeping >= this.#maxWaiting) {
          throw new Refusal('ERR_POLLS_EXHAUSTED', 'Too many polls are waiting.', pollRetrySeconds);
        }
        this.#sleeping += 1;
        try {
          await waiter.sleep();
        } finally {
          this.#sleeping -= 1;
        }
      }
    } finally {
      cancelTimer();
      stopListening();
      for (const topic of topics) this.#leave(topic, waiter);
    }
  }

  /** Ends all polls and takes no more. */
  close(): void {
    this.#isClosed = true;
    for (const waiters of this.#waiters.values()) for (const waiter of waiters) waiter.end();
  }

  #enter(topic: string, waiter: Waiter, maxPerTopic: number): void {
    const waiters = this.#waiters.get(topic) ?? new Set();
    this.#waiters.set(topic, waiters.add(waiter));
    if (waiters.size <= maxPerTopic) return;
    for (const oldest of waiters) {
      oldest.end();
      waiters.delete(oldest);
      break;
    }
  }

  #leave(topic: string, waiter: Waiter): void {
    const waiters = this.#waiters.get(topic);
    waiters?.delete(waiter);
    if (waiters?.size === 0) this.#waiters.delete(topic);
  }
}
