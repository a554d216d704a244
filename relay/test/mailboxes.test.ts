import assert from 'node:assert/strict';
import type { RunningRelay } from '../src/testing.ts';
import {
  ask,
  askCbor,
  assertRefused,
  envelope,
  type Person,
  parseEvents,
  resultsOf,
  withCapability,
} from './support/people.ts';
import { Bench, until } from './support/relay.ts';

const capability = new Uint8Array(32).fill(7);

describe('mailboxes and events', () => {
  let bench: Bench;
  let relay: RunningRelay;
  let alice: Person;
  let bob: Person;

  beforeEach(async () => {
    bench = new Bench();
    relay = await bench.start();
    alice = await bench.person(relay, 'alice');
    bob = await bench.person(relay, 'bob');
    assert.equal((await bob.setCapability(capability)).status, 200);
  });
  afterEach(() => bench.end());

  const toBob = (envelopes: readonly ReturnType<typeof envelope>[], headers = withCapability(capability)) =>
    askCbor(relay.origin, `/v1/mailboxes/${bob.deviceId}`, [...envelopes], headers);

  it('keeps an envelope until it is acknowledged', async () => {
    assert.deepEqual(resultsOf(await toBob([envelope(1), envelope(2)])), ['stored', 'stored']);
    const first = await bob.events({ wait: 1 });
    assert.deepEqual(first.envelopes, [envelope(1), envelope(2)]);
    assert.equal(first.more, false);
    const again = await bob.events({ wait: 1 });
    assert.deepEqual(again.envelopes, first.envelopes);
    const waiting = bob.poll({ after: first.cursor, wait: 1 });
    await until(() => relay.waitingPolls() === 1, 'the poll waits');
    bench.clock.advance(1000);
    const empty = parseEvents(await waiting);
    assert.deepEqual(empty.envelopes, []);
    assert.deepEqual((await bob.events({ wait: 0 })).envelopes, []);
  });

  it('answers a waiting poll when something comes', async () => {
    const waiting = bob.poll({ wait: 55 });
    await until(() => relay.waitingPolls() === 1, 'the poll waits');
    resultsOf(await toBob([envelope(1)]));
    const answer = await waiting;
    assert.equal(answer.headers.get('cache-control'), 'no-store');
    assert.deepEqual(parseEvents(answer).envelopes, [envelope(1)]);
    assert.equal(relay.waitingPolls(), 0);
  });

  it('refuses who has no right', async () => {
    assertRefused(await toBob([envelope(1)], withCapability(new Uint8Array(32))), 'ERR_CAPABILITY_INVALID');
    assertRefused(await toBob([envelope(1)], {}), 'ERR_UNAUTHENTICATED');
    assertRefused(
      await toBob([envelope(1)], { ...withCapability(capability), ...alice.auth }),
      'ERR_REQUEST_INVALID',
    );
    assert.deepEqual(resultsOf(await toBob([envelope(1)], alice.auth)), ['stored']);
    assertRefused(await ask(relay.origin, 'GET', '/v1/events'), 'ERR_UNAUTHENTICATED');
  });
});
