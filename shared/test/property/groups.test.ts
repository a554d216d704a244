import assert from 'node:assert/strict';
import fc from 'fast-check';
import { toHex } from '@crypt2chat/shared/bytes';
import {
  addMembers,
  changePolicy,
  decodeGroup,
  encodeGroup,
  extendGroup,
  type Group,
  type GroupChange,
  removeMembers,
  renameGroup,
  rotateGroup,
  verifyGroup,
} from '@crypt2chat/shared/groups';
import {
  addDevice,
  type DeviceSecrets,
  generateDevice,
  revokeDevice,
  verifyIdentity,
} from '@crypt2chat/shared/identity';
import { seededRandomness } from '@crypt2chat/shared/testing';
import {
  deviceOf,
  encoded,
  fork,
  founded,
  invalid,
  knownFrom,
  leaving,
  opening,
  signing,
} from '../groups/make-group.ts';
import { type Account, makeAccount, startMs } from '../identity/make-account.ts';
import { after, beginning, type Model, type Shown, type Step, versions } from './group-model.ts';

const randomness = seededRandomness('group properties');

interface Person extends Account {
  readonly devices: readonly DeviceSecrets[];
  /** The account with each version of its log. */
  readonly shown: readonly Account[];
}

/** Somebody whose log grows as `versions` says. */
const people: readonly Person[] = ['alice', 'bob', 'carol', 'dave'].map((name) => {
  const account = makeAccount(name, randomness);
  const [first, second, third] = [account.device, generateDevice(randomness), generateDevice(randomness)];
  const two = addDevice(account.identity, first, second, startMs);
  const one = revokeDevice(two.identity, second, deviceOf({ device: first }), startMs);
  const other = addDevice(one.identity, second, third, startMs);
  const links = [...account.links, two.link, one.link, other.link];
  const shown = versions.map((_, i) => {
    const known = links.slice(0, i + 1);
    return { ...account, links: known, identity: verifyIdentity(known) };
  });
  return { ...account, devices: [first, second, third], shown };
});
const known = knownFrom(people.map(({ shown }) => shown[1]!));

const account = fc.nat(people.length - 1);
const shown = fc.record({ account, version: fc.nat(versions.length - 1) });
const by = fc.record({ account, device: fc.constantFrom(0, 0, 1, 1, 2) });
/** Mostly one. */
const few = <Value>(of: fc.Arbitrary<Value>): fc.Arbitrary<Value[]> =>
  fc.oneof(
    { weight: 5, arbitrary: of.map((one) => [one]) },
    { weight: 1, arbitrary: fc.array(of, { maxLength: 2 }) },
  );
const updates = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Shown[]>([]) },
  { weight: 1, arbitrary: few(shown) },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('add' as const),
      by,
      updates,
      whom: few(shown),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('remove' as const),
      by,
      updates,
      whom: few(account),
      left: fc.oneof(fc.constant<number[]>([]), few(fc.nat(20))),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom<'rotate' | 'rename' | 'leave'>('rotate', 'rotate', 'rename', 'leave'),
      by,
      updates,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('policy' as const),
      by,
      updates,
      mayAdd: fc.boolean(),
      admins: fc.option(fc.array(account, { maxLength: 3 }), { nil: undefined }),
    }),
  },
);

const idOf = (index: number): Uint8Array => people[index]!.identity.accountId;
const secretsOf = ({ by: seat }: Step) => ({ device: people[seat.account]!.devices[seat.device]! });

/** Most steps are of somebody who is there, or else walks would not get far. */
const walked = fc.array(
  fc.record({ one: step, seat: fc.oneof(fc.nat(40), fc.nat(40), fc.constant(undefined)) }),
  {
    minLength: 10,
    maxLength: 30,
    size: 'max',
  },
);
type Walked = readonly { readonly one: Step; readonly seat: number | undefined }[];

function attempt(group: Group, one: Step, statements: readonly Uint8Array[]): GroupChange {
  const signer = secretsOf(one);
  const links = ({ account: whose, version }: Shown) => people[whose]!.shown[version]!.links;
  const identities = one.updates.map((update) => ({ account: idOf(update.account), links: links(update) }));
  const begin = { ...opening(signer, identities), known };
  switch (one.do) {
    case 'add':
      return addMembers(group, { ...begin, members: one.whom.map(links), shared: 0 });
    case 'remove': {
      const left = one.left.map((i) => statements[i % Math.max(1, statements.length)] ?? new Uint8Array(0));
      return removeMembers(group, { ...begin, accounts: one.whom.map(idOf), left });
    }
    case 'rotate':
    case 'leave':
      return rotateGroup(group, begin);
    case 'rename':
      return renameGroup(group, { ...signing(signer), name: `by ${one.by.account}` });
    case 'policy': {
      const mayAdd = one.mayAdd ? 'anyone' : 'admins';
      return changePolicy(group, {
        ...signing(signer),
        mayAdd,
        ...(one.admins && { admins: one.admins.map(idOf) }),
      });
    }
  }
}

