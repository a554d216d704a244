/** What follows over HTTP from what the operator does to accounts. */
import assert from 'node:assert/strict';
import { generateDevice } from '@crypt2chat/shared/identity';
import { seededRandomness } from '@crypt2chat/shared/testing';
import type { RunningRelay } from '../src/testing.ts';
import {
  ask,
  askCbor,
  assertRefused,
  envelope,
  Person,
  resultsOf,
  withCapability,
} from './support/people.ts';
import { Bench, until } from './support/relay.ts';

const capability = new Uint8Array(32).fill(7);

describe('accounts and their operator', () => {
  let bench: Bench;
  let relay: RunningRelay;
  let alice: Person;
  let bob: Person;

  beforeEach(async () => {
    bench = new Bench();
    relay = await bench.start({ config: { bytesPerAccount: 10_000 } });
    alice = await bench.person(relay, 'alice');
    bob = await bench.person(relay, 'bob');
    await bob.setCapability(capability);
  });
  afterEach(() => bench.end());

  const toBob = (id: number, size?: number) =>
    askCbor(relay.origin, `/v1/mailboxes/${bob.deviceId}`, [envelope(id, size)], withCapability(capability));

  it('a blocked account’s bearers and waiting polls end at once', async () => {
    const poll = bob.poll({ wait: 55 });
    await until(() => relay.waitingPolls() === 1, 'the poll waits');
    await relay.store.setBlocked(bob.identity.accountId, true);
    assertRefused(await poll, 'ERR_ACCOUNT_BLOCKED');
    assertRefused(await bob.poll({ wait: 0 }), 'ERR_UNAUTHENTICATED');
    assert.equal((await alice.poll({ wait: 0 })).status, 200);
  });

  it('a blocked account cannot sign in, write as a stranger, or change its log', async () => {
    await relay.store.setBlocked(bob.identity.accountId, true);
    assertRefused(await bob.answerChallenge(await bob.challenge()), 'ERR_ACCOUNT_BLOCKED');
    assertRefused(await bob.appendLink(bob.links[0]!), 'ERR_ACCOUNT_BLOCKED');
    const register = await bob.register();
    assert.equal(register.status, 200, 'it is there already');
  });

  it('others still find it, and what they send waits until it is unblocked', async () => {
    await relay.store.setBlocked(bob.identity.accountId, true);
    assert.equal((await ask(relay.origin, 'GET', '/v1/accounts/bob')).status, 200);
    assert.deepEqual(resultsOf(await toBob(1)), ['stored']);
    await relay.store.setBlocked(bob.identity.accountId, false);
    await bob.signIn();
    assert.equal((await bob.events({ wait: 0 })).envelopes.length, 1);
  });

  it('what waits for an account is bounded, and there is room again once it is fetched', async () => {
    assert.deepEqual(resultsOf(await toBob(1, 6000)), ['stored']);
    assert.deepEqual(resultsOf(await toBob(2, 6000)), ['mailbox-full']);
    assert.deepEqual(resultsOf(await toBob(3, 4000)), ['stored']);
    const { cursor } = await bob.events({ wait: 0 });
    await bob.events({ wait: 0, after: cursor });
    assert.deepEqual(resultsOf(await toBob(2, 6000)), ['stored']);
  });

  it('a deleted account is gone at once, and may begin again with what it was', async () => {
    const { links } = bob;
    const second = generateDevice(seededRandomness('another device'));
    const other = new Person(relay.origin, 'bob', bench.clock.now(), { secrets: second, of: bob });
    assert.equal((await bob.appendLink(other.links[1]!)).status, 201);
    const poll = bob.poll({ wait: 55 });
    await until(() => relay.waitingPolls() === 1, 'the poll waits');
    await relay.store.deleteAccount(bob.identity.accountId);
    assertRefused(await poll, 'ERR_DEVICE_REVOKED');
    assertRefused(await bob.poll({ wait: 0 }), 'ERR_UNAUTHENTICATED');
    assertRefused(await toBob(1), 'ERR_MAILBOX_UNKNOWN');
    assertRefused(await ask(relay.origin, 'GET', '/v1/accounts/bob'), 'ERR_ACCOUNT_UNKNOWN');
    assert.equal((await bob.register()).status, 201);
    // The relay has forgotten the second link, too, although it had verified it.
    assert.equal((await bob.appendLink(links[1]!)).status, 201);
    assert.equal((await relay.store.accountByName('bob'))?.links.length, 2);
  });
});
