import assert from 'node:assert/strict';
import { toBase64url } from '@crypt2chat/shared/bytes';
import { type CborValue, encodeCbor } from '@crypt2chat/shared/cbor';
import { limits } from '@crypt2chat/shared/wire';
import type { RunningRelay } from '../src/testing.ts';
import { entry, Group, parseGroupEvents, placeOf, placesOf, pollGroups, read } from './support/groups.ts';
import { ask, askCbor, assertRefused, type Person, withCapability } from './support/people.ts';
import { Bench } from './support/relay.ts';

describe('groups', () => {
  let bench: Bench;
  let relay: RunningRelay;
  let alice: Person;
  let group: Group;

  beforeEach(async () => {
    bench = new Bench();
    relay = await bench.start({ config: { entriesPerGroup: 70 } });
    alice = await bench.person(relay, 'alice');
    group = new Group(relay.origin);
  });
  afterEach(() => bench.end());

  const begin = async () => assert.equal((await group.create(alice)).status, 201);

  it('begin with a session, once', async () => {
    const unsigned = await askCbor(relay.origin, '/v1/groups', {});
    assertRefused(unsigned, 'ERR_UNAUTHENTICATED');
    const first = await group.create(alice);
    assert.equal(first.status, 201);
    assert.deepEqual(first.bytes, encodeCbor({}));
    assert.equal((await group.create(alice)).status, 200);
    // Whoever asks: the group does not know who began it.
    const bob = await bench.person(relay, 'bob');
    assert.equal((await group.create(bob)).status, 200);
    const other = { id: group.id, accessHash: group.accessHash(1), welcome: new Uint8Array(1) };
    assertRefused(await askCbor(relay.origin, '/v1/groups', other, alice.auth), 'ERR_GROUP_EXISTS');
  });

  it('have a welcome for each epoch that came with one', async () => {
    const large = new Uint8Array(limits.groupWelcomeBytes).fill(3);
    await group.create(alice, large);
    assert.deepEqual(await group.welcome(0), { epoch: 0, place: 0, links: 0, welcome: large });
    assert.equal((await group.askWelcome(0)).headers.get('cache-control'), 'no-store');
    await group.messages([1, 2]);
    await group.close(3, 0, 0, new Uint8Array(10).fill(4));
    await group.close(4, 1);
    assert.deepEqual(await group.welcome(1), {
      epoch: 1,
      place: 3,
      links: 1,
      welcome: new Uint8Array(10).fill(4),
    });
    assert.deepEqual(await group.welcome(2), { epoch: 2, place: 4, links: 2 });
    assertRefused(await group.askWelcome(3), 'ERR_ACCESS_INVALID');
  });

  it('give places to messages and links in the order in which they came', async () => {
    await begin();
    const first = await group.post([entry(1), entry(2, limits.envelopeBytes), entry(3, 0)]);
    assert.equal(first.headers.get('content-type'), 'application/cbor');
    assert.deepEqual(placesOf(first), [1, 2, 3]);
    assert.equal(placeOf(await group.link(4, { entry: new Uint8Array(limits.groupLinkBytes) })), 4);
    assert.equal(placeOf(await group.close(5, 0, 1)), 5);
    assert.deepEqual(await group.messages([6], 1), [6]);
  });

  it('keep an entry that comes again in its place, in whatever epoch', async () => {
    await begin();
    await group.messages([1, 2]);
    await group.close(3, 0);
    assert.deepEqual(await group.messages([2, 1]), [2, 1]);
    assert.deepEqual(await group.messages([1], 1), [1]);
    assert.equal(placeOf(await group.close(3, 0)), 3);
    assertRefused(await group.post([entry(1), entry(9)]), 'ERR_EPOCH_STALE');
    assertRefused(await group.post([entry(1), entry(9)], 0, 1), 'ERR_EPOCH_STALE');
    assert.deepEqual(await group.messages([1, 9], 1), [1, 4]);
  });

  it('let one of many who open an epoch win; the others are late, and what they write is in order', async () => {
    await begin();
    let links = 0;
    for (let epoch = 0; epoch < 4; epoch++) {
      const answers = await Promise.all(
        Array.from({ length: 12 }, (_, i) =>
          i % 2 === 0
            ? group.close(1000 * epoch + i, epoch, links)
            : group.post([entry(1000 * epoch + i)], epoch),
        ),
      );
      const closed = answers.filter((answer, i) => i % 2 === 0 && answer.status === 200);
      assert.equal(closed.length, 1);
      for (const answer of answers) if (answer.status !== 200) assertRefused(answer, 'ERR_EPOCH_STALE');
      links += 1;
    }
  });

  it('refuse a link for another epoch or another number of links, and a secret that they have had', async () => {
    await begin();
    assertRefused(await group.link(1, { links: 1 }), 'ERR_EPOCH_STALE');
    assertRefused(await group.link(1, { epoch: 1 }, 0), 'ERR_EPOCH_STALE');
    const again = { accessHash: group.accessHash(0) };
    assertRefused(await group.link(1, { opens: again }), 'ERR_REQUEST_INVALID');
    await group.close(1, 0);
    assertRefused(await group.link(2, { epoch: 1, links: 1, opens: again }), 'ERR_REQUEST_INVALID');
    assertRefused(await group.link(2, { epoch: 1, links: 0 }), 'ERR_EPOCH_STALE');
    assert.equal(placeOf(await group.link(2, { epoch: 1, links: 1 })), 2);
  });

  it('take nothing from who was removed', async () => {
    await begin();
    await group.close(1, 0);
    await group.close(2, 1);
    for (const removed of [0, 1]) {
      for (const epoch of [0, 1, 2, 3]) {
        assertRefused(await group.post([entry(9)], epoch, removed), 'ERR_EPOCH_STALE');
        assertRefused(await group.link(9, { epoch, links: 2 }, removed), 'ERR_EPOCH_STALE');
      }
      assertRefused(await group.ephemeral(new Uint8Array(1), removed), 'ERR_EPOCH_STALE');
    }
    assert.deepEqual(await group.messages([9], 2), [3]);
  });

  it('are full of messages for all of a request, and not for links', async () => {
    await begin();
    await group.messages(Array.from({ length: 64 }, (_, i) => i));
    assertRefused(await group.post(Array.from({ length: 7 }, (_, i) => entry(100 + i))), 'ERR_GROUP_FULL');
    assert.deepEqual(await group.messages([100, 101, 102, 103, 104, 105]), [65, 66, 67, 68, 69, 70]);
    assertRefused(await group.post([entry(106)]), 'ERR_GROUP_FULL');
    assert.deepEqual(await group.messages([105]), [70]);
    for (let i = 0; i < 70; i++) assert.equal(placeOf(await group.link(200 + i, { links: i })), 71 + i);
    assertRefused(await group.link(300, { links: 70 }), 'ERR_GROUP_FULL');
  });

  it('are known to nobody without an access secret, which stands alone', async () => {
    const requests: [string, string, CborValue | undefined][] = [
      ['POST', 'messages', { epoch: 0, entries: [entry(1)] }],
      ['POST', 'links', { epoch: 0, links: 0, ...entry(1) }],
      ['POST', 'ephemeral', { envelope: new Uint8Array(1) }],
      ['GET', 'welcome', undefined],
    ];
    const asked = async (headers: Record<string, string>, code: Parameters<typeof assertRefused>[1]) => {
      for (const [method, path, body] of requests) {
        const answer =
          body === undefined
            ? await ask(relay.origin, method, group.path(path), { headers })
            : await askCbor(relay.origin, group.path(path), body, headers);
        assertRefused(answer, code);
      }
    };
    await asked(group.right(0), 'ERR_GROUP_UNKNOWN');
    await begin();
    await asked({}, 'ERR_ACCESS_INVALID');
    await asked(group.right(1), 'ERR_ACCESS_INVALID');
    await asked({ 'group-access': toBase64url(group.secret(0).subarray(1)) }, 'ERR_ACCESS_INVALID');
    await asked({ 'group-access': '!' }, 'ERR_ACCESS_INVALID');
    // Its hash, which is what the relay keeps, is not the secret.
    await asked({ 'group-access': toBase64url(group.accessHash(0)) }, 'ERR_ACCESS_INVALID');
    await asked({ ...group.right(0), ...alice.auth }, 'ERR_REQUEST_INVALID');
    await asked({ ...group.right(0), ...withCapability(new Uint8Array(32)) }, 'ERR_REQUEST_INVALID');
    const both = { ...alice.auth, ...group.right(0) };
    assertRefused(await askCbor(relay.origin, '/v1/groups', {}, both), 'ERR_REQUEST_INVALID');
    assertRefused(
      await ask(relay.origin, 'GET', '/v1/events?wait=0', { headers: both }),
      'ERR_REQUEST_INVALID',
    );
    const mailbox = `/v1/mailboxes/${alice.deviceId}`;
    const capable = { ...withCapability(new Uint8Array(32)), ...group.right(0) };
    assertRefused(await askCbor(relay.origin, mailbox, [], capable), 'ERR_REQUEST_INVALID');
    assert.deepEqual(await group.messages([1]), [1]);
  });

  it('pass ephemeral envelopes without a trace', async () => {
    await begin();
    const answer = await group.ephemeral(new Uint8Array(limits.ephemeralBytes));
    assert.equal(answer.status, 202);
    assert.equal(answer.bytes.length, 0);
    assert.deepEqual(await group.messages([1]), [1]);
  });

  it('keep links for good, and forget messages and welcomes when their time is over', async () => {
    await begin();
    await group.messages([1, 2]);
    await group.close(3, 0, 0, new Uint8Array(10));
    await group.messages([4], 1);
    const days = (count: number) => bench.advance(count * 24 * 3_600_000);
    await days(29);
    assert.deepEqual(await read({ group }), [1, 2, 'closing 3']);
    await group.messages([5], 1);
    await days(2);
    await group.messages([5], 1);
    // The sweep comes ten minutes after the last.
    await bench.advance(10 * 60_000);
    await group.messages([6], 1);
    const [old] = parseGroupEvents(await pollGroups([{ group }]));
    assert.deepEqual(
      old?.entries.map(({ place, link }) => [place, link]),
      [[3, true]],
    );
    const [found] = parseGroupEvents(await pollGroups([{ group, epoch: 1 }]));
    // A gap, by which members can tell that something is missing.
    assert.deepEqual(
      found?.entries.map(({ place }) => place),
      [5, 6],
    );
    // Its id was forgotten with the message; a link's never is.
    assert.deepEqual(await group.messages([4], 1), [7]);
    assert.equal(placeOf(await group.close(3, 0)), 3);
  });

  it('are the same after a restart', async () => {
    await group.create(alice, new Uint8Array(100).fill(1));
    await group.messages([1]);
    await group.close(2, 0, 0, new Uint8Array(100).fill(2));
    await group.messages([3], 1);
    const { port } = relay;
    await relay.stop();
    relay = await bench.start({ port });
    assert.deepEqual(await group.welcome(1), {
      epoch: 1,
      place: 2,
      links: 1,
      welcome: new Uint8Array(100).fill(2),
    });
    assert.deepEqual(await read({ group }), [1, 'closing 2']);
    assert.deepEqual(await group.messages([1, 3, 4], 1), [1, 3, 4]);
    assertRefused(await group.post([entry(5)]), 'ERR_EPOCH_STALE');
    assert.deepEqual(await read({ group, epoch: 1 }), [3, 4]);
  });

  describe('refuse requests of another form', () => {
    beforeEach(begin);
    const bytes = (size: number) => new Uint8Array(size);

    it('that begin a group', async () => {
      const good = { id: bytes(32), accessHash: bytes(32), welcome: bytes(1) };
      const wrong: CborValue[] = [
        { ...good, id: bytes(31) },
        { ...good, accessHash: bytes(33) },
        { ...good, welcome: bytes(limits.groupWelcomeBytes + 1) },
        { ...good, welcome: 'text' },
        { ...good, member: alice.username },
        { id: good.id, accessHash: good.accessHash },
        [],
      ];
      for (const body of wrong)
        assertRefused(await askCbor(relay.origin, '/v1/groups', body, alice.auth), 'ERR_REQUEST_INVALID');
      const large = { ...good, welcome: bytes(limits.groupWelcomeBytes + 1024) };
      assertRefused(await askCbor(relay.origin, '/v1/groups', large, alice.auth), 'ERR_TOO_LARGE');
    });

    it('that write messages', async () => {
      const many = Array.from({ length: limits.envelopesPerBatch + 1 }, (_, i) => entry(i));
      const wrong: CborValue[] = [
        { epoch: 0, entries: [] },
        { epoch: 0, entries: many },
        { epoch: -1, entries: [entry(1)] },
        { entries: [entry(1)] },
        { epoch: 0, entries: [entry(1, limits.envelopeBytes + 1)] },
        { epoch: 0, entries: [{ ...entry(1), id: bytes(15) }] },
        { epoch: 0, entries: [{ ...entry(1), sender: alice.username }] },
        null,
      ];
      for (const body of wrong) {
        const answer = await askCbor(relay.origin, group.path('messages'), body, group.right(0));
        assertRefused(answer, 'ERR_REQUEST_INVALID');
      }
      const tooLarge = Array.from({ length: 64 }, (_, i) => entry(i, limits.envelopeBytes));
      assertRefused(await group.post(tooLarge), 'ERR_TOO_LARGE');
      assert.deepEqual(await read({ group }), []);
    });

    it('that write a link', async () => {
      const good = { epoch: 0, links: 0, ...entry(1) };
      const accessHash = group.accessHash(1);
      const wrong: CborValue[] = [
        { ...good, entry: bytes(limits.groupLinkBytes + 1) },
        { ...good, id: bytes(17) },
        { ...good, links: -1 },
        { ...good, opens: {} },
        { ...good, opens: { accessHash: bytes(31) } },
        { ...good, opens: { accessHash, welcome: bytes(limits.groupWelcomeBytes + 1) } },
        { ...good, opens: { accessHash, members: 3 } },
        { ...good, opens: null },
      ];
      for (const body of wrong) {
        const answer = await askCbor(relay.origin, group.path('links'), body, group.right(0));
        assertRefused(answer, 'ERR_REQUEST_INVALID');
      }
      const largest = {
        ...good,
        entry: bytes(limits.groupLinkBytes),
        opens: { accessHash, welcome: bytes(limits.groupWelcomeBytes) },
      };
      assert.equal(placeOf(await askCbor(relay.origin, group.path('links'), largest, group.right(0))), 1);
    });

    it('that pass something, or name no group', async () => {
      assertRefused(await group.ephemeral(bytes(limits.ephemeralBytes + 1)), 'ERR_REQUEST_INVALID');
      assertRefused(await group.ephemeral(bytes(limits.ephemeralBytes + 1000)), 'ERR_TOO_LARGE');
      for (const path of ['/v1/groups/x/messages', `/v1/groups/${toBase64url(bytes(31))}/messages`])
        assertRefused(await askCbor(relay.origin, path, {}, group.right(0)), 'ERR_REQUEST_INVALID');
    });
  });
});
