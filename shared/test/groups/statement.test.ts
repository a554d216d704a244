import assert from 'node:assert/strict';
import { toHex, toUtf8 } from '@crypt2chat/shared/bytes';
import { type CborValue, encodeCbor } from '@crypt2chat/shared/cbor';
import { hasCode } from '@crypt2chat/shared/errors';
import {
  type Group,
  isLeave,
  maxGeneration,
  maxStatementBytes,
  parseStatement,
  verifyStatement,
} from '@crypt2chat/shared/groups';
import { sign } from '@crypt2chat/shared/primitives';
import { signStatement } from '../../src/groups/statement.ts';
import { add, deviceOf, founded, remove, rotate, stated } from './make-group.ts';
import { alice, bob, carol, group, mallory, Seat } from './seats.ts';

const notSaid = (error: unknown): boolean => hasCode(error, 'ERR_CRYPTO_SIGNATURE');
const malformed = (error: unknown): boolean => hasCode(error, 'ERR_FORMAT');
const check = (signed: Uint8Array, of: Group): string =>
  toHex(verifyStatement(parseStatement(signed), of).account);
const bobs = toHex(bob.identity.accountId);

describe('a statement', () => {
  const later = rotate(group, alice);

  it('says who spoke, for whoever knows the group', () => {
    const signed = stated(group, bob, { kind: 'text' });
    for (const of of [group, later, remove(later, alice, [bob])]) assert.equal(check(signed, of), bobs);
    const { statement } = read(signed);
    assert.equal(statement.epoch, 0);
    assert.equal(statement.generation, 0);
    assert.equal(toHex(statement.content), toHex(encodeCbor({ kind: 'text' })));
    assert.equal(toHex(statement.group), toHex(group.group));
    assert.equal(toHex(statement.link), toHex(group.epochLink));
    assert.equal(toHex(statement.device), toHex(deviceOf(bob)));
    assert.deepEqual(statement.seen.count, 0);
  });

  it('is what comes out of a message', () => {
    const { entry, signed } = new Seat(alice).seal('hello');
    const opened = new Seat(bob).open(entry);
    assert.ok(opened.kind === 'opened');
    assert.equal(check(opened.signed, group), toHex(alice.identity.accountId));
    assert.equal(toHex(opened.signed), toHex(signed));
  });

  it('is of this group and of this branch of its log', () => {
    const other = founded([alice, bob, carol], { name: 'another' }).group;
    assert.throws(() => check(stated(group, bob, {}), other), notSaid);
    assert.throws(() => check(stated(group, bob, {}, { group: other.group }), group), notSaid);
    const branch = rotate(group, carol);
    check(stated(branch, bob, {}), branch);
    assert.throws(() => check(stated(branch, bob, {}), later), notSaid);
    assert.throws(() => check(stated(later, bob, {}, { link: group.group }), later), notSaid);
    assert.throws(() => check(stated(later, bob, {}, { epoch: 0 }), later), notSaid);
  });

  it('is of an epoch that has begun', () => {
    assert.throws(() => check(stated(later, bob, {}), group), notSaid);
    assert.throws(() => check(stated(later, bob, {}, { epoch: 2 }), later), notSaid);
  });

  it('is of an epoch that its device was in', () => {
    const gone = remove(later, alice, [bob]);
    check(stated(later, bob, {}), gone);
    assert.throws(() => check(stated(gone, bob, {}), gone), notSaid);
    const back = add(gone, alice, [bob]);
    for (const [at, isIn] of [
      [group, true],
      [later, true],
      [gone, false],
      [back, true],
      [rotate(back, bob), true],
    ] as const) {
      const of = at.epoch > back.epoch ? at : back;
      if (isIn) assert.equal(check(stated(at, bob, {}), of), bobs);
      else assert.throws(() => check(stated(at, bob, {}), of), notSaid);
    }
    assert.throws(() => check(stated(group, mallory, {}), group), notSaid);
    const joined = add(group, alice, [mallory]);
    assert.throws(() => check(stated(group, mallory, {}), joined), notSaid);
    check(stated(joined, mallory, {}), joined);
  });

  it('has the signature of that device, under a label of its own', () => {
    assert.throws(() => check(stated(group, carol, {}, { device: deviceOf(bob) }), group), notSaid);
    const { bytes } = read(stated(group, bob, {}));
    const under = (label: string): Uint8Array =>
      encodeCbor([bytes, sign(bob.device.sign.privateKey, label, bytes)]);
    assert.equal(check(under('crypt2chat/v1/group/message'), group), bobs);
    assert.throws(() => check(under('crypt2chat/v1/log/group'), group), notSaid);
    const signed = stated(group, bob, { text: 'hello' });
    for (let at = 0; at < signed.length; at++)
      assert.throws(
        () => check(signed.with(at, signed[at]! ^ 1), group),
        (error) => hasCode(error, 'ERR_CRYPTO_SIGNATURE', 'ERR_FORMAT', 'ERR_NEWER_VERSION'),
      );
    const parsed = parseStatement(signed);
    assert.ok(parsed.isSignedBy(bob.device.sign.publicKey));
    assert.ok(!parsed.isSignedBy(alice.device.sign.publicKey));
    assert.ok(!parsed.isSignedBy(new Uint8Array(0)));
  });

  it('has the form that it has', () => {
    const { bytes, signature, statement } = read(stated(group, bob, {}));
    const { isSignedBy: _, seen, ...rest } = statement;
    const good = { v: 1, ...rest, seen: { ...seen } };
    const wrap = (value: CborValue): Uint8Array => encodeCbor([encodeCbor(value), signature]);
    assert.equal(toHex(wrap(good)), toHex(encodeCbor([bytes, signature])));
    assert.equal(parseStatement(wrap({ ...good, generation: maxGeneration })).generation, maxGeneration);
    for (const wrong of [
      { ...good, v: 0 },
      { ...good, more: true },
      { ...good, generation: maxGeneration + 1 },
      { ...good, epoch: -1 },
      { ...good, device: new Uint8Array(31) },
      { ...good, seen: { ...seen, hash: new Uint8Array(16) } },
      { ...good, content: 'text' },
    ]) {
      assert.throws(() => parseStatement(wrap(wrong)), malformed);
    }
    for (const wrong of [[bytes], [bytes, signature, signature], [bytes, signature.slice(1)], bytes])
      assert.throws(() => parseStatement(encodeCbor(wrong)), malformed);
    assert.throws(
      () => parseStatement(wrap({ ...good, v: 2, more: true })),
      (error) => hasCode(error, 'ERR_NEWER_VERSION'),
    );
  });

  it('is as large as its content and little more, up to a bound', () => {
    const of = (size: number): Uint8Array => {
      const { isSignedBy: _, ...rest } = read(stated(group, bob, {})).statement;
      return signStatement({ ...rest, content: new Uint8Array(size) }, bob.device.sign);
    };
    const frame = of(1000).length - 1000;
    assert.ok(frame < 400);
    const largest = of(maxStatementBytes - frame - 2);
    assert.ok(maxStatementBytes - largest.length < 8);
    assert.equal(check(largest, group), bobs);
    assert.throws(() => of(maxStatementBytes - frame + 1), RangeError);
  });
});

describe('a content', () => {
  it('says that its author leaves by its kind', () => {
    for (const content of [{ kind: 'leave' }, { v: 1, kind: 'leave', more: [1] }])
      assert.ok(isLeave(encodeCbor(content)));
    for (const content of [{ kind: 'text' }, { kind: 'Leave' }, {}, 'leave', [], { body: { kind: 'leave' } }])
      assert.ok(!isLeave(encodeCbor(content)));
    assert.ok(!isLeave(toUtf8('leave')));
    assert.ok(!isLeave(new Uint8Array(0)));
  });
});

function read(signed: Uint8Array) {
  const statement = parseStatement(signed);
  const signature = signed.slice(-114);
  const bytes = signed.slice(signed[1] === 0x58 ? 3 : 4, -116);
  return { statement, signature, bytes };
}