function assertAs(group: Group, model: Model): void {
  const device = (whose: number, index: number) =>
    toHex(deviceOf({ device: people[whose]!.devices[index]! }));
  assert.deepEqual(
    group.members.map(({ identity, admin }) => [toHex(identity.accountId), identity.length, admin]),
    model.members.map((one) => [toHex(idOf(one.account)), one.version + 1, one.admin]),
  );
  assert.deepEqual(
    group.speakers.map((one) => [toHex(one.account), toHex(one.device), one.from, one.until]),
    model.speakers.map((one) => [
      toHex(idOf(one.account)),
      device(one.account, one.device),
      one.from,
      one.until,
    ]),
  );
  assert.deepEqual(
    group.former.map((one) => [toHex(one.account), one.head.seq]),
    model.former.map((one) => [toHex(idOf(one.account)), one.version]),
  );
  assert.equal(group.mayAdd, model.anyoneMayAdd ? 'anyone' : 'admins');
  assert.equal(group.epoch, model.epoch);
  assert.equal(group.epochLinks.length, model.epoch + 1);
}

/** Walks; what the model forbids must be refused, and leave no trace. */
function walk(steps: Walked): { links: Uint8Array[]; states: Group[]; taken: number } {
  const { group: first, link } = founded([people[0]!.shown[0]!, people[1]!.shown[1]!]);
  const links = [link];
  const states = [first];
  const statements: Uint8Array[] = [];
  let taken = 0;
  let model = beginning([
    { account: 0, version: 0, admin: true },
    { account: 1, version: 1, admin: false },
  ]);
  for (const { one: drawn, seat } of steps) {
    const before = states.at(-1)!;
    const present = model.speakers.filter(({ until }) => until === undefined);
    const one = seat === undefined ? drawn : { ...drawn, by: present[seat % present.length]! };
    const next = after(model, one);
    if (!next) {
      const was = encoded(before);
      if (one.do !== 'leave') assert.throws(() => attempt(before, one, statements), invalid);
      assert.equal(encoded(before), was);
      continue;
    }
    model = next;
    if (one.do === 'leave') {
      statements.push(leaving(before, secretsOf(one)));
      continue;
    }
    const { link: made, group } = attempt(before, one, statements);
    assertAs(group, model);
    links.push(made);
    states.push(group);
    taken++;
  }
  return { links, states, taken };
}

describe('any log of a group', () => {
  it('does what the rules say and nothing else: whole, in parts, out of storage, with or without what is known', () => {
    let taken = 0;
    let refused = 0;
    fc.assert(
      fc.property(walked, fc.nat(), (steps, some) => {
        const { links, states, taken: count } = walk(steps);
        taken += count;
        refused += steps.length - count;
        const last = states.at(-1)!;
        assert.equal(encoded(verifyGroup(links)), encoded(last));
        assert.equal(encoded(verifyGroup(links, known)), encoded(last));
        const at = some % links.length;
        let group = decodeGroup(encodeGroup(states[at]!));
        for (const link of links.slice(at + 1)) group = extendGroup(group, link);
        assert.equal(encoded(group), encoded(last));
        for (const link of links) assert.equal(extendGroup(last, link), last);
      }),
      { numRuns: 120 },
    );
    // Or else it would say little.
    assert.ok(taken > 200 && refused > 100, `${taken} taken, ${refused} refused`);
  }).timeout(120_000);

  it('shows every fork, and takes nothing of it', () => {
    fc.assert(
      fc.property(walked, fc.nat(), (steps, some) => {
        const { states } = walk(steps);
        if (states.length < 2) return;
        const at = some % (states.length - 1);
        const here = states[at]!;
        const someone = here.members[0]!.identity;
        const whose = people.find((one) => toHex(one.identity.accountId) === toHex(someone.accountId))!;
        const device = whose.devices.find(
          (one) => toHex(deviceOf({ device: one })) === toHex(someone.devices[0]!.id),
        )!;
        const other = rotateGroup(here, opening({ device }));
        const beyond = rotateGroup(other.group, opening({ device }));
        for (const state of states.slice(at + 1)) {
          const was = encoded(state);
          assert.throws(() => extendGroup(state, other.link), fork);
          assert.equal(encoded(state), was);
        }
        if (states.length > at + 2) assert.throws(() => extendGroup(states.at(-1)!, beyond.link), fork);
        assert.throws(() => extendGroup(states[at + 1]!, beyond.link), fork);
      }),
      { numRuns: 60 },
    );
  }).timeout(120_000);

  it('is refused with a link left out, repeated, swapped or taken from another group', () => {
    const other = founded([people[0]!]);
    fc.assert(
      fc.property(walked, fc.nat(), (steps, some) => {
        const { links } = walk(steps);
        if (links.length < 3) return;
        const at = 1 + (some % (links.length - 2));
        const [here, next] = [links[at]!, links[at + 1]!];
        for (const wrong of [
          links.toSpliced(at, 1),
          links.toSpliced(at, 0, here),
          links.toSpliced(at, 2, next, here),
          links.toSpliced(0, 1, other.link),
          links.slice(1),
        ]) {
          assert.throws(() => verifyGroup(wrong), invalid);
        }
      }),
      { numRuns: 30 },
    );
  }).timeout(120_000);
});
