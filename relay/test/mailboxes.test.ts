import assert from 'node:assert/strict';
import { limits } from '@crypt2chat/shared/wire';
import type { RunningRelay } from '../src/testing.ts';
import { askCbor, askJson, assertRefused, envelope, type Person } from './support/people.ts';
import { parseEvents, resultsOf, withCapability } from './support/people.ts';
import { Bench, until } from './support/relay.ts';

const capability = new Uint8Array(32).fill(7);
const otherCapability = new Uint8Array(32).fill(8);

describe('mailboxes', () => {
  let bench: Bench;
  let relay: RunningRelay;
  let alice: Person;
  let bob: Person;

  beforeEach(async () => {
    bench = new Bench();
    relay = await bench.start({ config: { envelopesPerMailbox: 70 } });
    alice = await bench.person(relay, 'alice');
    bob = await bench.person(relay, 'bob');
  });
  afterEach(() => bench.end());

  type Envelopes = readonly ReturnType<typeof envelope>[];
  const toBob = (envelopes: Envelopes, headers = withCapability(capability)) =>
    askCbor(relay.origin, `/v1/mailboxes/${bob.deviceId}`, [...envelopes], headers);
  /** So many days and a sweep later. The bearers of before are over. */
  const afterDays = async (days: number) => {
    await bench.advance(days * 24 * 3_600_000);
    await bench.advance(10 * 60_000);
    await bob.signIn();
  };
  const waiting = async () => (await bob.events({ wait: 0 })).envelopes;

  it('take envelopes from who has the capability, as they are', async () => {
    await bob.setCapability(capability);
    const sent = [envelope(1), envelope(2, limits.envelopeBytes), envelope(3, 0)];
    const answer = await toBob(sent);
    assert.equal(answer.headers.get('content-type'), 'application/cbor');
    assert.deepEqual(resultsOf(answer), ['stored', 'stored', 'stored']);
    assert.deepEqual(await waiting(), sent);
  });

  it('take envelopes from strangers who have a session', async () => {
    assert.deepEqual(resultsOf(await toBob([envelope(1)], alice.auth)), ['stored']);
    assert.deepEqual(await waiting(), [envelope(1)]);
  });

  it('refuse who has no right, or two', async () => {
    // None was set: even zeros are not one.
    assertRefused(await toBob([envelope(1)], withCapability(new Uint8Array(32))), 'ERR_CAPABILITY_INVALID');
    await bob.setCapability(capability);
    assertRefused(await toBob([envelope(1)], withCapability(otherCapability)), 'ERR_CAPABILITY_INVALID');
    assertRefused(await toBob([envelope(1)], withCapability(capability.slice(1))), 'ERR_CAPABILITY_INVALID');
    assertRefused(await toBob([envelope(1)], { 'delivery-capability': '!' }), 'ERR_CAPABILITY_INVALID');
    assertRefused(await toBob([envelope(1)], {}), 'ERR_UNAUTHENTICATED');
    assertRefused(
      await toBob([envelope(1)], { ...withCapability(capability), ...alice.auth }),
      'ERR_REQUEST_INVALID',
    );
    const path = `/v1/mailboxes/${alice.accountId}`;
    assertRefused(await askCbor(relay.origin, path, [envelope(1)], alice.auth), 'ERR_MAILBOX_UNKNOWN');
    assertRefused(
      await askCbor(relay.origin, '/v1/mailboxes/x', [envelope(1)], alice.auth),
      'ERR_REQUEST_INVALID',
    );
    assert.deepEqual(await waiting(), []);
  });

  it('take the new capability and not the old one after a rotation, also after a restart', async () => {
    await bob.setCapability(capability);
    await bob.setCapability(otherCapability);
    const { port } = relay;
    await relay.stop();
    relay = await bench.start({ port });
    assertRefused(await toBob([envelope(1)]), 'ERR_CAPABILITY_INVALID');
    assert.deepEqual(resultsOf(await toBob([envelope(1)], withCapability(otherCapability))), ['stored']);
    const short = { capabilityHash: 'AAAA' };
    assertRefused(
      await askJson(relay.origin, 'PUT', '/v1/device/capability', short, bob.auth),
      'ERR_REQUEST_INVALID',
    );
  });

  it('take an envelope id once, also after it was acknowledged, until the retention is over', async () => {
    await bob.setCapability(capability);
    assert.deepEqual(resultsOf(await toBob([envelope(1), envelope(1)])), ['stored', 'duplicate']);
    const { cursor } = await bob.events({ wait: 0 });
    await bob.events({ after: cursor, wait: 0 });
    const { port } = relay;
    await relay.stop();
    relay = await bench.start({ port, config: { retentionDays: 2 } });
    assert.deepEqual(resultsOf(await toBob([envelope(1)])), ['duplicate']);
    assert.deepEqual(await waiting(), []);

    await afterDays(2);
    assert.deepEqual(resultsOf(await toBob([envelope(1)])), ['stored']);
  });

  it('forget what nobody fetched when the retention is over', async () => {
    await bob.setCapability(capability);
    await toBob([envelope(1)]);
    await afterDays(29);
    assert.equal((await waiting()).length, 1);
    await toBob([envelope(2)]);
    await afterDays(2);
    assert.deepEqual(await waiting(), [envelope(2)]);
  });

  it('say of each envelope whether there was room', async () => {
    await bob.setCapability(capability);
    const some = Array.from({ length: 64 }, (_, i) => envelope(i));
    resultsOf(await toBob(some));
    const results = resultsOf(
      await toBob([envelope(0), ...Array.from({ length: 8 }, (_, i) => envelope(100 + i))]),
    );
    assert.deepEqual(results, [
      'duplicate',
      ...Array<string>(6).fill('stored'),
      'mailbox-full',
      'mailbox-full',
    ]);
    const { cursor, more } = await bob.events({ wait: 0 });
    assert.equal(more, true);
    await bob.events({ after: cursor, wait: 0 });
    assert.deepEqual(resultsOf(await toBob([envelope(200)])), ['stored']);
  });

  it('refuse batches of another form', async () => {
    await bob.setCapability(capability);
    const many = Array.from({ length: 65 }, (_, i) => envelope(i));
    const wrong = [
      [],
      many,
      [envelope(1, limits.envelopeBytes + 1)],
      [{ ...envelope(1), id: new Uint8Array(15) }],
    ];
    for (const batch of wrong) assertRefused(await toBob(batch), 'ERR_REQUEST_INVALID');
    assertRefused(
      await toBob([{ ...envelope(1), more: 1 } as ReturnType<typeof envelope>]),
      'ERR_REQUEST_INVALID',
    );
    assert.deepEqual(await waiting(), []);
  });

  it('store each of many envelopes that come at once, once', async () => {
    await bob.setCapability(capability);
    const answers = await Promise.all(Array.from({ length: 120 }, (_, i) => toBob([envelope(i % 60)])));
    const results = answers.flatMap((answer) => resultsOf(answer));
    assert.equal(results.filter((result) => result === 'stored').length, 60);
    assert.equal(results.filter((result) => result === 'duplicate').length, 60);
    assert.equal((await waiting()).length, 60);
  });

  describe('ephemeral envelopes', () => {
    const ephemeral = (body: Uint8Array, headers = withCapability(capability)) =>
      askCbor(relay.origin, `/v1/mailboxes/${bob.deviceId}/ephemeral`, { envelope: body }, headers);

    beforeEach(() => bob.setCapability(capability));

    it('go to a waiting poll', async () => {
      const poll = bob.poll({ wait: 55 });
      await until(() => relay.waitingPolls() === 1, 'the poll waits');
      const sent = new Uint8Array(limits.ephemeralBytes).fill(9);
      const answer = await ephemeral(sent);
      assert.equal(answer.status, 202);
      assert.equal(answer.bytes.length, 0);
      const events = parseEvents(await poll);
      assert.deepEqual(events.ephemeral, [sent]);
      assert.deepEqual(events.envelopes, []);
    });

    it('go nowhere when nobody waits', async () => {
      assert.equal((await ephemeral(new Uint8Array(10))).status, 202);
      assert.deepEqual((await bob.events({ wait: 0 })).ephemeral, []);
    });

    it('need the same right as others, and are smaller', async () => {
      assertRefused(
        await ephemeral(new Uint8Array(10), withCapability(otherCapability)),
        'ERR_CAPABILITY_INVALID',
      );
      assertRefused(await ephemeral(new Uint8Array(10), {}), 'ERR_UNAUTHENTICATED');
      assertRefused(await ephemeral(new Uint8Array(limits.ephemeralBytes + 1)), 'ERR_REQUEST_INVALID');
      assertRefused(await ephemeral(new Uint8Array(limits.ephemeralBytes + 100)), 'ERR_TOO_LARGE');
    });
  });
});
