import assert from 'node:assert/strict';
import { toHex } from '@crypt2chat/shared/bytes';
import {
  addMembers,
  devicesOf,
  type Group,
  maxGroupSpeakers,
  memberOf,
  removeMembers,
} from '@crypt2chat/shared/groups';
import {
  addDevice,
  createIdentity,
  deviceIdOf,
  type DeviceSecrets,
  generateDevice,
  publicKeysOf,
  recoverIdentity,
  revokeDevice,
} from '@crypt2chat/shared/identity';
import { seededRandomness } from '@crypt2chat/shared/testing';
import { type Account, makeAccount, startMs, withDevices } from '../identity/make-account.ts';
import {
  add,
  deviceOf,
  founded,
  idOf,
  idsOf,
  invalid,
  knownFrom,
  logsOf,
  makeAccounts,
  opening,
  remove,
  rename,
  rotate,
  type Update,
} from './make-group.ts';

const randomness = seededRandomness('groups and identities');
const [alice, bob, carol] = ['alice', 'bob', 'carol'].map((name) => makeAccount(name)) as [
  Account,
  Account,
  Account,
];
const { group } = founded([alice, bob]);
const laptop = generateDevice(randomness);
const grown = addDevice(bob.identity, bob.device, laptop, startMs);
const shrunk = revokeDevice(grown.identity, laptop, deviceOf(bob), startMs);
const ofBob = (...links: Uint8Array[]): Update => ({ account: idOf(bob), links });
const devices = (of: Group): string[] => devicesOf(of).map(toHex);
const named = (...of: { readonly device: DeviceSecrets }[]): string[] => of.map(deviceOf).map(toHex);
const periods = (of: Group, { device }: { readonly device: DeviceSecrets }) =>
  of.speakers
    .filter((speaker) => toHex(speaker.device) === toHex(deviceIdOf(publicKeysOf(device))))
    .map(({ account, from, until }) => [toHex(account), from, until]);

describe('what members’ logs have gained', () => {
  it('makes a difference from the epoch on that brings it', () => {
    const newDevice = { device: laptop };
    assert.throws(() => rotate(group, newDevice, ofBob(grown.link)), invalid);
    const two = rotate(group, alice, ofBob(grown.link));
    assert.deepEqual(devices(two), named(alice, bob, newDevice));
    assert.deepEqual(periods(two, newDevice), [[toHex(idOf(bob)), 1, undefined]]);
    assert.equal(memberOf(two, idOf(bob))?.since, 0);
    const one = rotate(two, newDevice, ofBob(shrunk.link));
    assert.deepEqual(devices(one), named(alice, newDevice));
    assert.deepEqual(periods(one, bob), [[toHex(idOf(bob)), 0, 2]]);
    assert.throws(() => rotate(one, bob), invalid);
    assert.equal(rotate(one, newDevice).epoch, 3);
  });

  it('comes with any link that begins an epoch', () => {
    const update = [ofBob(grown.link)];
    const added = addMembers(group, { ...opening(alice, update), members: logsOf([carol]), shared: 0 });
    assert.deepEqual(devices(added.group), named(alice, bob, { device: laptop }, carol));
    const three = add(group, alice, [carol]);
    const removed = removeMembers(three, { ...opening(alice, update), accounts: idsOf([carol]), left: [] });
    assert.deepEqual(devices(removed.group), named(alice, bob, { device: laptop }));
  });

  it('may be told by whole logs, and more than one at a time', () => {
    const all = ofBob(...bob.links, grown.link, shrunk.link);
    assert.deepEqual(devices(rotate(group, alice, all)), named(alice, { device: laptop }));
    const steps = [ofBob(grown.link), ofBob(shrunk.link)];
    assert.deepEqual(devices(rotate(group, alice, ...steps)), named(alice, { device: laptop }));
    const hers = withDevices(alice, 1, randomness);
    const both = rotate(group, alice, ofBob(grown.link), { account: idOf(alice), links: hers.links });
    assert.equal(devices(both).length, 4);
  });

  it('is new, of a member, and follows what is known', () => {
    const { link: other } = addDevice(bob.identity, bob.device, generateDevice(randomness), startMs);
    const two = rotate(group, alice, ofBob(grown.link));
    for (const [at, update] of [
      [group, ofBob(...bob.links)],
      [two, ofBob(grown.link)],
      [two, ofBob(other)],
      [two, ofBob(...bob.links, other)],
      [group, ofBob(shrunk.link)],
      [group, ofBob(shrunk.link, grown.link)],
      [group, ofBob(...alice.links)],
      [group, ofBob(grown.link.with(grown.link.length - 1, 1))],
      [group, { account: idOf(carol), links: carol.links }],
      [group, { account: idOf(carol), links: [grown.link] }],
      [group, ofBob()],
      [group, ofBob(new Uint8Array(0))],
    ] as const) {
      assert.throws(() => rotate(at, alice, update), invalid);
    }
    assert.throws(() => rotate(group, alice, ofBob(grown.link), ofBob(grown.link)), invalid);
  });

  it('leaves who begins the epoch in it', () => {
    const two = rotate(group, alice, ofBob(grown.link));
    assert.throws(() => rotate(two, bob, ofBob(shrunk.link)), invalid);
    assert.equal(rotate(two, { device: laptop }, ofBob(shrunk.link)).epoch, 2);
  });

  it('does not let a device that is gone rename, nor one that is not yet there', () => {
    const mine = founded([bob, alice]).group;
    assert.throws(() => rename(mine, { device: laptop }), invalid);
    const two = rotate(mine, alice, ofBob(grown.link));
    rename(two, { device: laptop });
    rename(two, bob);
    const one = rotate(two, alice, ofBob(shrunk.link));
    assert.throws(() => rename(one, bob), invalid);
  });

  it('follows an account that was recovered', () => {
    const saved = generateDevice(randomness);
    const { link } = recoverIdentity(bob.identity, bob.recovery, saved, startMs);
    const next = rotate(group, alice, ofBob(link));
    assert.deepEqual(devices(next), named(alice, { device: saved }));
    assert.equal(memberOf(next, idOf(bob))?.since, 0);
  });
});

