/** Authors who append to a group's log at the same time, two who open its epochs, and a reader. */
import { setTimeout as delay } from 'node:timers/promises';
import { toUtf8 } from '@crypt2chat/shared/bytes';
import { decodeCbor } from '@crypt2chat/shared/cbor';
import {
  groupEventsResponseSchema,
  groupLinkResponseSchema,
  groupMessagesResponseSchema,
} from '@crypt2chat/shared/wire';
import { Group } from '../support/groups.ts';
import { Person } from '../support/people.ts';
import { bodyOf, idOf, Ledger } from './ledger.ts';
import { expect, turn } from './mailboxes.ts';
import { origin, type Relays } from './relays.ts';

const maxAnswerBytes = 6 * 1024 * 1024;
const pollSeconds = 5;
const committers = 2;
/** Above the numbers of those who write messages. */
const firstCommitter = 1000;
/** So many entries come into an epoch before somebody opens the next. */
const perEpoch = 12;
const maxUnread = 1500;
const awayAuthorMs = 60;

export interface LogOptions {
  readonly name: string;
  /** How many entries each author puts into one request; one author for each. */
  readonly batches: readonly number[];
  readonly entryBytes?: number;
  /** The reader comes at the end only, and the authors take their time. */
  readonly isAway?: boolean;
}

export class Log {
  readonly ledger = new Ledger();
  readonly #relays: Relays;
  readonly #options: LogOptions;
  readonly #group: Group;
  /** As far as anybody knows. */
  #epoch = 0;
  /** How many answers said that somebody had opened an epoch; more than one for an epoch would be a fork. */
  readonly #winners = new Map<number, number>();
  #isOver = false;
  #isAllSent = false;
  #work: Promise<unknown>[] = [];

  constructor(relays: Relays, options: LogOptions) {
    this.#relays = relays;
    this.#options = options;
    this.#group = new Group('', options.name);
  }

  /** Epochs that were opened. */
  get epochs(): number {
    return this.#winners.size;
  }

  /** Epochs that more than one were told to have opened. */
  get forks(): number {
    return [...this.#winners.values()].filter((count) => count > 1).length;
  }

  async open(): Promise<void> {
    const { origin: url } = this.#relays.running[0]!;
    const founder = new Person(origin, `founder.of.${this.#options.name}`, 1, undefined, url);
    await founder.register();
    await founder.signIn();
    const { client } = this.#relays;
    const body = { id: this.#group.id, accessHash: this.#group.accessHash(0), welcome: toUtf8('welcome') };
    expect(await client.post(url, '/v1/groups', body, founder.auth), 201);
  }

  begin(): void {
    const authors = this.#options.batches.map((count, author) => this.#write(author, count));
    const openers = Array.from({ length: committers }, (_, i) => this.#commit(firstCommitter + i));
    const reader = this.#options.isAway ? new Promise(() => undefined) : this.#read();
    this.#work = [...authors, ...openers, reader];
    for (const part of this.#work) part.catch(() => undefined);
  }

  async end(): Promise<void> {
    this.#isOver = true;
    const reader = this.#work.pop();
    await Promise.all(this.#work);
    this.#isAllSent = true;
    await (this.#options.isAway ? this.#read() : reader);
  }

  async #write(author: number, count: number): Promise<void> {
    for (let nth = 0; !this.#isOver; nth += count) {
      const entries = Array.from({ length: count }, (_, i) => {
        const id = idOf(author, nth + i);
        return { id, entry: bodyOf(id, this.#options.entryBytes ?? 512) };
      });
      for (;;) {
        const epoch = this.#epoch;
        const body = { epoch, entries };
        const reply = await this.#post('messages', body, epoch);
        if (reply.code === 'ERR_EPOCH_STALE') {
          await turn();
          continue;
        }
        const { places } = decodeCbor(groupMessagesResponseSchema, expect(reply, 200), 4096);
        places.forEach((place, i) => this.ledger.acknowledge(entries[i]!.id, place));
        break;
      }
      if (this.#options.isAway) await delay(awayAuthorMs);
      else while (this.#isAhead) await turn();
    }
  }

  get #isAhead(): boolean {
    return !this.#isOver && this.ledger.acknowledgedCount - this.ledger.receivedCount > maxUnread;
  }

  /** Opens one epoch after the other, in a race with the other one who does. */
  async #commit(author: number): Promise<void> {
    for (let nth = 0; ; nth += 1) {
      const enough = this.ledger.acknowledgedCount + perEpoch;
      while (this.ledger.acknowledgedCount < enough && !this.#isOver) await turn();
      if (this.#isOver) return;
      const id = idOf(author, nth);
      const epoch = this.#epoch;
      const opens = { accessHash: this.#group.accessHash(epoch + 1) };
      const body = { epoch, links: epoch, id, entry: bodyOf(id, 700), opens };
      const reply = await this.#post('links', body, epoch);
      if (reply.code === 'ERR_EPOCH_STALE') continue;
      const { place } = decodeCbor(groupLinkResponseSchema, expect(reply, 200), 64);
      this.ledger.acknowledge(id, place);
      this.#winners.set(epoch, (this.#winners.get(epoch) ?? 0) + 1);
      this.#epoch = Math.max(this.#epoch, epoch + 1);
    }
  }

  #post(what: 'messages' | 'links', body: Parameters<Relays['client']['post']>[2], epoch: number) {
    const { client } = this.#relays;
    const right = this.#group.right(epoch);
    return this.#relays.persist((url) => client.post(url, this.#group.path(what), body, right));
  }

  async #read(): Promise<void> {
    let after = 0;
    for (let epoch = 0; ;) {
      const isLast = this.#isAllSent;
      const groups = [{ id: this.#group.id, access: this.#group.secret(epoch), after }];
      const path = `/v1/groups/events?wait=${isLast ? 0 : pollSeconds}`;
      const reply = await this.#relays.persist((url) => this.#relays.client.post(url, path, { groups }));
      const [found] = decodeCbor(groupEventsResponseSchema, expect(reply, 200), maxAnswerBytes).groups;
      for (const { id, entry, place, opens } of found?.entries ?? []) {
        this.ledger.receive({ id, body: entry }, place);
        after = place;
        if (opens) epoch += 1;
      }
      if (found !== undefined && found.status !== 'ok') throw new Error(`the log is ${found.status}`);
      if (isLast && found === undefined) return;
    }
  }
}
