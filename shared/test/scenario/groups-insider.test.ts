import assert from 'node:assert/strict';
import { compareBytes, equalBytes, toHex } from '@crypt2chat/shared/bytes';
import { encodeCbor } from '@crypt2chat/shared/cbor';
import { commitTo, extendGroup, type GroupBody } from '@crypt2chat/shared/groups';
import { systemRandomness as randomness } from '@crypt2chat/shared/primitives';
import { loadGroups } from '../../src/engine/group-records.ts';
import type { Device, Line } from '../schedules/device.ts';
import {
  accountOf,
  Crew,
  deviceIdOf,
  eventsOf,
  groupAt,
  keyOf,
  losing,
  messagesOf,
  peopleOf,
  record,
  say,
  standing,
  textsOf,
  write,
} from './crew.ts';
import { Hand } from './hand.ts';

const honest: Line = (_request, pass) => pass();

/** The group that a device has begun or joined in place of `old`. */
function successorAt({ core }: Device, old: Uint8Array): Uint8Array {
  const others = loadGroups(core, 10).filter(({ id }) => !equalBytes(id, old));
  assert.equal(others.length, 1);
  return others[0]!.id;
}

describe('a member who keeps to no rule', function () {
  this.timeout(120_000);
  let crew: Crew;
  let alice: Device;
  let bob: Device;
  let mallory: Device;
  let hand: Hand;
  beforeEach(async () => {
    crew = await Crew.of('alice', 'bob', 'mallory');
    [alice, bob, mallory] = ['alice', 'bob', 'mallory'].map((name) => crew.named(name)) as [
      Device,
      Device,
      Device,
    ];
    hand = new Hand(crew, mallory);
    say(alice, 'the plan');
    await crew.settle();
  });
  afterEach(() => crew.close());

  const planOf = (device: Device) => {
    const plan = messagesOf(device).find(({ body }) => body.kind === 'text' && body.text === 'the plan');
    assert.ok(plan, `${device.name} has lost the plan`);
    return plan;
  };

  async function talkOn(text: string, devices: readonly Device[]): Promise<void> {
    say(devices[0]!, text);
    await crew.settle();
    for (const device of devices) {
      assert.equal(standing(device), 'ready', device.name);
      assert.equal(toHex(groupAt(device).head.hash), toHex(groupAt(devices[0]!).head.hash), device.name);
      assert.ok(textsOf(device).includes(text), device.name);
    }
  }

  /** As `talkOn`, in the successor of the group. */
  async function wentOn(
    old: Uint8Array,
    people: readonly string[],
    devices: readonly Device[],
  ): Promise<void> {
    await crew.settle(crew.devices, 12);
    await talkOn('in another group', devices);
    for (const device of devices) {
      const { group, conversation, continues } = groupAt(device);
      assert.ok(!equalBytes(group, old) && continues && equalBytes(continues.group, old));
      assert.ok(equalBytes(conversation, old), 'it is one conversation');
      assert.deepEqual(peopleOf(device), people);
      assert.deepEqual(textsOf(device), ['the plan', 'in another group']);
    }
  }

  describe('among the messages', () => {
    it('takes none away by saying something else under its id', async () => {
      const { id } = planOf(bob);
      await hand.post(hand.seal(hand.content({ kind: 'text', body: { text: 'not the plan' } }, id)));
      await crew.settle();
      await hand.post(hand.seal(hand.content({ kind: 'leave', body: {} }, id)));
      await crew.settle();
      for (const device of [alice, bob]) {
        planOf(device);
        assert.ok(textsOf(device).includes('not the plan'), 'each is heard');
        assert.ok(eventsOf(device).includes('left'));
      }
    });

    it('takes none away by an entry under its id that nobody can read', async () => {
      const { id } = planOf(bob);
      await hand.post(randomness.bytes(300), id);
      await crew.settle();
      await hand.post(hand.seal(encodeCbor({ v: 1, id: toHex(id) })));
      await crew.settle();
      for (const device of [alice, bob]) {
        planOf(device);
        assert.deepEqual(textsOf(device).sort(), ['(malformed)', '(malformed)', 'the plan']);
      }
      await talkOn('after all', [alice, bob, mallory]);
    });
  });

  it('who hands somebody another secret is noticed, and the keys come from somebody else', async () => {
    mallory.rotate();
    await mallory.step('work');
    const cheat = () => ({ secret: randomness.bytes(32) });
    assert.equal(
      hand.rewrite((letter) => ({ ...letter, ...(letter.action === 'share' && cheat()) }), bob),
      1,
    );
    await crew.round();
    for (let round = 0; standing(bob) !== 'keys-missing' && round < 5; round++) await crew.round();
    assert.equal(standing(bob), 'keys-missing');
    const own = bob.commands.view(keyOf(bob)).members.find((member) => member.own);
    assert.equal(own?.keysMissing, 'ERR_GROUP_KEYS_MISSING');
    for (let round = 0; lackingAt(alice).length === 0 && round < 5; round++) await crew.round([bob, alice]);
    assert.deepEqual(lackingAt(alice), ['bob']);
    await crew.settle(crew.devices, 8);
    assert.deepEqual(lackingAt(alice), []);
    assert.ok(!equalBytes(record(bob).helper ?? accountOf(alice), accountOf(mallory)));
    await talkOn('after all', [alice, bob, mallory]);
  });

  const lackingAt = (device: Device) =>
    device.commands
      .view(keyOf(device))
      .members.flatMap(({ name, keysMissing }) => (keysMissing ? [name] : []));

  describe('who is faster than the honest with keys that are wrong', () => {
    const wrong: Record<string, () => void> = {
      'of no epoch': () => give({ access: randomness.bytes(32) }),
      'of another seal': () => give({ header: randomness.bytes(32), links: randomness.bytes(32) }),
      'and only a link of another branch': () => {
        const link = hand.sign({ type: 'rotate', ...opening(randomness.bytes(32)) });
        write(mallory, bob, { action: 'history', group: groupAt(bob).group, links: [link], messages: [] });
      },
      'of another branch': () => {
        const secret = randomness.bytes(32);
        const link = hand.sign({ type: 'rotate', ...opening(secret) });
        write(mallory, bob, { action: 'history', group: groupAt(bob).group, links: [link], messages: [] });
        const { epoch, epochLink } = extendGroup(groupAt(bob), link);
        give({ access: randomness.bytes(32) }, { epoch, epochLink });
      },
    };

    const opening = (secret: Uint8Array) => ({
      counter: 70,
      commitment: commitTo(secret),
      seen: { count: 0, hash: groupAt(mallory).epochLink },
      identities: [],
    });

    function give(
      keys: { access?: Uint8Array; header?: Uint8Array; links?: Uint8Array },
      { epoch, epochLink: link }: { epoch: number; epochLink: Uint8Array } = groupAt(bob),
    ): void {
      const { access, header, link: links } = hand.keys;
      const devices = crew.devices.map((device) => deviceIdOf(device));
      write(mallory, bob, {
        action: 'keys',
        group: groupAt(bob).group,
        epoch,
        link,
        access,
        header,
        links,
        ...keys,
        chains: devices.map((device) => [device, 0, randomness.bytes(32)]),
      });
    }

    for (const [what, attack] of Object.entries(wrong))
      it(`keeps nobody from getting the true ones: ${what}`, async () => {
        alice.line = losing(bob);
        alice.rotate();
        await crew.settle([alice, mallory]);
        say(alice, 'bob cannot read this yet');
        await crew.settle([alice, mallory]);
        alice.line = honest;
        await bob.step('read');
        assert.equal(standing(bob), 'keys-missing');
        attack();
        await crew.round([mallory, bob]);
        await crew.settle(crew.devices, 16);
        await talkOn('after all', [alice, bob, mallory]);
        assert.deepEqual(textsOf(bob), ['the plan', 'bob cannot read this yet', 'after all']);
        alice.rotate();
        await crew.settle();
        await talkOn('in the next epoch', [alice, bob, mallory]);
      });
  });

  it('gets no answer more often than once a minute', async () => {
    const { group, epoch, epochLink: link } = groupAt(bob);
    for (let i = 0; i < 5; i++)
      write(mallory, alice, { action: 'need', group, epoch, link, lacks: 'keys', serve: true });
    await mallory.step('post');
    await alice.step('mail');
    let given = 0;
    new Hand(crew, alice).rewrite((letter) => {
      if (letter.action === 'keys') given++;
      return letter;
    }, mallory);
    assert.equal(given, 1);
  });

  describe('who opens an epoch that nobody can follow', () => {
    it('by garbage: the others go on in one successor', async () => {
      const { group } = groupAt(alice);
      await hand.open(randomness.bytes(900));
      await wentOn(group, ['alice', 'bob', 'mallory'], [alice, bob]);
    });

    it('by a link that the rules forbid: they go on without whoever signed it', async () => {
      const { group, epochLink } = groupAt(alice);
      const body: GroupBody = {
        type: 'remove',
        counter: 70,
        commitment: randomness.bytes(32),
        seen: { count: 0, hash: epochLink },
        identities: [],
        accounts: [accountOf(alice)],
        left: [],
      };
      await hand.open(hand.sealed(hand.sign(body)));
      await wentOn(group, ['alice', 'bob'], [alice, bob]);
      assert.notEqual(standing(mallory), 'ready');
      assert.ok(!textsOf(mallory).includes('in another group'));
    });

    it('by a link whose secret nobody was given: they go on without whoever signed it', async () => {
      const { group } = groupAt(alice);
      mallory.line = losing(alice, bob);
      mallory.rotate();
      await crew.settle(crew.devices, 12);
      await wentOn(group, ['alice', 'bob'], [alice, bob]);
      assert.ok(!textsOf(mallory).includes('in another group'));
    });

    it('and several successors begun at once: all take the lowest', async () => {
      const { group } = groupAt(alice);
      await hand.open(randomness.bytes(900));
      for (const device of [alice, bob]) await device.step('read');
      crew.clock.advance(200_000);
      for (const device of [alice, bob]) await device.step('work');
      const begun = [alice, bob].map((device) => successorAt(device, group));
      assert.equal(new Set(begun.map(toHex)).size, 2);
      const lowest = begun.sort(compareBytes)[0]!;
      await wentOn(group, ['alice', 'bob', 'mallory'], [alice, bob]);
      assert.equal(toHex(groupAt(alice).group), toHex(lowest));
    });
  });
});