describe('who comes back', () => {
  const bobNow: Account = { ...bob, links: [...bob.links, grown.link], identity: grown.identity };

  it('speaks anew, and comes last', () => {
    const back = add(remove(group, alice, [bob]), alice, [bob]);
    assert.deepEqual(periods(back, bob), [
      [toHex(idOf(bob)), 0, 1],
      [toHex(idOf(bob)), 2, undefined],
    ]);
    assert.deepEqual(back.former, []);
    assert.equal(memberOf(back, idOf(bob))?.admin, false);
  });

  it('comes with the log that they had, or a longer one', () => {
    const gone = remove(rotate(group, alice, ofBob(grown.link)), alice, [bob]);
    assert.throws(() => add(gone, alice, [bob]), invalid);
    assert.equal(devices(add(gone, alice, [bobNow])).length, 3);
    const later = { ...bobNow, links: [...bobNow.links, shrunk.link], identity: shrunk.identity };
    assert.deepEqual(devices(add(gone, alice, [later])), named(alice, { device: laptop }));
    const { link } = addDevice(bob.identity, bob.device, generateDevice(randomness), startMs);
    assert.throws(() => add(gone, alice, [{ ...bob, links: [...bob.links, link] }]), invalid);
    const twice = remove(add(gone, alice, [later]), alice, [bob]);
    assert.throws(() => add(twice, alice, [bobNow]), invalid);
    assert.equal(twice.former.length, 1);
    assert.equal(add(rotate(twice, alice), alice, [later]).members.length, 2);
  });
});

describe('a device with two accounts', () => {
  const twin = (() => {
    const { link, identity } = createIdentity({
      username: 'bobby',
      relay: 'https://relay.example',
      device: bob.device,
      recoveryPublicKey: bob.recovery.publicKey,
      at: startMs,
    });
    return { ...bob, links: [link], identity };
  })();

  it('is in a group with one of them only', () => {
    assert.throws(() => founded([alice, bob, twin]), invalid);
    assert.throws(() => add(group, alice, [twin]), invalid);
    const { link } = addDevice(carol.identity, carol.device, bob.device, startMs);
    const three = add(group, alice, [carol]);
    assert.throws(() => rotate(three, alice, { account: idOf(carol), links: [link] }), invalid);
    assert.equal(add(remove(group, alice, [bob]), alice, [twin]).members.length, 2);
  });

  it('shares not even the signing key', () => {
    const half = { sign: bob.device.sign, dh: generateDevice(randomness).dh };
    const { link } = addDevice(carol.identity, carol.device, half, startMs);
    assert.throws(() => founded([alice, bob, { ...carol, links: [...carol.links, link] }]), invalid);
  });

  it('speaks for the one that it is there with', () => {
    const two = rotate(group, alice, ofBob(grown.link));
    const three = add(two, alice, [carol]);
    const { link } = addDevice(carol.identity, carol.device, bob.device, startMs);
    const moved = rotate(three, alice, ofBob(shrunk.link), { account: idOf(carol), links: [link] });
    assert.deepEqual(periods(moved, bob), [
      [toHex(idOf(bob)), 0, 3],
      [toHex(idOf(carol)), 3, undefined],
    ]);
  });
});

describe('devices over time', () => {
  it(`are at most ${maxGroupSpeakers}, counted again when they come back`, () => {
    const many = makeAccounts(249);
    const known = knownFrom(many);
    let now = founded([alice]).group;
    for (let round = 0; round < 10; round++) {
      now = add(now, alice, many, known);
      now = remove(now, alice, many);
    }
    assert.equal(now.speakers.length, 2_491);
    assert.throws(() => add(now, alice, many.slice(0, 10), known), invalid);
    const full = add(now, alice, many.slice(0, 9), known);
    assert.equal(full.speakers.length, maxGroupSpeakers);
    assert.throws(
      () => rotate(full, alice, { account: idOf(alice), links: withDevices(alice, 1, randomness).links }),
      invalid,
    );
    assert.equal(rotate(full, alice).members.length, 10);
    assert.equal(remove(full, alice, many.slice(0, 9)).members.length, 1);
  }).timeout(120_000);
});
