import assert from 'node:assert/strict';
import { addDevice, generateDevice, revokeDevice } from '@crypt2chat/shared/identity';
import { limits } from '@crypt2chat/shared/wire';
import { capability, Fleet, Load } from './support/fleet.ts';
import { Group, namesOf, parseGroupEvents, placeOf, pollGroups, read } from './support/groups.ts';
import {
  ask,
  askCbor,
  assertRefused,
  envelope,
  parseEvents,
  type Person,
  resultsOf,
  withCapability,
} from './support/people.ts';
import { makeSchema, PostgresServer, type Schema } from './support/postgres.ts';
import type { RelayProcess } from './support/process.ts';
import { until } from './support/relay.ts';

const loadTimeoutMs = 60_000;

describe('many relay processes on one PostgreSQL', function () {
  this.timeout(300_000);
  const server = new PostgresServer();
  let schema: Schema;
  let fleet: Fleet;
  let [a, b, c]: RelayProcess[] = [];

  before(() => server.start());
  after(() => server.destroy());

  const begin = async () => {
    schema = await makeSchema(server.url);
    fleet = new Fleet(schema.url);
    await fleet.start(3);
    [a, b, c] = fleet.relays;
  };
  const end = async () => {
    await fleet.stop();
    await schema.drop();
  };

  const at = (relay: RelayProcess | undefined, person: Person): Person => fleet.at(relay!, person);
  const numbersOf = (events: { envelopes: readonly { id: Uint8Array }[] }) =>
    events.envelopes.map(({ id }) => new DataView(id.buffer, id.byteOffset).getUint32(0));

  /** Until the one poll that was sent to a relay waits there. */
  async function untilPollWaits(relay: RelayProcess | undefined): Promise<void> {
    const waits = async () =>
      /^crypt2chat_polls_waiting 1$/m.test(await (await fetch(`${relay!.origin}/metrics`)).text());
    await until(waits, 'a poll waits');
  }

  async function post(
    relay: RelayProcess | undefined,
    to: Person,
    ...numbers: number[]
  ): Promise<readonly string[]> {
    const sent = numbers.map((number) => envelope(number));
    const path = `/v1/mailboxes/${to.deviceId}`;
    return resultsOf(await askCbor(relay!.origin, path, sent, withCapability(capability)));
  }

  async function withMailbox(name: string): Promise<Person> {
    const bob = await fleet.person(name);
    assert.equal((await bob.setCapability(capability)).status, 200);
    return bob;
  }

  describe('all of them well', () => {
    before(begin);
    after(end);

    it('wake a poll that waits at another one, and take its cursors', async () => {
      const bob = await withMailbox('bob1');
      let after: string | undefined;
      for (let number = 1; number <= 6; number++) {
        const [here, there] = [fleet.relays[number % 3], fleet.relays[(number + 1) % 3]];
        const poll = at(here, bob).poll({ wait: 55, ...(after !== undefined && { after }) });
        await untilPollWaits(here);
        assert.deepEqual(await post(there, bob, number), ['stored']);
        // The tests' own fetch gives up after 20 s: long before the poll would look again by itself.
        const events = parseEvents(await poll);
        assert.deepEqual(numbersOf(events), [number]);
        after = events.cursor;
      }
      assert.deepEqual(numbersOf(await at(c, bob).events({ wait: 0, after: after! })), []);
      assert.deepEqual(numbersOf(await at(a, bob).events({ wait: 0 })), [], 'acknowledged for all of them');
    });

    it('store an envelope once, by whichever of them it comes', async () => {
      const bob = await withMailbox('bob2');
      const results = await Promise.all(
        Array.from({ length: 60 }, (_, i) => post(fleet.relays[i % 3], bob, Math.floor(i / 3))),
      );
      assert.equal(results.flat().filter((result) => result === 'stored').length, 20);
      assert.equal((await at(b, bob).events({ wait: 0 })).envelopes.length, 20);
    });

    it('pass ephemeral envelopes of every size to a poll that waits at another one', async () => {
      const bob = await withMailbox('bob3');
      for (const size of [0, 1, limits.ephemeralBytes]) {
        const sent = new Uint8Array(size).fill(9);
        const poll = at(b, bob).poll({ wait: 55 });
        await untilPollWaits(b);
        const path = `/v1/mailboxes/${bob.deviceId}/ephemeral`;
        const answer = await askCbor(a!.origin, path, { envelope: sent }, withCapability(capability));
        assert.equal(answer.status, 202);
        assert.deepEqual(parseEvents(await poll).ephemeral, [sent]);
      }
    });

    it('end the poll of a device at once that is revoked at another one', async () => {
      const bob = await fleet.person('bob4');
      const secrets = generateDevice(bob.randomness);
      const { link, identity } = addDevice(bob.identity, bob.device, secrets, 2);
      assert.equal((await bob.appendLink(link)).status, 201);
      const poll = at(b, bob).poll({ wait: 55 });
      await untilPollWaits(b);
      const revocation = revokeDevice(identity, secrets, bob.deviceIdBytes, 3);
      assert.equal((await at(a, bob).appendLink(revocation.link)).status, 201);
      assertRefused(await poll, 'ERR_DEVICE_REVOKED');
      assertRefused(await at(c, bob).poll({ wait: 0 }), 'ERR_UNAUTHENTICATED');
    });

    it('give each one-time key to one of those who claim it, in all of them at once', async () => {
      const bob = await fleet.person('bob5');
      assert.equal((await bob.putPrekeys(bob.prekeysBody(30, 10).body)).status, 200);
      const alice = await fleet.person('alice', b);
      const claims = await Promise.all(
        Array.from({ length: 30 }, (_, i) => at(fleet.relays[i % 3], alice).claim(bob.accountId)),
      );
      const given = claims.map(({ status, json }) => {
        assert.equal(status, 200);
        return (json as { bundles: { oneTimePrekey?: { id: number }; oneTimeKem?: { id: number } }[] })
          .bundles[0]!;
      });
      const ids = (list: ({ id: number } | undefined)[]) => list.flatMap((one) => one?.id ?? []);
      const prekeys = ids(given.map(({ oneTimePrekey }) => oneTimePrekey));
      const kems = ids(given.map(({ oneTimeKem }) => oneTimeKem));
      assert.deepEqual([prekeys.length, new Set(prekeys).size], [30, 30]);
      assert.deepEqual([kems.length, new Set(kems).size], [10, 10]);
    });

    it('keep one log of a group: one order, one winner of each epoch, and polls that wake', async () => {
      const alice = await fleet.person('alice');
      const [atA, atB, atC] = [a, b, c].map((relay) => new Group(relay!.origin)) as [Group, Group, Group];
      assert.equal((await atA.create(alice)).status, 201);
      assert.deepEqual(await atB.messages([1, 2]), [1, 2]);

      const poll = pollGroups([{ group: atC, after: 2 }], 55);
      await untilPollWaits(c);
      await atA.messages([3]);
      assert.deepEqual(namesOf(parseGroupEvents(await poll)[0]!), [3]);

      for (let epoch = 0; epoch < 4; epoch++) {
        const outcomes = await Promise.all(
          Array.from({ length: 12 }, (_, i) => [atA, atB, atC][i % 3]!.close(1000 + epoch * 100 + i, epoch)),
        );
        const winners = outcomes.filter(({ status }) => status === 200);
        assert.equal(winners.length, 1);
        assert.equal(placeOf(winners[0]!), 4 + epoch);
        for (const loser of outcomes.filter(({ status }) => status !== 200))
          assertRefused(loser, 'ERR_EPOCH_STALE');
      }
      const posts = await Promise.all(
        Array.from({ length: 30 }, (_, i) => [atA, atB, atC][i % 3]!.messages([5000 + (i % 10)], 4)),
      );
      const places = posts.flat();
      assert.deepEqual(
        [...new Set(places)].sort((x, y) => x - y),
        Array.from({ length: 10 }, (_, i) => 8 + i),
      );
      assert.equal((await read({ group: atB, epoch: 4 })).length, 10);
      assert.equal((await atC.ephemeral(new Uint8Array(limits.ephemeralBytes), 4)).status, 202);
    });
  });

  describe('some of them, or the database, gone for a while', () => {
    beforeEach(begin);
    afterEach(end);

    it('lose nothing when one of them is killed', async () => {
      const load = new Load(fleet, await bobWithGroup());
      await until(() => load.storedCount >= 40, 'the load runs', loadTimeoutMs);
      await fleet.end(b!, 'SIGKILL');
      const then = load.storedCount;
      await until(() => load.storedCount >= then + 40, 'the others go on', loadTimeoutMs);
      await fleet.start(1);
      await until(() => load.storedCount >= then + 80, 'a new one joins', loadTimeoutMs);
      await load.end();
      load.assertWhole();
    });

    it('lose nothing when they are restarted one after the other', async () => {
      const load = new Load(fleet, await bobWithGroup());
      for (const relay of [a!, b!, c!]) {
        const then = load.storedCount;
        await fleet.start(1);
        await until(() => load.storedCount >= then + 30, 'the load runs', loadTimeoutMs);
        assert.equal(await fleet.end(relay, 'SIGTERM'), 0);
      }
      await load.end();
      load.assertWhole();
      for (const { code } of load.refusals) assert.equal(code, 'ERR_SHUTTING_DOWN');
    });

    for (const how of ['stop', 'crash'] as const) {
      it(`lose nothing when PostgreSQL is restarted, and polls go on waiting (${how})`, async () => {
        const load = new Load(fleet, await bobWithGroup());
        const carol = await fleet.person('carol');
        await carol.setCapability(capability);
        const poll = at(b, carol).poll({ wait: 55 }, AbortSignal.timeout(loadTimeoutMs));
        await until(() => load.storedCount >= 40, 'the load runs', loadTimeoutMs);

        await server[how]();
        const unready = await ask(a!.origin, 'GET', '/readyz');
        assertRefused(unready, 'ERR_STORAGE_UNAVAILABLE');
        await until(() => load.refusals.length >= 10, 'requests are refused', loadTimeoutMs);
        assert.equal((await ask(a!.origin, 'GET', '/healthz')).status, 200);
        await server.start();

        const then = load.storedCount;
        await until(() => load.storedCount >= then + 40, 'the load goes on', loadTimeoutMs);
        await untilReady();
        assert.deepEqual(await post(c, carol, 1), ['stored']);
        assert.deepEqual(numbersOf(parseEvents(await poll)), [1]);
        await load.end();
        load.assertWhole();
        for (const refusal of load.refusals) {
          assertRefused(refusal, 'ERR_STORAGE_UNAVAILABLE');
          assert.ok(Number(refusal.headers.get('retry-after')) >= 1);
        }
        for (const relay of fleet.relays) {
          const said = relay.lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
          assert.ok(said.includes('the connection that listens to other processes is lost'));
          assert.ok(said.includes('other processes are heard again'));
        }
      });
    }
  });

  async function bobWithGroup(): Promise<Person> {
    const bob = await withMailbox('bob');
    assert.equal((await new Group(a!.origin).create(bob)).status, 201);
    return bob;
  }

  async function untilReady(): Promise<void> {
    const isReady = async ({ origin }: RelayProcess) => (await ask(origin, 'GET', '/readyz')).status === 200;
    await until(async () => (await Promise.all(fleet.relays.map(isReady))).every(Boolean), 'all are ready');
  }
});
