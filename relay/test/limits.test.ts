import assert from 'node:assert/strict';
import { manualClock } from '@crypt2chat/shared/testing';
import { RateLimit } from '../src/middleware/index.ts';
import { Refusal } from '../src/refusal.ts';
import type { Config, RunningRelay } from '../src/testing.ts';
import { entry, Group, read } from './support/groups.ts';
import { type Answer, ask, askJson, assertRefused, Person } from './support/people.ts';
import { Bench } from './support/relay.ts';

describe('rate limits', () => {
  it('give out so many at once and so many in the time, each key for itself', () => {
    const clock = manualClock();
    const limit = new RateLimit(clock, 3, 60_000);
    const isTaken = (key: string): boolean => {
      try {
        limit.take(key);
        return true;
      } catch (error) {
        assert.ok(error instanceof Refusal);
        assert.equal(error.code, 'ERR_RATE_LIMITED');
        return false;
      }
    };
    assert.deepEqual(
      [1, 2, 3, 4].map(() => isTaken('a')),
      [true, true, true, false],
    );
    assert.equal(isTaken('b'), true);
    clock.advance(19_999);
    assert.equal(isTaken('a'), false);
    clock.advance(1);
    assert.deepEqual([isTaken('a'), isTaken('a')], [true, false]);
    clock.advance(3_600_000);
    assert.deepEqual(
      [1, 2, 3, 4].map(() => isTaken('a')),
      [true, true, true, false],
    );
    const none = new RateLimit(clock, 0, 1);
    for (let i = 0; i < 100; i++) none.take('a');
  });

  it('say when to come again, and keep no more buckets than they may', () => {
    const clock = manualClock();
    const limit = new RateLimit(clock, 1, 60_000);
    limit.take('first');
    assert.throws(
      () => limit.take('first'),
      (error) => error instanceof Refusal && error.retryAfterSeconds === 60,
    );
    for (let i = 0; i < 100_000; i++) limit.take(`other ${i}`);
    // The oldest was forgotten, so it is full again.
    limit.take('first');
  });

  describe('of the relay', () => {
    let bench: Bench;
    beforeEach(() => {
      bench = new Bench();
    });
    afterEach(() => bench.end());

    function start(rates: Partial<Config['rates']>, more: Partial<Config> = {}): Promise<RunningRelay> {
      return bench.start({ config: { ...more, rates } });
    }

    function assertLimited(answer: Answer): void {
      assertRefused(answer, 'ERR_RATE_LIMITED');
      assert.ok(Number(answer.headers.get('retry-after')) >= 1);
    }

    it('hold for an address, but not for who watches over the relay', async () => {
      const relay = await start({ requestsPerMinutePerAddress: 2 });
      const about = (headers = {}) => ask(relay.origin, 'GET', '/v1/about', { headers });
      assert.equal((await about()).status, 200);
      assert.equal((await about({ 'x-forwarded-for': '192.0.2.1' })).status, 200);
      assertLimited(await about({ 'x-forwarded-for': '192.0.2.2' }));
      assert.equal((await ask(relay.origin, 'GET', '/healthz')).status, 200);
      bench.clock.advance(30_000);
      assert.equal((await about()).status, 200);
    });

    it('hold behind proxies for the address that the outermost saw, and for the network of IPv6', async () => {
      const relay = await start({ requestsPerMinutePerAddress: 1 }, { trustedProxies: 2 });
      const from = (forwarded: string) =>
        ask(relay.origin, 'GET', '/v1/about', { headers: { 'x-forwarded-for': forwarded } });
      assert.equal((await from('192.0.2.1, 10.0.0.1')).status, 200);
      assertLimited(await from('203.0.113.9, 192.0.2.1, 10.0.0.2'));
      assert.equal((await from('192.0.2.2, 10.0.0.1')).status, 200);
      assert.equal((await from('2001:db8:0:1::5, 10.0.0.1')).status, 200);
      assertLimited(await from('2001:db8::1:1:2:3:4, 10.0.0.1'));
      assert.equal((await from('2001:db8:0:2::5, 10.0.0.1')).status, 200);
    });

    it('hold for an account, over all its requests', async () => {
      const relay = await start({ requestsPerMinutePerAccount: 3 });
      const alice = await bench.person(relay, 'alice');
      const bob = await bench.person(relay, 'bob');
      for (let i = 0; i < 3; i++) assert.equal((await alice.poll({ wait: 0 })).status, 200);
      assertLimited(await alice.poll({ wait: 0 }));
      assert.equal((await bob.poll({ wait: 0 })).status, 200);
      bench.clock.advance(20_000);
      assert.equal((await alice.poll({ wait: 0 })).status, 200);
    });

    it('hold for what makes the relay check signatures', async () => {
      const relay = await start({ registrationsPerHourPerAddress: 1, signInsPerMinutePerAddress: 1 });
      const alice = await bench.person(relay, 'alice');
      assertLimited(await new Person(relay.origin, 'bob', bench.clock.now()).register());
      assertLimited(await alice.answerChallenge(await alice.challenge()));
      assertLimited(await alice.appendLink(alice.links[0]!));
      bench.clock.advance(3_600_000);
      assert.equal((await new Person(relay.origin, 'bob', bench.clock.now()).register()).status, 201);
    });

    it('hold for who tries out names, and not for who asks by id', async () => {
      const relay = await start({ nameLookupsPerHourPerAddress: 2 });
      const alice = await bench.person(relay, 'alice');
      const lookUp = (name: string) => ask(relay.origin, 'GET', `/v1/accounts/${name}`);
      assert.equal((await lookUp('alice')).status, 200);
      assertRefused(await lookUp('nobody'), 'ERR_ACCOUNT_UNKNOWN');
      assertLimited(await lookUp('alice'));
      assert.equal((await lookUp(alice.accountId)).status, 200);
      bench.clock.advance(30 * 60_000);
      assert.equal((await lookUp('alice')).status, 200);
    });

    it('hold for claims: all of an account, and those of one other', async () => {
      const relay = await start({ claimsPerHourPerAccount: 3, claimsPerHourPerTarget: 2 });
      const alice = await bench.person(relay, 'alice');
      const bob = await bench.person(relay, 'bob');
      const carol = await bench.person(relay, 'carol');
      for (const person of [bob, carol]) await person.putPrekeys(person.prekeysBody(5, 0).body);
      for (let i = 0; i < 2; i++) assert.equal((await alice.claim(bob.accountId)).status, 200);
      assertLimited(await alice.claim(bob.accountId));
      assertLimited(await alice.claim(carol.accountId));
      assert.equal((await carol.claim(bob.accountId)).status, 200);
      const count = await ask(relay.origin, 'GET', '/v1/device/prekeys/count', { headers: bob.auth });
      assert.deepEqual(count.json, { oneTimePrekeys: 2, oneTimeKemKeys: 0 });
    });

    it('hold for new groups, and for the requests of a group, those of former members apart', async () => {
      const relay = await start({ groupsPerHourPerAccount: 2, requestsPerMinutePerGroup: 3 });
      const alice = await bench.person(relay, 'alice');
      const bob = await bench.person(relay, 'bob');
      const [one, two, three] = ['one', 'two', 'three'].map((name) => new Group(relay.origin, name));
      for (const group of [one!, two!]) assert.equal((await group.create(alice)).status, 201);
      assertLimited(await three!.create(alice));
      assert.equal((await three!.create(bob)).status, 201);

      assert.equal((await one!.close(1, 0)).status, 200);
      // Who was removed cannot use up what the members have.
      for (let i = 0; i < 2; i++) assertRefused(await one!.post([entry(9)]), 'ERR_EPOCH_STALE');
      assertLimited(await one!.post([entry(9)]));
      for (let i = 0; i < 3; i++) assertRefused(await one!.post([entry(9)], 5, 5), 'ERR_ACCESS_INVALID');
      await one!.messages([2, 3], 1);
      await one!.askWelcome(1);
      assert.equal((await one!.ephemeral(new Uint8Array(1), 1)).status, 202);
      assertLimited(await one!.post([entry(4)], 1));
      assert.deepEqual(await two!.messages([1]), [1]);
      assert.deepEqual(await read({ group: one!, epoch: 1 }), [2, 3]);
      bench.clock.advance(20_000);
      assert.deepEqual(await one!.messages([4], 1), [4]);
    });

    it('come before the body is read', async () => {
      const relay = await start({ requestsPerMinutePerAddress: 1 });
      await askJson(relay.origin, 'POST', '/v1/challenges', {});
      assertLimited(await askJson(relay.origin, 'POST', '/v1/challenges', 'x'.repeat(100_000)));
    });
  });
});
