import assert from 'node:assert/strict';
import { CodedError, hasCode } from '@crypt2chat/shared/errors';
import { sealGroupMessage, sealLink, rotateGroup } from '@crypt2chat/shared/groups';
import { systemRandomness as randomness } from '@crypt2chat/shared/primitives';
import { encodeGroupContent } from '@crypt2chat/shared/wire';
import { chainKeyOf, chains } from '../../src/engine/group-records.ts';
import type { Device } from '../schedules/device.ts';
import {
  Crew,
  deviceIdOf,
  groupAt,
  messagesOf,
  peopleOf,
  record,
  remove,
  say,
  showing,
  standing,
  textsOf,
  write,
} from './crew.ts';
import { Intruder } from './intruder.ts';

const none = new AbortController().signal;

describe('somebody who was removed from a group', function () {
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

  it('opens nothing that was sent afterwards, with all states that they ever had and everything that the relay has', async () => {
    const states = [new Intruder(await bob.copy())];
    say(alice, 'with bob');
    await crew.settle();
    say(bob, 'from bob');
    await crew.settle();
    states.push(new Intruder(await bob.copy()));
    remove(alice, bob);
    await crew.round([alice]);
    states.push(new Intruder(await bob.copy()));
    await crew.settle();
    assert.equal(standing(bob), 'removed');
    say(carol, 'without bob');
    alice.rotate();
    await crew.settle();
    say(alice, 'long after');
    await crew.settle();
    states.push(new Intruder(await bob.copy()));
    assert.deepEqual(textsOf(alice), ['with bob', 'from bob', 'without bob', 'long after']);
    const opened = states.map((state) => state.open(crew.tape, groupAt(alice).speakers));
    for (const state of states) state.close();
    // That they open what was for them shows that the tries are good ones.
    assert.deepEqual(opened[0]?.texts, ['with bob', 'from bob']);
    for (const { texts, links } of opened) {
      assert.ok(texts.every((text) => text === 'with bob' || text === 'from bob'));
      assert.ok(!links.includes('rotate'));
    }
    assert.deepEqual(opened[0].links, ['remove']);
  });

  it('can neither read nor write at the relay, and reads on up to the link that removed them', async () => {
    const { keys, place, linkCount, id } = record(bob);
    assert.ok(keys);
    const right = { access: keys.access.slice() };
    const before = groupAt(bob);
    remove(alice, bob);
    await crew.settle();
    say(carol, 'without bob');
    await crew.settle();
    const relay = crew.client();
    const [events] = await relay.groupEvents([{ id, ...right, after: 0 }], 0, none);
    const last = events?.entries.at(-1);
    assert.deepEqual([last?.link, last?.opens, last?.place], [true, true, place + 1]);
    const entry = { id: randomness.bytes(16), entry: randomness.bytes(300) };
    for (const epoch of [before.epoch, before.epoch + 1]) {
      await assert.rejects(relay.appendMessages(id, right, epoch, [entry]), refused);
      for (const links of [linkCount, linkCount + 1])
        await assert.rejects(relay.appendGroupLink(id, right, { epoch, links, ...entry }), refused);
    }
    await crew.settle();
    assert.deepEqual(textsOf(alice), ['without bob']);
  });

  it('is not heard where the relay shows their entries all the same', async () => {
    const group = groupAt(bob);
    const { keys } = record(bob);
    const chain = bob.core.vault.get(chains, chainKeyOf(group.group, deviceIdOf(bob)));
    assert.ok(keys && chain);
    const own = { access: keys.access.slice(), header: keys.header.slice(), link: keys.link.slice() };
    remove(alice, bob);
    await crew.settle();
    const name = { group: group.group, epoch: group.epoch, link: group.epochLink };
    const signer = bob.core.deviceOf(bob.core.requireAccount()).sign;
    const content = encodeGroupContent({
      v: 1,
      id: randomness.bytes(16),
      conversation: group.conversation,
      counter: 50,
      sentAt: crew.clock.now(),
      kind: 'text',
      body: { text: 'bob was here' },
    });
    const present = groupAt(alice);
    const now = { group: present.group, epoch: present.epoch, link: present.epochLink };
    const sealing = {
      content,
      chain,
      keys: own,
      seen: { count: 0, hash: present.epochLink },
      signer,
      randomness,
    };
    const opening = {
      signer,
      at: crew.clock.now(),
      counter: 51,
      secret: randomness.bytes(32),
      identities: [],
    };
    const back = rotateGroup(group, { ...opening, seen: sealing.seen });
    const forged = [
      sealGroupMessage({ ...sealing, name }).entry,
      sealGroupMessage({ ...sealing, name: now }).entry,
      sealLink(back.link, own, name, randomness),
      sealLink(back.link, own, now, randomness),
    ];
    let shown = 0;
    carol.line = showing((events) => {
      const at = record(carol).place;
      if (shown > 0) return events;
      shown = forged.length;
      const entries = forged.map((entry, i) => ({
        place: at + 1 + i,
        id: randomness.bytes(16),
        epoch: present.epoch,
        link: i >= 2,
        opens: false,
        entry,
      }));
      return { ...events, status: 'ok', entries, more: true };
    });
    // A relay says nothing of a group without news: there has to be some.
    say(alice, 'an entry');
    await crew.round([alice]);
    await crew.settle();
    assert.equal(shown, forged.length);
    assert.ok(!textsOf(carol).includes('bob was here'));
    assert.deepEqual(peopleOf(carol), ['alice', 'carol']);
    assert.equal(groupAt(carol).length, present.length);
    assert.equal(messagesOf(carol).filter(({ body }) => body.kind === 'unreadable').length, 2);
  });

  it('is given nothing by those who are asked for keys', async () => {
    const { epoch, epochLink: link, group } = groupAt(bob);
    remove(alice, bob);
    await crew.settle();
    const state = new Intruder(await bob.copy());
    const envelopes = crew.tape.envelopes.length;
    const present = groupAt(alice);
    for (const [at, name] of [
      [epoch, link],
      [present.epoch, present.epochLink],
    ] as const)
      for (const lacks of ['keys', 'link'] as const)
        for (const other of [alice, carol])
          write(bob, other, { action: 'need', group, epoch: at, link: name, lacks, serve: true });
    await crew.settle();
    assert.ok(crew.tape.envelopes.length > envelopes, 'they were asked');
    say(alice, 'without bob');
    await crew.settle();
    assert.deepEqual(state.open(crew.tape, present.speakers).texts, []);
    state.close();
  });
});

function refused(error: unknown): boolean {
  assert.ok(error instanceof CodedError);
  return hasCode(error, 'ERR_EPOCH_STALE', 'ERR_ACCESS_INVALID');
}
