import assert from 'node:assert/strict';
import { toHex } from '@crypt2chat/shared/bytes';
import { hasCode } from '@crypt2chat/shared/errors';
import {
  addMembers,
  createGroup,
  devicesOf,
  type Group,
  type GroupBody,
  maxGroupDevices,
  maxGroupLinkBytes,
  maxGroupLinks,
  maxShared,
  memberOf,
  memberOfDevice,
  memberOfKey,
  removeMembers,
  renameGroup,
  rotateGroup,
  verifyGroup,
} from '@crypt2chat/shared/groups';
import { createIdentity, generateDevice } from '@crypt2chat/shared/identity';
import { seededRandomness } from '@crypt2chat/shared/testing';
import { makeAccount, startMs, withDevices } from '../identity/make-account.ts';
import {
  add,
  after,
  deviceOf,
  encoded,
  forged,
  founded,
  idOf,
  idsOf,
  invalid,
  logsOf,
  makeAccounts,
  newerLink,
  opening,
  rename,
  rotate,
  setPolicy,
  signing,
  stated,
} from './make-group.ts';

const randomness = seededRandomness('group rules');
const alice = makeAccount('alice');
const bob = makeAccount('bob');
const carol = makeAccount('carol');
const mallory = makeAccount('mallory');
const foreign = (() => {
  const device = generateDevice(randomness);
  const recoveryPublicKey = generateDevice(randomness).sign.publicKey;
  const options = { username: 'eve', relay: 'https://other.example', device, recoveryPublicKey, at: startMs };
  const { link, identity } = createIdentity(options);
  return { ...mallory, links: [link], identity, device };
})();

const trio = founded([alice, bob, carol]);
const adminsOf = (group: Group): string[] =>
  group.members.filter(({ admin }) => admin).map(({ identity }) => identity.username);
const namesOf = (group: Group): string[] => group.members.map(({ identity }) => identity.username);

describe('the beginning of a group', () => {
  it('has the members that its link names, by their logs', () => {
    const { group, link } = trio;
    assert.deepEqual(namesOf(group), ['alice', 'bob', 'carol']);
    assert.deepEqual(adminsOf(group), ['alice']);
    assert.equal(group.name, 'a group');
    assert.equal(group.mayAdd, 'anyone');
    assert.equal(group.relay, 'https://relay.example');
    assert.equal(group.epoch, 0);
    assert.equal(group.length, 1);
    assert.equal(group.continues, undefined);
    for (const id of [group.conversation, group.epochLink, group.head.hash, group.hashAt(0)!])
      assert.equal(toHex(id), toHex(group.group));
    assert.deepEqual(devicesOf(group).map(toHex), [alice, bob, carol].map(deviceOf).map(toHex));
    assert.equal(encoded(verifyGroup([link])), encoded(group));
    assert.equal(memberOf(group, idOf(bob))?.identity.username, 'bob');
    assert.equal(memberOf(group, idOf(mallory)), undefined);
    assert.equal(memberOfDevice(group, deviceOf(bob))?.identity.username, 'bob');
    assert.equal(memberOfDevice(group, deviceOf(mallory)), undefined);
    assert.equal(memberOfKey(group, bob.device.sign.publicKey)?.identity.username, 'bob');
    assert.equal(memberOfKey(group, mallory.device.sign.publicKey), undefined);
  });

  it('may have several admins, and its creator is one of them', () => {
    assert.deepEqual(adminsOf(founded([alice, bob], { admins: idsOf([bob, alice]) }).group), [
      'alice',
      'bob',
    ]);
    assert.deepEqual(adminsOf(founded([alice, bob], { admins: [idOf(bob)], by: bob }).group), ['bob']);
    assert.throws(() => founded([alice, bob], { admins: [idOf(bob)] }), invalid);
    assert.throws(() => founded([alice, bob], { by: mallory }), invalid);
    assert.throws(() => founded([bob], { admins: [idOf(alice)], by: alice }), invalid);
  });

  it('has admins, each once and each a member', () => {
    for (const admins of [[], [alice, alice], [alice, mallory]])
      assert.throws(() => founded([alice, bob], { admins: idsOf(admins) }), invalid);
  });

  it('has members, each once and of one relay', () => {
    for (const members of [[], [alice, bob, bob], [alice, foreign], [foreign, alice]])
      assert.throws(() => founded(members, { admins: [idOf(alice)], by: alice }), invalid);
    assert.deepEqual(namesOf(founded([foreign]).group), ['eve']);
  });

  it('continues another one where it says so, in that one’s conversation', () => {
    const continues = { group: idOf(bob), head: { seq: 7, hash: idOf(carol) }, conversation: idOf(mallory) };
    const base = { ...opening(alice), name: 'on', mayAdd: 'anyone', admins: [idOf(alice)] } as const;
    const { group } = createGroup({ ...base, members: logsOf([alice]), continues });
    assert.equal(toHex(group.conversation), toHex(idOf(mallory)));
    assert.deepEqual(group.continues, { group: continues.group, head: continues.head });
  });

  it('is the only one: nothing comes before it, and no other after it', () => {
    const { group, link } = trio;
    const body = { type: 'rename', counter: 1, name: 'x' } as const;
    assert.throws(() => verifyGroup([]), invalid);
    assert.throws(() => verifyGroup([forged(undefined, body, alice)]), invalid);
    const second: GroupBody = {
      type: 'create',
      counter: 1,
      commitment: new Uint8Array(32),
      name: 'x',
      mayAdd: 'anyone',
      admins: [idOf(alice)],
      members: [[...alice.links]],
    };
    verifyGroup([forged(undefined, second, alice)]);
    assert.throws(() => after(group, second, alice), invalid);
    assert.equal(verifyGroup([link, forged(group, body, alice)]).name, 'x');
  });

  it(`has room for ${maxGroupDevices} devices, of whichever accounts`, () => {
    const many = makeAccounts(maxGroupDevices);
    assert.equal(devicesOf(founded(many).group).length, maxGroupDevices);
    assert.throws(() => founded([...many, mallory]), invalid);
    const two = withDevices(mallory, 1, randomness);
    assert.throws(() => founded([...many.slice(1), two]), invalid);
    assert.equal(devicesOf(founded([...many.slice(2), two]).group).length, maxGroupDevices);
  }).timeout(60_000);
});

