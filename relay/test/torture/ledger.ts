/**
 * What clients were promised and what they got, and the judgement over both.
 *
 * The relay's promise (docs/protocol.md §9, §12; decisions 11, 15, 16):
 *
 * - what was answered with `stored` or `duplicate`, or with a place, is handed out to whoever may read it;
 * - under one id it is stored once, however often it was sent; what a client has taken, and named the cursor of, is
 *   not handed out again. What it has not taken (the answer was lost, or the client died before it stored it) is;
 * - what one sender sent one after the other, each when the one before was acknowledged, comes in that order. The
 *   places of a group's log follow each other without a gap, and an entry stays where its author was told.
 *
 * So a receiver here takes what it gets, in the order in which it gets it, and the ledger counts what comes a second
 * time before anybody drops it. The engine would drop it, by the envelope's id.
 */
import { createHash } from 'node:crypto';

export interface Verdict {
  readonly acknowledged: number;
  readonly received: number;
  /** Acknowledged and never received. */
  readonly lost: number;
  /** Received after it had been received. */
  readonly twice: number;
  /** Received behind something that its sender sent later; in a group's log, not where it was said to be. */
  readonly disordered: number;
  /** Another content than was sent. */
  readonly damaged: number;
}

/** Sixteen bytes that say whose the envelope or entry is, and which of theirs. */
export function idOf(author: number, nth: number): Uint8Array {
  const id = new Uint8Array(16);
  const view = new DataView(id.buffer);
  view.setUint32(0, author);
  view.setUint32(4, nth);
  return id;
}

export function nameOf(id: Uint8Array): {
  readonly author: number;
  readonly nth: number;
  readonly key: string;
} {
  const view = new DataView(id.buffer, id.byteOffset);
  const author = view.getUint32(0);
  const nth = view.getUint32(4);
  return { author, nth, key: `${author}/${nth}` };
}

/** What stands in it: nothing else has the same. */
export function bodyOf(id: Uint8Array, size: number): Buffer {
  const seed = createHash('sha256').update(id).digest();
  const body = Buffer.alloc(size);
  for (let at = 0; at < size; at += seed.length) seed.copy(body, at);
  return body;
}

interface Item {
  readonly id: Uint8Array;
  readonly body: Uint8Array;
}

/** Of one mailbox or of one group's log. */
export class Ledger {
  readonly #acknowledged = new Map<string, number | undefined>();
  /** With the place, where it has one. */
  readonly #received = new Map<string, number | undefined>();
  readonly #lastOf = new Map<number, number>();
  #lastPlace = 0;
  #twice = 0;
  #disordered = 0;
  #damaged = 0;

  get acknowledgedCount(): number {
    return this.#acknowledged.size;
  }

  get receivedCount(): number {
    return this.#received.size;
  }

  /** @param place in a group's log */
  acknowledge(id: Uint8Array, place?: number): void {
    this.#acknowledged.set(nameOf(id).key, place);
  }

  /** In the order in which it came. */
  receive({ id, body }: Item, place?: number): void {
    const { author, nth, key } = nameOf(id);
    if (this.#received.has(key)) {
      this.#twice += 1;
      return;
    }
    this.#received.set(key, place);
    if (nth <= (this.#lastOf.get(author) ?? -1)) this.#disordered += 1;
    else this.#lastOf.set(author, nth);
    if (place !== undefined) {
      if (place !== this.#lastPlace + 1) this.#disordered += 1;
      this.#lastPlace = place;
    }
    if (!bodyOf(id, body.length).equals(body)) this.#damaged += 1;
  }

  judge(): Verdict {
    let lost = 0;
    let elsewhere = 0;
    for (const [key, place] of this.#acknowledged) {
      if (!this.#received.has(key)) lost += 1;
      else if (this.#received.get(key) !== place) elsewhere += 1;
    }
    return {
      acknowledged: this.#acknowledged.size,
      received: this.#received.size,
      lost,
      twice: this.#twice,
      disordered: this.#disordered + elsewhere,
      damaged: this.#damaged,
    };
  }
}

export function sumOf(verdicts: readonly Verdict[]): Verdict {
  const sum = { acknowledged: 0, received: 0, lost: 0, twice: 0, disordered: 0, damaged: 0 };
  for (const verdict of verdicts) {
    for (const key of Object.keys(sum) as (keyof Verdict)[]) sum[key] += verdict[key];
  }
  return sum;
}

export function holds({ acknowledged, lost, twice, disordered, damaged }: Verdict): boolean {
  return acknowledged > 0 && lost + twice + disordered + damaged === 0;
}
