/** Several relay processes on one PostgreSQL, and clients that go to whichever of them answers. */
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { type Answer, askCbor, envelope, parseEvents, Person, resultsOf, withCapability } from './people.ts';
import { entry, Group, namesOf, parseGroupEvents, placesOf, pollGroups } from './groups.ts';
import { type RelayProcess, startProcess } from './process.ts';

export const origin = 'https://relay.example';
export const capability = new Uint8Array(32).fill(7);

/** How long a client tries before it gives up; a restart of the server takes some seconds. */
const giveUpMs = 60_000;
const betweenTriesMs = 20;

export class Fleet {
  readonly #env: Record<string, string>;
  /** Those that take requests. */
  readonly relays: RelayProcess[] = [];

  constructor(databaseUrl: string) {
    this.#env = { DATABASE_URL: databaseUrl, CRYPT2CHAT_ORIGIN: origin, CRYPT2CHAT_METRICS: 'on' };
  }

  async start(count: number): Promise<void> {
    const env = this.#env;
    this.relays.push(...(await Promise.all(Array.from({ length: count }, () => startProcess({ env })))));
  }

  /** @returns the exit code. */
  async end(relay: RelayProcess, signal: NodeJS.Signals): Promise<number | null> {
    this.relays.splice(this.relays.indexOf(relay), 1);
    return relay.end(signal);
  }

  async stop(): Promise<void> {
    await Promise.all(this.relays.splice(0).map((relay) => relay.end('SIGTERM')));
  }

  /** Somebody who is registered, and signed in at the first relay or at this one. */
  async person(name: string, relay = this.relays[0]!): Promise<Person> {
    const person = new Person(origin, name, 1, undefined, relay.origin);
    const { status } = await person.register();
    assert.ok(status === 201 || status === 200);
    await person.signIn();
    return person;
  }

  /** The same person, whose session every process knows, at another relay. */
  at(relay: RelayProcess, person: Person): Person {
    const there = new Person(origin, person.username, 1, undefined, relay.origin);
    there.bearer = person.bearer;
    return there;
  }

  /**
   * What a client gets that goes on to the next relay where one is gone or has a fault of its own.
   * @param refused gets each answer that made it go on.
   */
  async persist(
    nth: number,
    act: (relay: RelayProcess) => Promise<Answer>,
    refused: (answer: Answer) => void = () => undefined,
  ): Promise<Answer> {
    const end = Date.now() + giveUpMs;
    for (let attempt = nth; ; attempt++) {
      const relay = this.relays[attempt % Math.max(1, this.relays.length)];
      try {
        if (relay !== undefined) {
          const answer = await act(relay);
          if (answer.status < 500) return answer;
          refused(answer);
        }
      } catch (error) {
        // fetch says with a TypeError that the connection failed.
        if (!(error instanceof TypeError)) throw error;
      }
      assert.ok(Date.now() < end, 'nobody answers any more');
      await delay(betweenTriesMs);
    }
  }
}

/**
 * Senders who put numbered envelopes into a mailbox and numbered entries into a group's log, each one after the other,
 * by any relay; a receiver who fetches and acknowledges the mailbox, by any relay; a reader of the log.
 */
export class Load {
  /** What was answered with success, in order, for each sender. */
  readonly stored: number[][];
  /** What came out of the mailbox, in order of arrival, each once. */
  readonly received: number[] = [];
  readonly readInGroup: (number | string)[] = [];
  readonly refusals: Answer[] = [];
  readonly #fleet: Fleet;
  readonly #bob: Person;
  readonly #senders: Promise<unknown>;
  readonly #receivers: Promise<unknown>;
  #isOver = false;
  /** The senders have come to an end. */
  #isAllSent = false;

  constructor(fleet: Fleet, bob: Person, senders = 6) {
    this.#fleet = fleet;
    this.#bob = bob;
    this.stored = Array.from({ length: senders }, () => []);
    this.#senders = Promise.all(this.stored.map((_, sender) => this.#send(sender)));
    this.#receivers = Promise.all([this.#receive(), this.#readGroup()]);
  }

  get storedCount(): number {
    return this.stored.reduce((sum, { length }) => sum + length, 0);
  }

  /** Ends the senders, and then the receivers once they have everything. */
  async end(): Promise<void> {
    this.#isOver = true;
    await this.#senders;
    this.#isAllSent = true;
    await this.#receivers;
  }

  /** Asserts that nothing was lost, nothing came twice, and each sender's order was kept. */
  assertWhole(): void {
    const all = this.stored.flat();
    const sorted = (numbers: readonly number[]) => [...numbers].sort((a, b) => a - b);
    assert.deepEqual(sorted(this.received), sorted(all));
    assert.deepEqual(sorted(this.readInGroup as number[]), sorted(all));
    for (const sent of this.stored) {
      const isOfSender = (number: number | string) => sent.includes(number as number);
      assert.deepEqual(this.received.filter(isOfSender), sent);
      assert.deepEqual(this.readInGroup.filter(isOfSender), sent);
    }
  }

  async #send(sender: number): Promise<void> {
    const refused = (answer: Answer) => this.refusals.push(answer);
    const path = `/v1/mailboxes/${this.#bob.deviceId}`;
    for (let i = 0; !this.#isOver; i++) {
      const number = 1 + sender * 100_000 + i;
      const put = await this.#fleet.persist(
        number,
        (relay) => askCbor(relay.origin, path, [envelope(number, 1024)], withCapability(capability)),
        refused,
      );
      // A duplicate was stored by a request that had no answer.
      assert.ok(['stored', 'duplicate'].includes(resultsOf(put)[0]!));
      const posted = await this.#fleet.persist(
        number + 1,
        (relay) => new Group(relay.origin).post([entry(number)]),
        refused,
      );
      placesOf(posted);
      this.stored[sender]!.push(number);
    }
  }

  async #receive(): Promise<void> {
    let after: string | undefined;
    const seen = new Set<number>();
    for (let i = 0; ; i++) {
      const isLast = this.#isAllSent;
      const query = { wait: isLast ? 0 : 2, ...(after !== undefined && { after }) };
      const answer = await this.#fleet.persist(i, (relay) => this.#fleet.at(relay, this.#bob).poll(query));
      const { envelopes, cursor } = parseEvents(answer);
      after = cursor;
      for (const { id } of envelopes) {
        const number = new DataView(id.buffer, id.byteOffset).getUint32(0);
        // An answer that was lost is given again, before it is acknowledged.
        if (!seen.has(number)) this.received.push(number);
        seen.add(number);
      }
      if (isLast && envelopes.length === 0) return;
    }
  }

  async #readGroup(): Promise<void> {
    for (let i = 0; ; i++) {
      const isLast = this.#isAllSent;
      const after = this.readInGroup.length;
      const answer = await this.#fleet.persist(i, (relay) =>
        pollGroups([{ group: new Group(relay.origin), after }], isLast ? 0 : 2),
      );
      const [found] = parseGroupEvents(answer);
      // Places follow each other without gaps.
      for (const [nth, { place }] of (found?.entries ?? []).entries()) assert.equal(place, after + nth + 1);
      if (found !== undefined) this.readInGroup.push(...namesOf(found));
      if (isLast && found === undefined) return;
    }
  }
}