describe('what a member may do', () => {
  const { group } = trio;

  it('is nothing at all for who is not one', () => {
    for (const by of [mallory, foreign]) {
      assert.throws(() => rename(group, by), invalid);
      assert.throws(() => rotate(group, by), invalid);
      assert.throws(() => add(group, by, [mallory]), invalid);
      assert.throws(() => setPolicy(group, by, { mayAdd: 'admins' }), invalid);
    }
  });

  it('is to begin an epoch, which changes nobody', () => {
    const next = rotate(group, bob);
    assert.equal(next.epoch, 1);
    assert.equal(next.length, 2);
    assert.equal(toHex(next.epochLink), toHex(next.head.hash));
    assert.deepEqual(next.epochLinks.map(toHex), [group.epochLink, next.epochLink].map(toHex));
    assert.notEqual(toHex(next.commitment), toHex(group.commitment));
    assert.deepEqual(namesOf(next), namesOf(group));
    assert.deepEqual(next.speakers, group.speakers);
    assert.equal(toHex(next.group), toHex(group.group));
    assert.equal(toHex(next.conversation), toHex(group.conversation));
  });

  it('is to add, where the group lets anyone', () => {
    const next = add(group, bob, [mallory]);
    assert.deepEqual(namesOf(next), ['alice', 'bob', 'carol', 'mallory']);
    assert.deepEqual(adminsOf(next), ['alice']);
    assert.equal(memberOf(next, idOf(mallory))?.since, 1);
    assert.equal(memberOf(next, idOf(bob))?.since, 0);
  });

  it('is not to add where only admins may', () => {
    const strict = setPolicy(group, alice, { mayAdd: 'admins' });
    assert.throws(() => add(strict, bob, [mallory]), invalid);
    assert.deepEqual(namesOf(add(strict, alice, [mallory])), ['alice', 'bob', 'carol', 'mallory']);
    const loose = setPolicy(strict, alice, { mayAdd: 'anyone' });
    assert.equal(add(loose, bob, [mallory]).members.length, 4);
    const begun = founded([alice, bob], { mayAdd: 'admins' }).group;
    assert.throws(() => add(begun, bob, [mallory]), invalid);
  });

  it('is to rename for admins alone', () => {
    const renamed = rename(group, alice);
    assert.equal(renamed.name, 'another name');
    assert.equal(renamed.epoch, 0);
    assert.equal(toHex(renamed.epochLink), toHex(group.epochLink));
    assert.throws(() => rename(group, bob), invalid);
  });

  it('is to say who is an admin for admins alone, and somebody always is', () => {
    const both = setPolicy(group, alice, { admins: idsOf([carol, bob]) });
    assert.deepEqual(adminsOf(both), ['bob', 'carol']);
    assert.equal(both.mayAdd, 'anyone');
    assert.equal(both.epoch, 0);
    assert.deepEqual(namesOf(both), namesOf(group));
    assert.throws(() => rename(both, alice), invalid);
    rename(both, bob);
    const strict = setPolicy(group, alice, { admins: [idOf(bob)], mayAdd: 'admins' });
    assert.deepEqual([adminsOf(strict), strict.mayAdd], [['bob'], 'admins']);
    assert.throws(() => setPolicy(group, bob, { admins: [idOf(bob)] }), invalid);
    assert.throws(() => setPolicy(group, bob, { mayAdd: 'admins' }), invalid);
    for (const admins of [[], [mallory], [alice, mallory], [bob, bob]])
      assert.throws(() => setPolicy(group, alice, { admins: idsOf(admins) }), invalid);
  });

  it('is what the link says with the form that it has', () => {
    const long = { ...signing(alice), counter: 2 ** 40 + 1, name: 'x' };
    assert.throws(() => renameGroup(group, long), invalid);
    assert.equal(renameGroup(group, { ...long, counter: 2 ** 40 }).group.name, 'x');
    for (const shared of [maxShared, maxShared + 1]) {
      const attempt = () => addMembers(group, { ...opening(bob), members: logsOf([mallory]), shared });
      if (shared > maxShared) assert.throws(attempt, invalid);
      else assert.equal(attempt().group.members.length, 4);
    }
    assert.throws(() => add(group, bob, []), invalid);
  });
});

