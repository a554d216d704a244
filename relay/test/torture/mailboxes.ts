/** Senders and receivers of envelopes, who come again until they have an answer. */
import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { toBase64url } from '@crypt2chat/shared/bytes';
import { decodeCbor } from '@crypt2chat/shared/cbor';
import { capabilityHeader, deliverResponseSchema, eventsResponseSchema } from '@crypt2chat/shared/wire';
import { Person } from '../support/people.ts';
import type { Reply } from './client.ts';
import { bodyOf, idOf, Ledger } from './ledger.ts';
import { origin, type Relays } from './relays.ts';

const maxAnswerBytes = 5 * 1024 * 1024;
const pollSeconds = 5;
/** So much may lie in a mailbox before its senders wait for the receiver. */
const maxWaiting = 1500;
const awaySenderMs = 60;
/** One answer in so many is lost by the client itself, as if it had died before it stored it. */
const forgets = 25;

export interface MailboxOptions {
  readonly name: string;
  /** How many envelopes each sender puts into one request; one sender for each. */
  readonly batches: readonly number[];
  readonly envelopeBytes?: number;
  /** The receiver comes at the end only, and the senders take their time. */
  readonly isAway?: boolean;
}

/** One receiver, and those who write to it. */
export class Mailbox {
  readonly ledger = new Ledger();
  readonly #relays: Relays;
  readonly #options: MailboxOptions;
  readonly #person: Person;
  readonly #capability: Uint8Array;
  #isOver = false;
  #isAllSent = false;
  #work: Promise<unknown>[] = [];

  constructor(relays: Relays, options: MailboxOptions) {
    this.#relays = relays;
    this.#options = options;
    this.#person = new Person(origin, options.name, 1);
    this.#capability = bodyOf(Buffer.from(options.name.padEnd(16, '.')), 32);
  }

  /** Registers the receiver, where a relay runs. */
  async open(): Promise<void> {
    await this.#signIn(true);
  }

  begin(): void {
    this.#work = this.#options.batches.map((count, sender) => this.#send(sender, count));
    this.#work.push(this.#options.isAway ? new Promise(() => undefined) : this.#receive());
    // Whoever waits for the end hears of it.
    for (const part of this.#work) part.catch(() => undefined);
  }

  /** Ends the senders, lets the receiver come to the end, and throws what went wrong. */
  async end(): Promise<void> {
    this.#isOver = true;
    const receiver = this.#work.pop();
    await Promise.all(this.#work);
    this.#isAllSent = true;
    await (this.#options.isAway ? this.#receive() : receiver);
  }

  async #send(sender: number, count: number): Promise<void> {
    const path = `/v1/mailboxes/${this.#person.deviceId}`;
    const right = { [capabilityHeader]: toBase64url(this.#capability) };
    for (let nth = 0; !this.#isOver; nth += count) {
      const envelopes = Array.from({ length: count }, (_, i) => {
        const id = idOf(sender, nth + i);
        return { id, envelope: bodyOf(id, this.#options.envelopeBytes ?? 1024) };
      });
      for (;;) {
        const reply = await this.#relays.persist((url) =>
          this.#relays.client.post(url, path, envelopes, right),
        );
        const { results } = decodeCbor(deliverResponseSchema, expect(reply, 200), 4096);
        // A duplicate was stored by a request that had no answer.
        results.forEach((result, i) => {
          if (result !== 'mailbox-full') this.ledger.acknowledge(envelopes[i]!.id);
        });
        if (!results.includes('mailbox-full')) break;
      }
      if (this.#options.isAway) await delay(awaySenderMs);
      else while (this.#isAhead) await turn();
    }
  }

  get #isAhead(): boolean {
    return !this.#isOver && this.ledger.acknowledgedCount - this.ledger.receivedCount > maxWaiting;
  }

  async #receive(): Promise<void> {
    let after: string | undefined;
    for (;;) {
      const isLast = this.#isAllSent;
      const query = new URLSearchParams({ wait: String(isLast ? 0 : pollSeconds), ...(after && { after }) });
      const path = `/v1/events?${query.toString()}`;
      const reply = await this.#relays.persist((url) =>
        this.#relays.client.ask(url, { method: 'GET', path, headers: this.#person.auth }),
      );
      if (reply.status === 401) {
        await this.#signIn(false);
        continue;
      }
      const events = decodeCbor(eventsResponseSchema, expect(reply, 200), maxAnswerBytes);
      if (events.envelopes.length > 0 && randomInt(forgets) === 0) continue;
      for (const { id, envelope } of events.envelopes) this.ledger.receive({ id, body: envelope });
      after = events.cursor;
      if (isLast && events.envelopes.length === 0) return;
    }
  }

  async #signIn(isFirst: boolean): Promise<void> {
    await this.#relays.persist(async (url) => {
      const there = new Person(origin, this.#options.name, 1, undefined, url);
      try {
        if (isFirst) await there.register();
        await there.signIn();
        if (isFirst) await there.setCapability(this.#capability);
      } catch {
        return { status: 503, bytes: Buffer.alloc(0), code: 'not signed in' };
      }
      this.#person.bearer = there.bearer;
      return { status: 200, bytes: Buffer.alloc(0), code: undefined };
    });
  }
}

/** @throws Error for another status: that is no answer that a client gets here */
export function expect({ status, code, bytes }: Reply, wanted: number): Buffer {
  if (status !== wanted) throw new Error(`answered with ${status} ${code ?? ''}`);
  return bytes;
}

export function turn(): Promise<void> {
  return delay(5);
}
