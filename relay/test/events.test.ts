import assert from 'node:assert/strict';
import { cpSync, rmSync } from 'node:fs';
import fc from 'fast-check';
import { fromBase64url, toBase64url } from '@crypt2chat/shared/bytes';
import type { RunningRelay } from '../src/testing.ts';
import {
  ask,
  askCbor,
  assertRefused,
  envelope,
  type Person,
  parseEvents,
  resultsOf,
} from './support/people.ts';
import { withCapability } from './support/people.ts';
import { Bench, isOnPostgres, until } from './support/relay.ts';

const capability = new Uint8Array(32).fill(7);

describe('events', () => {
  let bench: Bench;
  let relay: RunningRelay;
  let alice: Person;
  let bob: Person;

  beforeEach(async () => {
    bench = new Bench();
    relay = await bench.start({ config: { waitingPolls: 2 } });
    alice = await bench.person(relay, 'alice');
    bob = await bench.person(relay, 'bob');
    await bob.setCapability(capability);
  });
  afterEach(() => bench.end());

  const toBob = async (...ids: number[]) =>
    resultsOf(
      await askCbor(
        relay.origin,
        `/v1/mailboxes/${bob.deviceId}`,
        ids.map((id) => envelope(id)),
        withCapability(capability),
      ),
    );
  const untilWaiting = (count: number) => until(() => relay.waitingPolls() === count, `${count} polls wait`);
  const ids = (events: { envelopes: readonly { id: Uint8Array }[] }) =>
    events.envelopes.map(({ id }) => new DataView(id.buffer, id.byteOffset).getUint32(0));

  it('come from the oldest without a cursor, and stay until one acknowledges them', async () => {
    await toBob(1, 2);
    const first = await bob.events({ wait: 1 });
    assert.deepEqual(ids(first), [1, 2]);
    assert.deepEqual(ids(await bob.events({ wait: 1 })), [1, 2]);
    await toBob(3);
    assert.deepEqual(ids(await bob.events({ after: first.cursor, wait: 1 })), [3]);
    // An old cursor deletes nothing more; nothing before it comes back.
    assert.deepEqual(ids(await bob.events({ after: first.cursor })), [3]);
    assert.deepEqual(ids(await bob.events()), [3]);
  });

  it('are deleted for good once acknowledged, also by a poll that waits on', async () => {
    await toBob(1);
    const { cursor } = await bob.events();
    const waiting = bob.poll({ after: cursor, wait: 55 });
    await untilWaiting(1);
    const { port } = relay;
    await relay.stop();
    parseEvents(await waiting);
    relay = await bench.start({ port });
    assert.deepEqual(ids(await bob.events({ wait: 0 })), []);
  });

  const withFolder = isOnPostgres ? () => undefined : it;
  withFolder('are not lost to a cursor from before the relay was set back to a backup', async () => {
    const { port } = relay;
    await toBob(1);
    const before = await bob.events();
    await relay.stop();
    cpSync(bench.folder, `${bench.folder}.backup`, { recursive: true });
    try {
      relay = await bench.start({ port });
      bench.clock.advance(1000);
      await toBob(2, 3);
      const { cursor } = await bob.events({ after: before.cursor });
      await relay.stop();
      rmSync(bench.folder, { recursive: true });
      cpSync(`${bench.folder}.backup`, bench.folder, { recursive: true });
      relay = await bench.start({ port });
      bench.clock.advance(1000);
      await toBob(4);
      assert.deepEqual(ids(await bob.events({ after: cursor })), [4]);
    } finally {
      rmSync(`${bench.folder}.backup`, { recursive: true });
    }
  });

  it('come in answers of at most 64, and say whether there are more', async () => {
    await toBob(...Array.from({ length: 60 }, (_, i) => i));
    await toBob(...Array.from({ length: 10 }, (_, i) => 60 + i));
    const first = await bob.events();
    assert.equal(first.envelopes.length, 64);
    assert.equal(first.more, true);
    const rest = await bob.events({ after: first.cursor });
    assert.deepEqual(ids(rest), [64, 65, 66, 67, 68, 69]);
    assert.equal(rest.more, false);
  });

  it('answer a waiting poll at once when something comes, and are never cached', async () => {
    const waiting = bob.poll({ wait: 55 });
    await untilWaiting(1);
    await toBob(1);
    const answer = await waiting;
    assert.equal(answer.headers.get('cache-control'), 'no-store');
    assert.equal(answer.headers.get('content-type'), 'application/cbor');
    assert.deepEqual(ids(parseEvents(answer)), [1]);
    assert.equal(relay.waitingPolls(), 0);
  });

  it('answer empty when the time is over: 25 seconds unless said otherwise', async () => {
    const { timers } = bench.clock;
    for (const [wait, seconds] of [
      [undefined, 25],
      [1, 1],
      [55, 55],
    ] as const) {
      let isAnswered = false;
      const waiting = bob.events(wait === undefined ? {} : { wait }).finally(() => (isAnswered = true));
      await untilWaiting(1);
      bench.clock.advance(seconds * 1000 - 1);
      await bob.setCapability(capability);
      assert.equal(isAnswered, false);
      bench.clock.advance(1);
      assert.deepEqual(ids(await waiting), []);
    }
    assert.deepEqual(ids(await bob.events({ wait: 0 })), []);
    await until(() => bench.clock.timers === timers, 'the polls leave no timer behind');
  });

  it('keep the cursor that an empty answer gives good', async () => {
    const empty = await bob.events({ wait: 0 });
    await toBob(1);
    assert.deepEqual(ids(await bob.events({ after: empty.cursor })), [1]);
  });

  it('refuse a wait or a query of another form', async () => {
    for (const query of [
      'wait=56',
      'wait=-1',
      'wait=1.5',
      'wait=',
      'wait=1&wait=1',
      'since=1',
      'after=a&after=b',
    ]) {
      const answer = await ask(relay.origin, 'GET', `/v1/events?${query}`, { headers: bob.auth });
      assertRefused(answer, 'ERR_REQUEST_INVALID');
    }
  });

  it('refuse a cursor that was not issued to this device, and then delete nothing', async () => {
    await toBob(1, 2);
    const { cursor } = await bob.events();
    const forge = (change: (bytes: Uint8Array) => void): string => {
      const bytes = fromBase64url(cursor);
      change(bytes);
      return toBase64url(bytes);
    };
    const forged = [
      'x',
      '',
      `${cursor}A`,
      cursor.slice(0, -2),
      forge((bytes) => (bytes[7] = 200)),
      forge((bytes) => (bytes[0] = 255)),
      forge((bytes) => (bytes[23]! ^= 1)),
    ];
    for (const after of forged) assertRefused(await bob.poll({ after, wait: 0 }), 'ERR_CURSOR_INVALID');
    assertRefused(await alice.poll({ after: cursor, wait: 0 }), 'ERR_CURSOR_INVALID');
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 40 }), async (bytes) => {
        assertRefused(await bob.poll({ after: toBase64url(bytes), wait: 0 }), 'ERR_CURSOR_INVALID');
      }),
      { numRuns: 50 },
    );
    assert.deepEqual(ids(await bob.events()), [1, 2]);
  });

  it('end the older poll of a device when a newer one comes', async () => {
    const older = bob.poll({ wait: 55 });
    await untilWaiting(1);
    const newer = bob.poll({ wait: 55 });
    assert.deepEqual(ids(parseEvents(await older)), []);
    await untilWaiting(1);
    await toBob(1);
    assert.deepEqual(ids(parseEvents(await newer)), [1]);
  });

  it('bound the polls that wait, but not those that are answered at once', async () => {
    const carol = await bench.person(relay, 'carol');
    const polls = [alice.poll({ wait: 55 }), carol.poll({ wait: 55 })];
    await untilWaiting(2);
    const refused = await bob.poll({ wait: 55 });
    assertRefused(refused, 'ERR_POLLS_EXHAUSTED');
    assert.ok(Number(refused.headers.get('retry-after')) >= 1);
    await toBob(1);
    assert.deepEqual(ids(await bob.events({ wait: 55 })), [1]);
    bench.clock.advance(55_000);
    await Promise.all(polls);
    assert.equal(relay.waitingPolls(), 0);
  });

  it('let go of a poll whose client has gone', async () => {
    const controller = new AbortController();
    const poll = bob.poll({ wait: 55 }, controller.signal);
    await untilWaiting(1);
    controller.abort();
    await assert.rejects(poll);
    await untilWaiting(0);
    await toBob(1);
    assert.deepEqual(ids(await bob.events()), [1]);
  });

  it('answer waiting polls when the relay stops', async () => {
    const polls = [alice.poll({ wait: 55 }), bob.poll({ wait: 55 })];
    await untilWaiting(2);
    const begin = Date.now();
    await relay.stop();
    assert.ok(Date.now() - begin < 4000);
    for (const poll of polls) assert.deepEqual(ids(parseEvents(await poll)), []);
  });
});
