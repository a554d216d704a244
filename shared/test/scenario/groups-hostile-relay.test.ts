import assert from 'node:assert/strict';
import { equalBytes, toHex } from '@crypt2chat/shared/bytes';
import { decodeCbor, encodeCbor } from '@crypt2chat/shared/cbor';
import { systemRandomness as randomness } from '@crypt2chat/shared/primitives';
import { groupLinkRequestSchema, groupMessagesRequestSchema } from '@crypt2chat/shared/wire';
import type { GroupEntry } from '../../src/engine/relay-client.ts';
import type { Device, Line } from '../schedules/device.ts';
import {
  Crew,
  eventsOf,
  groupAt,
  losing,
  messagesOf,
  peopleOf,
  record,
  remove,
  say,
  showing,
  standing,
  textsOf,
} from './crew.ts';
import { Intruder } from './intruder.ts';

const honest: Line = (_request, pass) => pass();

describe('a relay that lies to a group', function () {
  this.timeout(120_000);
  let crew: Crew;
  let alice: Device;
  let bob: Device;
  let carol: Device;
  beforeEach(async () => {
    crew = await Crew.of('alice', 'bob', 'carol');
    [alice, bob, carol] = ['alice', 'bob', 'carol'].map((name) => crew.named(name)) as [
      Device,
      Device,
      Device,
    ];
  });
  afterEach(() => crew.close());

  /** All of them are in one epoch of one log, and talk. */
  async function talkOn(text: string, devices: readonly Device[] = crew.devices): Promise<void> {
    say(devices[0]!, text);
    await crew.settle();
    for (const device of devices) {
      assert.equal(standing(device), 'ready', device.name);
      assert.equal(toHex(groupAt(device).head.hash), toHex(groupAt(devices[0]!).head.hash), device.name);
      assert.ok(textsOf(device).includes(text), device.name);
    }
  }

  /** Once, `made` stands behind what the device has read. */
  function inventing(device: Device, made: Pick<GroupEntry, 'link' | 'opens' | 'entry'>): void {
    let isShown = false;
    device.line = showing((events) => {
      if (isShown) return events;
      isShown = true;
      const { place } = record(device);
      const entry = { ...made, place: place + 1, id: randomness.bytes(16), epoch: groupAt(device).epoch };
      return { ...events, status: 'ok', entries: [entry], more: true };
    });
  }

  for (const opens of [false, true])
    it(`changes nothing by a link that nobody signed, ${opens ? 'and that opens an epoch' : 'of no epoch'}`, async () => {
      inventing(bob, { link: true, opens, entry: randomness.bytes(700) });
      say(alice, 'an entry');
      await crew.round([alice, bob]);
      assert.equal(standing(bob), opens ? 'stuck' : 'ready');
      await crew.settle();
      await talkOn('after all');
      // What stood in its place is missing where the epoch was not read again from its beginning, and that shows.
      assert.equal(textsOf(bob).includes('an entry'), opens);
      assert.equal(eventsOf(bob).includes('differs'), !opens);
      assert.deepEqual(peopleOf(bob), ['alice', 'bob', 'carol']);
      assert.ok(equalBytes(groupAt(bob).group, groupAt(alice).group), 'nobody went on in another group');
    });

  it('is found out where it hides a removal, and nothing is sent to the removed one meanwhile', async () => {
    const state = new Intruder(await bob.copy());
    const { place } = record(carol);
    carol.line = showing((events) => ({
      ...events,
      entries: events.entries.filter((entry) => entry.place <= place),
      more: false,
    }));
    remove(alice, bob);
    await crew.settle([alice, bob, carol], 16);
    assert.equal(record(carol).trouble, 'ERR_GROUP_WITHHELD');
    say(carol, 'for the others');
    await crew.settle();
    assert.equal(messagesOf(carol).at(-1)?.state, 'pending');
    assert.ok(!textsOf(alice).includes('for the others'));
    carol.line = honest;
    await crew.settle();
    await talkOn('after all', [alice, carol]);
    assert.deepEqual(textsOf(alice), ['for the others', 'after all']);
    assert.equal(record(carol).trouble, undefined);
    assert.deepEqual(state.open(crew.tape, groupAt(alice).speakers).texts, []);
    state.close();
  });

  it('keeps nobody out for good by losing shares and hiding links', async () => {
    const { place } = record(carol);
    alice.line = losing(carol);
    carol.line = showing((events) => ({
      ...events,
      entries: events.entries.filter((entry) => entry.place <= place),
      more: false,
    }));
    alice.rotate();
    await crew.settle();
    say(bob, 'carol misses this');
    await crew.settle();
    alice.rotate();
    await crew.settle();
    say(bob, 'and this');
    await crew.settle();
    assert.deepEqual(textsOf(carol), []);
    alice.line = honest;
    carol.line = honest;
    await crew.settle(crew.devices, 8);
    await talkOn('after all');
    assert.deepEqual(textsOf(carol), ['carol misses this', 'and this', 'after all']);
    assert.ok(!eventsOf(carol).includes('lost'));
  });

  it('is found out by the next message where it hides one and closes the gap', async () => {
    let hidden: number | undefined;
    bob.line = showing((events) => {
      hidden ??= events.entries.find(({ link }) => !link)?.place;
      const entries = events.entries
        .filter(({ place }) => place !== hidden)
        .map((entry) => ({
          ...entry,
          place: hidden !== undefined && entry.place > hidden ? entry.place - 1 : entry.place,
        }));
      return { ...events, entries };
    });
    say(alice, 'bob does not see this');
    await crew.settle();
    assert.deepEqual(textsOf(bob), []);
    say(carol, 'carol has read it');
    await crew.settle();
    assert.deepEqual(textsOf(bob), ['carol has read it']);
    assert.ok(eventsOf(bob).includes('differs'));
    assert.ok(!eventsOf(alice).includes('differs'));
  });

  it('is found out where it leaves a gap', async () => {
    let hidden: number | undefined;
    bob.line = showing((events) => {
      hidden ??= events.entries.find(({ link }) => !link)?.place;
      return { ...events, entries: events.entries.filter(({ place }) => place !== hidden) };
    });
    say(alice, 'bob does not see this');
    await crew.settle();
    say(carol, 'carol has read it');
    await crew.settle();
    assert.ok(eventsOf(bob).includes('lost'));
    bob.line = honest;
    alice.rotate();
    await crew.settle();
    await talkOn('after all');
  });

  it('is found out where it shows entries in another order', async () => {
    let places: number[] | undefined;
    bob.line = showing((events) => {
      if (!places && events.entries.length > 1) places = events.entries.slice(0, 2).map(({ place }) => place);
      if (!places) return { ...events, entries: [], more: false };
      const [first, second] = places;
      const swapped = (place: number) => (place === first ? second! : place === second ? first! : place);
      const entries = events.entries.map((entry) => ({ ...entry, place: swapped(entry.place) }));
      return { ...events, entries: entries.sort((a, b) => a.place - b.place) };
    });
    say(alice, 'one');
    await crew.settle();
    say(carol, 'two');
    await crew.settle();
    await crew.settle();
    assert.ok(eventsOf(bob).includes('differs'));
    // Their counters say in which order they were written, whatever the relay says.
    assert.deepEqual(textsOf(bob), ['one', 'two']);
  });

  it('has nothing shown twice, in whatever epoch it shows it again', async () => {
    say(alice, 'once');
    await crew.settle();
    const { entry } = crew.tape.entries.at(-1)!;
    bob.line = showing((events) => ({ ...events, entries: events.entries.flatMap((each) => [each, each]) }));
    say(alice, 'twice');
    await crew.settle();
    assert.deepEqual(textsOf(bob), ['once', 'twice']);
    inventing(bob, { link: false, opens: false, entry });
    say(alice, 'three times');
    await crew.settle();
    assert.deepEqual(textsOf(bob).filter((text) => text === 'once').length, 1);
    bob.line = honest;
    alice.rotate();
    await crew.settle();
    inventing(bob, { link: false, opens: false, entry });
    say(alice, 'news');
    await crew.settle();
    assert.equal(textsOf(bob).filter((text) => text === 'once').length, 1);
    assert.ok(textsOf(bob).includes('(tampered)'));
    await talkOn('after all');
  });

  it('is found out where it lets two halves go on from one link by different ones', async () => {
    const { place } = record(bob);
    let branch: GroupEntry | undefined;
    bob.line = async (request, pass) => {
      const answer = (body: Uint8Array) => ({ status: 200, body });
      if (request.url.endsWith('/links') && request.body) {
        const { id, epoch, entry } = decodeCbor(groupLinkRequestSchema, request.body, 2_000_000);
        branch = { place: place + 1, id, epoch, entry, link: true, opens: true };
        return answer(encodeCbor({ place: place + 1 }));
      }
      if (request.url.endsWith('/messages') && request.body) {
        const { entries } = decodeCbor(groupMessagesRequestSchema, request.body, 2_000_000);
        return answer(encodeCbor({ places: entries.map((_, i) => place + 2 + i) }));
      }
      if (!request.url.includes('/v1/groups/events')) return pass();
      const entries = branch ? [{ ...branch }] : [];
      const groups = [{ id: groupAt(bob).group, status: 'ok', entries, ephemeral: [], more: false }];
      return answer(encodeCbor({ groups }));
    };
    bob.rotate();
    await crew.settle([bob]);
    alice.rotate();
    await crew.settle();
    assert.equal(groupAt(bob).epoch, groupAt(alice).epoch);
    assert.notEqual(toHex(groupAt(bob).head.hash), toHex(groupAt(alice).head.hash));
    say(bob, 'to nobody');
    say(alice, 'not to bob');
    await crew.settle();
    assert.ok(!textsOf(alice).includes('to nobody') && !textsOf(bob).includes('not to bob'));
    // What the two halves hand each other for the next epoch gives it away.
    alice.rotate();
    await crew.settle(crew.devices, 20);
    assert.equal(record(bob).trouble, 'ERR_GROUP_WITHHELD');
    assert.ok(eventsOf(alice).includes('differs'));
  });
});
