import assert from 'node:assert/strict';
import { toHex } from '@crypt2chat/shared/bytes';
import { encodeCbor } from '@crypt2chat/shared/cbor';
import type { GroupBody } from '@crypt2chat/shared/groups';
import { generateSigningKeyPair, systemRandomness as randomness } from '@crypt2chat/shared/primitives';
import { limits } from '@crypt2chat/shared/wire';
import type { Device } from '../schedules/device.ts';
import { accountOf, Crew, groupAt, record, say, standing, textsOf } from './crew.ts';
import { Hand } from './hand.ts';

/** What a member can put into the log with the keys that it rightly has. */
describe('an entry that is no good', function () {
  this.timeout(120_000);
  let crew: Crew;
  let alice: Device;
  let bob: Device;
  let hand: Hand;
  before(async () => {
    crew = await Crew.of('alice', 'bob', 'mallory');
    [alice, bob] = [crew.named('alice'), crew.named('bob')];
    hand = new Hand(crew, crew.named('mallory'));
  });
  after(() => crew.close());

  const text = (text: string) => hand.content({ kind: 'text', body: { text } });
  const nameOf = (epochsOn: number) => {
    const { group, epoch, epochLink } = groupAt(bob);
    return { group, epoch: epoch + epochsOn, link: epochLink };
  };
  const withLast = (bytes: Uint8Array) => {
    const changed = bytes.slice();
    changed[changed.length - 1]! ^= 1;
    return changed;
  };
  const contentWith = (changes: Record<string, unknown>) =>
    encodeCbor({
      v: 1,
      id: randomness.bytes(16),
      conversation: groupAt(bob).conversation,
      counter: 60,
      sentAt: crew.clock.now(),
      kind: 'text',
      body: { text: 'bad' },
      ...changes,
    });

  const messages: [string, string, () => Uint8Array][] = [
    ['out of nowhere', 'malformed', () => randomness.bytes(300).fill(0, 0, 1)],
    ['empty', 'malformed', () => new Uint8Array(0)],
    ['of a newer version', 'newer-version', () => encodeCbor([2, randomness.bytes(300)])],
    ['that is sealed with other keys', 'tampered', () => encodeCbor([1, 0, randomness.bytes(300)])],
    ['that was changed', 'tampered', () => withLast(hand.seal(text('bad')))],
    ['of an epoch that is over', 'tampered', () => hand.seal(text('bad'), { name: nameOf(-1) })],
    ['of an epoch that has not begun', 'tampered', () => hand.seal(text('bad'), { name: nameOf(1) })],
    [
      'of another group',
      'tampered',
      () => hand.seal(text('bad'), { name: { ...nameOf(0), group: randomness.bytes(32) } }),
    ],
    [
      'with the signature of another key',
      'tampered',
      () => hand.seal(text('bad'), { signer: generateSigningKeyPair(randomness) }),
    ],
    [
      'under a place far ahead in its chain',
      'too-many-skipped',
      () => hand.seal(text('bad'), { chain: { ...hand.chain, generation: hand.chain.generation + 2_000 } }),
    ],
    ['that holds nothing known', 'malformed', () => hand.seal(randomness.bytes(20))],
    [
      'of another conversation',
      'malformed',
      () => hand.seal(contentWith({ conversation: randomness.bytes(32) })),
    ],
    [
      'with a text over its size',
      'malformed',
      () => hand.seal(contentWith({ body: { text: 'x'.repeat(limits.textBytes + 1) } })),
    ],
  ];

  for (const [what, reason, made] of messages)
    it(`${what}, is told as ${reason} and takes nothing with it`, () =>
      goesOn(() => hand.post(made()), [`(${reason})`]));

  const links: [string, () => GroupBody][] = [
    ['with a name over its size', () => ({ type: 'rename', counter: 60, name: 'x'.repeat(65) })],
    ['that its author may not make', () => ({ type: 'rename', counter: 60, name: 'mine' })],
    [
      'that makes its author an admin',
      () => ({ type: 'policy', counter: 60, admins: [accountOf(crew.named('mallory'))] }),
    ],
  ];

  for (const [what, body] of links)
    it(`as a link ${what}, is ignored and takes nothing with it`, () =>
      goesOn(() => hand.append(hand.sealed(hand.sign(body()))), []));

  it('as a link out of nowhere, is ignored and takes nothing with it', () =>
    goesOn(() => hand.append(randomness.bytes(300)), []));

  it('keeps nobody from the next epoch', async () => {
    const { epoch } = groupAt(bob);
    alice.rotate();
    await crew.settle();
    assert.equal(groupAt(bob).epoch, epoch + 1);
    say(bob, 'in the next epoch');
    await crew.settle();
    assert.equal(textsOf(alice).at(-1), 'in the next epoch');
  });

  /** What is said before and behind it arrives, and the log is what it was. */
  async function goesOn(act: () => Promise<void>, shown: readonly string[]): Promise<void> {
    const { head } = groupAt(bob);
    const saidBefore = textsOf(bob).length;
    const online = [alice, crew.named('mallory')];
    say(alice, 'earlier');
    await crew.settle(online);
    await act();
    say(alice, 'later');
    // Bob hears everything at once.
    await crew.settle();
    for (const device of [alice, bob]) {
      const texts = textsOf(device).slice(saidBefore);
      const told = texts.filter((text) => text.startsWith('('));
      assert.deepEqual(told, shown, device.name);
      assert.deepEqual(
        texts.filter((text) => !told.includes(text)),
        ['earlier', 'later'],
        device.name,
      );
      assert.equal(standing(device), 'ready');
      assert.equal(record(device).trouble, undefined);
      assert.equal(toHex(groupAt(device).head.hash), toHex(head.hash));
    }
  }
});