describe('who is added', () => {
  const { group } = trio;

  it('is an account of the relay that is not there yet, each once', () => {
    for (const whom of [[bob], [mallory, mallory], [foreign], [mallory, foreign]])
      assert.throws(() => add(group, alice, whom), invalid);
  });

  it('has a log that holds', () => {
    const [link] = mallory.links as [Uint8Array];
    const wrong = link.with(link.length - 1, link.at(-1)! ^ 1);
    for (const log of [[], [wrong], [...bob.links, ...mallory.links], [...mallory.links, ...mallory.links]]) {
      const attempt = () => addMembers(group, { ...opening(alice), members: [log], shared: 0 });
      assert.throws(attempt, invalid);
    }
  });

  it('fits', () => {
    const many = makeAccounts(maxGroupDevices - 1);
    const full = founded(many).group;
    const by = many[0]!;
    const two = withDevices(mallory, 1, randomness);
    assert.throws(() => add(full, by, [two]), invalid);
    assert.throws(() => add(full, by, [mallory, bob]), invalid);
    const last = add(full, by, [mallory]);
    assert.equal(devicesOf(last).length, maxGroupDevices);
    assert.throws(() => rotate(last, by, { account: idOf(mallory), links: two.links.slice(1) }), invalid);
    assert.equal(rotate(last, by).epoch, 2);
  }).timeout(60_000);
});

describe('the log of a group', () => {
  it(`ends after ${maxGroupLinks} links`, () => {
    const { group } = trio;
    const long = (length: number): Group => ({
      ...group,
      length,
      head: { seq: length - 1, hash: group.head.hash },
      hashAt: (seq) => (seq < length ? group.head.hash : undefined),
    });
    assert.equal(rotate(long(maxGroupLinks - 1), bob).length, maxGroupLinks);
    assert.throws(() => rotate(long(maxGroupLinks), bob), invalid);
  });

  it(`has links of ${maxGroupLinkBytes} bytes at most, whatever is in them`, () => {
    const { group } = trio;
    const said = stated(group, bob, { kind: 'leave', more: new Uint8Array(20_000) });
    const attempt = (count: number) =>
      removeMembers(group, {
        ...opening(alice),
        accounts: [idOf(bob)],
        left: Array.from({ length: count }, () => said),
      });
    const most = Math.floor(maxGroupLinkBytes / said.length);
    const { link } = attempt(most);
    assert.ok(link.length > maxGroupLinkBytes - said.length);
    assert.throws(() => attempt(most + 1), invalid);
  });

  it('goes on after a link from the far future', () => {
    const { group } = trio;
    const far = rotateGroup(group, { ...opening(bob), at: Number.MAX_SAFE_INTEGER }).group;
    assert.equal(rotate(far, alice).at, Number.MAX_SAFE_INTEGER);
    const early = { type: 'rename', counter: 1, name: 'x' } as const;
    assert.throws(() => after(far, early, alice), invalid);
  });

  it('says of a newer version that it is one, also of what it holds', () => {
    const link = newerLink();
    const isNewer = (error: unknown): boolean => hasCode(error, 'ERR_NEWER_VERSION');
    assert.throws(() => addMembers(trio.group, { ...opening(alice), members: [[link]], shared: 0 }), isNewer);
    const update = { account: idOf(bob), links: [link] };
    assert.throws(() => rotate(trio.group, alice, update), isNewer);
  });
});
