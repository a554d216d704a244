import assert from 'node:assert/strict';
import { toHex } from '@crypt2chat/shared/bytes';
import { encodeCbor } from '@crypt2chat/shared/cbor';
import { hasCode } from '@crypt2chat/shared/errors';
import { devicesOf, type Group, memberOf } from '@crypt2chat/shared/groups';
import { revokeDevice } from '@crypt2chat/shared/identity';
import { seededRandomness } from '@crypt2chat/shared/testing';
import { type Account, makeAccount, startMs, withDevices } from '../identity/make-account.ts';
import {
  add,
  deviceOf,
  founded,
  idOf,
  idsOf,
  invalid,
  leaving,
  remove,
  rename,
  rotate,
  setPolicy,
  stated,
} from './make-group.ts';

const [alice, bob, carol, dave] = ['alice', 'bob', 'carol', 'dave'].map((name) => makeAccount(name)) as [
  Account,
  Account,
  Account,
  Account,
];
const { group } = founded([alice, bob, carol]);
const namesOf = ({ members }: Group): string[] => members.map(({ identity }) => identity.username);
const adminsOf = ({ members }: Group): string[] =>
  members.filter(({ admin }) => admin).map(({ identity }) => identity.username);

describe('who is removed by an admin', () => {
  it('is in no epoch from there on, and cannot sign a link', () => {
    const next = remove(group, alice, [bob]);
    assert.deepEqual(namesOf(next), ['alice', 'carol']);
    assert.equal(next.epoch, 1);
    assert.ok(
      !devicesOf(next)
        .map(toHex)
        .includes(toHex(deviceOf(bob))),
    );
    assert.throws(() => rotate(next, bob), invalid);
    assert.throws(() => add(next, bob, [bob]), invalid);
    const speaker = next.speakers.find(({ device }) => toHex(device) === toHex(deviceOf(bob)));
    assert.deepEqual([speaker?.from, speaker?.until], [0, 1]);
    const { former } = next;
    assert.deepEqual(
      former.map(({ account }) => toHex(account)),
      [toHex(idOf(bob))],
    );
  });

  it('may be several, each once and each a member', () => {
    assert.deepEqual(namesOf(remove(group, alice, [bob, carol])), ['alice']);
    for (const whom of [[], [dave], [bob, dave], [bob, bob]])
      assert.throws(() => remove(group, alice, whom), invalid);
  });

  it('may be another admin', () => {
    const two = setPolicy(group, alice, { admins: idsOf([alice, bob]) });
    assert.deepEqual(adminsOf(remove(two, alice, [bob])), ['alice']);
  });

  it('is not the admin themself', () => {
    assert.throws(() => remove(group, alice, [alice]), invalid);
    assert.throws(() => remove(group, alice, [alice], [leaving(group, alice)]), invalid);
    assert.throws(() => remove(founded([alice]).group, alice, [alice]), invalid);
  });

  it('is nobody where a statement that came with it does not hold', () => {
    assert.throws(() => remove(group, alice, [bob], [new Uint8Array(3)]), invalid);
    assert.throws(() => remove(group, alice, [bob], [stated(group, bob, { kind: 'text' })]), invalid);
    assert.deepEqual(namesOf(remove(group, alice, [bob], [leaving(group, carol)])), ['alice', 'carol']);
  });
});

