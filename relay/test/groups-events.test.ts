import assert from 'node:assert/strict';
import { toBase64url } from '@crypt2chat/shared/bytes';
import type { CborValue } from '@crypt2chat/shared/cbor';
import { limits } from '@crypt2chat/shared/wire';
import type { RunningRelay } from '../src/testing.ts';
import {
  entry,
  Group,
  type GroupEvents,
  namesOf,
  parseGroupEvents,
  placeOf,
  placesOf,
  pollGroups,
  read,
} from './support/groups.ts';
import { ask, askCbor, assertRefused, parseEvents, type Person } from './support/people.ts';
import { Bench, until } from './support/relay.ts';

describe('events of groups', () => {
  let bench: Bench;
  let relay: RunningRelay;
  let alice: Person;
  let group: Group;
  let other: Group;

  beforeEach(async () => {
    bench = new Bench();
    relay = await bench.start({ config: { waitingPolls: 3 } });
    alice = await bench.person(relay, 'alice');
    [group, other] = [new Group(relay.origin, 'one'), new Group(relay.origin, 'other')];
    for (const one of [group, other]) assert.equal((await one.create(alice)).status, 201);
  });
  afterEach(() => bench.end());

  const untilWaiting = (count: number) => until(() => relay.waitingPolls() === count, `${count} polls wait`);
  const events = async (...args: Parameters<typeof pollGroups>) =>
    parseGroupEvents(await pollGroups(...args));
  const isOf = (found: GroupEvents[number] | undefined, whose: Group) =>
    assert.equal(toBase64url(found!.id), toBase64url(whose.id));

  it('are what stands behind the cursor, as it was written', async () => {
    assert.deepEqual(await read({ group }), []);
    await group.messages([1, 2]);
    await group.link(3);
    const answer = await pollGroups([{ group, after: 1 }]);
    assert.equal(answer.headers.get('cache-control'), 'no-store');
    assert.equal(answer.headers.get('content-type'), 'application/cbor');
    assert.deepEqual(parseGroupEvents(answer), [
      {
        id: group.id,
        status: 'ok',
        entries: [
          { place: 2, ...entry(2), epoch: 0, link: false, opens: false },
          { place: 3, ...entry(3), epoch: 0, link: true, opens: false },
        ],
        ephemeral: [],
        more: false,
      },
    ]);
    // Reading acknowledges nothing: every member reads for themselves.
    assert.deepEqual(await read({ group }), [1, 2, 'link 3']);
  });

  it('are those of one epoch, up to the link that closed it', async () => {
    await group.messages([1]);
    await group.close(2, 0);
    await group.messages([3], 1);
    await group.link(4, { epoch: 1, links: 1 });
    await group.close(5, 1, 2);
    await group.messages([6], 2);
    assert.deepEqual(await read({ group }), [1, 'closing 2']);
    assert.deepEqual(await read({ group, after: 2 }), []);
    assert.deepEqual(await read({ group, epoch: 1 }), [3, 'link 4', 'closing 5']);
    assert.deepEqual(await read({ group, epoch: 1, after: 4 }), ['closing 5']);
    assert.deepEqual(await read({ group, epoch: 2 }), [6]);
  });

  it('come from several groups in one answer, of which those with nothing to say are left out', async () => {
    const quiet = new Group(relay.origin, 'quiet');
    await quiet.create(alice);
    await group.messages([1]);
    await other.messages([2, 3]);
    const found = await events([{ group: other, after: 1 }, { group: quiet }, { group }], 55);
    assert.deepEqual(found.map(namesOf), [[3], [1]]);
    isOf(found[0], other);
    isOf(found[1], group);
  });

  it('say at once of which groups nothing is known, or nothing to be had', async () => {
    const nowhere = new Group(relay.origin, 'nowhere');
    const found = await events([{ group, epoch: 1 }, { group: nowhere }, { group: other }], 55);
    assert.deepEqual(
      found.map(({ status, entries, ephemeral, more }) => [status, entries, ephemeral, more]),
      [
        ['denied', [], [], false],
        ['unknown', [], [], false],
      ],
    );
    isOf(found[0], group);
    isOf(found[1], nowhere);
    await other.messages([1]);
    assert.equal((await events([{ group: nowhere }, { group: other }])).length, 2);
  });

  it('wake a poll, whichever of its groups they are in, and no other poll', async () => {
    const both = events([{ group }, { group: other }], 55);
    const one = events([{ group }], 55);
    await untilWaiting(2);
    await other.messages([1]);
    const [found, ...more] = await both;
    assert.deepEqual(more, []);
    isOf(found, other);
    assert.deepEqual(namesOf(found!), [1]);
    await untilWaiting(1);
    await group.link(2);
    assert.deepEqual((await one).map(namesOf), [['link 2']]);
    assert.equal(relay.waitingPolls(), 0);
  });

  it('wake everybody in a group', async () => {
    const polls = [1, 2, 3].map(() => events([{ group }], 55));
    await untilWaiting(3);
    await group.messages([1, 2]);
    for (const poll of polls) assert.deepEqual((await poll).map(namesOf), [[1, 2]]);
  });

  it('reach who was removed up to the link that did it, and nothing more', async () => {
    const removed = events([{ group }], 55);
    await untilWaiting(1);
    await group.close(1, 0);
    assert.deepEqual((await removed).map(namesOf), [['closing 1']]);

    const again = events([{ group, after: 1 }], 55);
    const member = events([{ group, epoch: 1, after: 1 }], 55);
    await untilWaiting(2);
    await group.ephemeral(new Uint8Array(9), 1);
    await group.messages([2], 1);
    const [told] = await member;
    assert.deepEqual(told?.ephemeral, [new Uint8Array(9)]);
    assert.equal(relay.waitingPolls(), 1);
    bench.clock.advance(55_000);
    assert.deepEqual(await again, []);
    assertRefused(await group.post([entry(3)]), 'ERR_EPOCH_STALE');
  });

  it('come at most 64 of a group and at most 4 MiB in all, and say whether there are more', async () => {
    for (const from of [0, 50]) await group.messages(Array.from({ length: 50 }, (_, i) => from + i));
    const [first] = await events([{ group }], 55);
    assert.deepEqual([first?.entries.length, first?.more], [64, true]);
    const [rest] = await events([{ group, after: 64 }]);
    assert.deepEqual([rest?.entries.length, rest?.more], [36, false]);

    const large = (number: number) => entry(number, limits.envelopeBytes);
    for (const one of [group, other]) {
      for (let i = 0; i < 2; i++)
        placesOf(await one.post(Array.from({ length: 31 }, (_, j) => large(1000 + 100 * i + j))));
    }
    const answer = await pollGroups([{ group, after: 100 }, { group: other }]);
    assert.ok(answer.bytes.length <= 4 * 1024 * 1024);
    const found = parseGroupEvents(answer);
    assert.ok(found.some(({ more }) => more));
    const count = found.reduce((sum, { entries }) => sum + entries.length, 0);
    assert.equal(count, 62);
  });

  it('let the largest entries through, one after the other', async () => {
    const size = limits.groupLinkBytes;
    for (let i = 0; i < 5; i++)
      placeOf(await group.link(i, { links: i, entry: new Uint8Array(size).fill(i) }));
    const places: number[] = [];
    for (let more = true; more;) {
      const [found] = await events([{ group, after: places.at(-1) ?? 0 }]);
      assert.ok(found && found.entries.length > 0);
      for (const { place, entry: bytes } of found.entries) {
        assert.deepEqual(bytes, new Uint8Array(size).fill(place - 1));
        places.push(place);
      }
      more = found.more;
    }
    assert.deepEqual(places, [1, 2, 3, 4, 5]);
  });

  it('let every group be heard beside one that has more than an answer holds', async () => {
    for (let i = 0; i < 3; i++)
      placesOf(
        await group.post(Array.from({ length: 30 }, (_, j) => entry(100 * i + j, limits.envelopeBytes))),
      );
    placesOf(await other.post([entry(1, limits.envelopeBytes)]));
    let isHeard = false;
    for (let polls = 0; polls < 24 && !isHeard; polls++) {
      // A client that is behind for good, as if the large group grew as fast as it reads.
      const found = await events([{ group }, { group: other }]);
      isHeard = found.some((one) => one.entries.length > 0 && toBase64url(one.id) === toBase64url(other.id));
    }
    assert.equal(isHeard, true);
  });

  it('answer empty when the time is over or the relay stops', async () => {
    const { timers } = bench.clock;
    const timed = events([{ group }, { group: other }], 25);
    await untilWaiting(1);
    bench.clock.advance(24_999);
    assert.equal(relay.waitingPolls(), 1);
    bench.clock.advance(1);
    assert.deepEqual(await timed, []);
    await until(() => bench.clock.timers === timers, 'the polls leave no timer behind');
    const stopped = events([{ group }], 55);
    await untilWaiting(1);
    await relay.stop();
    assert.deepEqual(await stopped, []);
  });

  it('share the bound of waiting polls with mailboxes', async () => {
    const polls = [pollGroups([{ group }], 55), pollGroups([{ group: other }], 55), alice.poll({ wait: 55 })];
    await untilWaiting(3);
    const refused = await pollGroups([{ group }], 55);
    assertRefused(refused, 'ERR_POLLS_EXHAUSTED');
    assert.ok(Number(refused.headers.get('retry-after')) >= 1);
    await group.messages([1]);
    assert.deepEqual(await read({ group }), [1]);
    bench.clock.advance(55_000);
    for (const poll of polls) assert.equal((await poll).status, 200);
  });

  it('let go of a poll whose client has gone', async () => {
    const controller = new AbortController();
    const poll = pollGroups([{ group }, { group: other }], 55, controller.signal);
    await untilWaiting(1);
    controller.abort();
    await assert.rejects(poll);
    await untilWaiting(0);
    assert.deepEqual(await group.messages([1]), [1]);
  });

  describe('that are ephemeral', () => {
    it('go to the polls that wait in this epoch, with the group that they are of', async () => {
      const waiting = [1, 2].map(() => events([{ group }, { group: other }], 55));
      await untilWaiting(2);
      const envelope = new Uint8Array(limits.ephemeralBytes).fill(7);
      assert.equal((await other.ephemeral(envelope)).status, 202);
      for (const poll of waiting) {
        const [found, ...more] = await poll;
        assert.deepEqual(more, []);
        isOf(found, other);
        assert.deepEqual([found?.entries, found?.ephemeral, found?.more], [[], [envelope], false]);
      }
    });

    it('go nowhere when nobody waits', async () => {
      assert.equal((await group.ephemeral(new Uint8Array(1))).status, 202);
      assert.deepEqual(await events([{ group }]), []);
      const mailbox = alice.poll({ wait: 1 });
      await untilWaiting(1);
      await group.ephemeral(new Uint8Array(1));
      bench.clock.advance(1000);
      assert.deepEqual(parseEvents(await mailbox).ephemeral, []);
    });
  });

  describe('in requests of another form', () => {
    const post = (body: CborValue, headers = {}, query = 'wait=0') =>
      askCbor(relay.origin, `/v1/groups/events?${query}`, body, headers);
    const one = (number: number) => ({
      id: new Group(relay.origin, `group ${number}`).id,
      access: new Uint8Array(32),
      after: 0,
    });

    it('are refused: too many groups, none, one twice, secrets of another size', async () => {
      const many = Array.from({ length: limits.groupsPerPoll }, (_, i) => one(i));
      const all = parseGroupEvents(await post({ groups: many }));
      assert.deepEqual(new Set(all.map(({ status }) => status)), new Set(['unknown']));
      assert.equal(all.length, limits.groupsPerPoll);
      const wrong: CborValue[] = [
        { groups: [...many, one(1000)] },
        { groups: [] },
        { groups: [one(1), one(2), one(1)] },
        { groups: [{ ...one(1), access: new Uint8Array(31) }] },
        { groups: [{ ...one(1), id: new Uint8Array(33) }] },
        { groups: [{ ...one(1), after: -1 }] },
        { groups: [{ ...one(1), more: 1 }] },
        {},
        [],
      ];
      for (const body of wrong) assertRefused(await post(body), 'ERR_REQUEST_INVALID');
      assertRefused(await post({ groups: [one(1)], more: new Uint8Array(40_000) }), 'ERR_TOO_LARGE');
      for (const query of ['wait=56', 'wait=-1', 'wait=1&wait=1', 'after=1', 'wait=x'])
        assertRefused(await post({ groups: [one(1)] }, {}, query), 'ERR_REQUEST_INVALID');
    });

    it('are refused with a credential beside the secrets', async () => {
      const body = { groups: [one(1)] };
      for (const headers of [
        alice.auth,
        group.right(0),
        { 'delivery-capability': toBase64url(new Uint8Array(32)) },
      ])
        assertRefused(await post(body, headers), 'ERR_REQUEST_INVALID');
      const asJson = { headers: { 'content-type': 'application/json' }, body: '{}' };
      assertRefused(await ask(relay.origin, 'POST', '/v1/groups/events?wait=0', asJson), 'ERR_MEDIA_TYPE');
      assertRefused(await ask(relay.origin, 'GET', '/v1/groups/events?wait=0'), 'ERR_METHOD_NOT_ALLOWED');
    });
  });
});