describe('who leaves', () => {
  it('is removed by any other member who has it with a signature', () => {
    assert.throws(() => remove(group, carol, [bob]), invalid);
    assert.deepEqual(namesOf(remove(group, carol, [bob], [leaving(group, bob)])), ['alice', 'carol']);
    assert.throws(() => remove(group, bob, [bob], [leaving(group, bob)]), invalid);
  });

  it('takes nobody along', () => {
    assert.throws(() => remove(group, carol, [alice, bob], [leaving(group, bob)]), invalid);
    assert.throws(() => remove(group, carol, [alice], [leaving(group, bob)]), invalid);
    const both = [leaving(group, bob), leaving(group, alice)];
    assert.deepEqual(namesOf(remove(group, carol, [alice, bob], both)), ['carol']);
  });

  it('has said so: nothing else will do', () => {
    for (const content of [{ v: 1, kind: 'text' }, { v: 1 }, 'leave', ['leave'], { kind: ['leave'] }])
      assert.throws(() => remove(group, carol, [bob], [stated(group, bob, content)]), invalid);
    const cut = stated(group, bob, {}, { content: encodeCbor({ v: 1, kind: 'leave' }).slice(0, -1) });
    assert.throws(() => remove(group, carol, [bob], [cut]), invalid);
  });

  it('has said so in this group, in an epoch of it, by a device of theirs', () => {
    const later = rotate(group, alice);
    remove(later, carol, [bob], [leaving(later, bob)]);
    remove(later, carol, [bob], [leaving(group, bob)]);
    const other = founded([alice, bob, carol], { name: 'another' }).group;
    for (const wrong of [
      { group: other.group },
      { link: group.group },
      { epoch: 0 },
      { epoch: 2 },
      { epoch: 2, link: group.group },
      { device: deviceOf(dave) },
      { device: deviceOf(carol) },
    ]) {
      assert.throws(() => remove(later, carol, [bob], [leaving(later, bob, wrong)]), invalid);
    }
    assert.throws(
      () => remove(later, carol, [bob], [leaving(later, carol, { device: deviceOf(bob) })]),
      invalid,
    );
    const signed = leaving(later, bob);
    const tampered = signed.with(signed.length - 1, signed.at(-1)! ^ 1);
    assert.throws(() => remove(later, carol, [bob], [tampered]), invalid);
  });

  it('has said so since they came for the last time', () => {
    const said = leaving(group, bob);
    const gone = remove(group, carol, [bob], [said]);
    const back = add(gone, alice, [bob]);
    assert.deepEqual([memberOf(back, idOf(bob))?.since, back.epoch], [2, 2]);
    for (const old of [said, leaving(group, bob, { epoch: 2 }), leaving(back, bob, { epoch: 0 })])
      assert.throws(() => remove(back, carol, [bob], [old]), invalid);
    assert.throws(() => remove(gone, carol, [bob], [said]), invalid);
    assert.deepEqual(namesOf(remove(back, carol, [bob], [leaving(back, bob)])), ['alice', 'carol']);
  });

  it('has said so by a device that is still theirs', () => {
    const randomness = seededRandomness('leaving');
    const two = withDevices(bob, 1, randomness);
    const stolen = { device: two.added[0]! };
    const { group: with2 } = founded([alice, two, carol]);
    const change = revokeDevice(two.identity, bob.device, deviceOf(stolen), startMs);
    const without = rotate(with2, bob, { account: idOf(bob), links: [change.link] });
    remove(with2, carol, [bob], [leaving(with2, stolen)]);
    assert.throws(() => remove(without, carol, [bob], [leaving(with2, stolen)]), invalid);
    remove(without, carol, [bob], [leaving(with2, bob)]);
  });

  it('of a newer version has said who knows what', () => {
    const newer = encodeCbor([encodeCbor({ v: 2 }), new Uint8Array(114)]);
    assert.throws(
      () => remove(group, carol, [bob], [newer]),
      (error) => hasCode(error, 'ERR_NEWER_VERSION'),
    );
  });

  it('leaves an admin behind: who has been in the group longest', () => {
    const next = remove(group, carol, [alice], [leaving(group, alice)]);
    assert.deepEqual(adminsOf(next), ['bob']);
    rename(next, bob);
    const two = setPolicy(group, alice, { admins: idsOf([alice, carol]) });
    assert.deepEqual(adminsOf(remove(two, bob, [alice], [leaving(two, alice)])), ['carol']);
  });
});
