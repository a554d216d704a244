/**
 * Points that are a point of small order away from where an honest one lies: libraries are known to disagree on
 * them, so both backends are asked, and each pair of answers has to be the one that curve448.ts promises.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { ed448 } from '@noble/curves/ed448.js';
import { concat, toUtf8 } from '@crypt2chat/shared/bytes';
import { seededRandomness } from '@crypt2chat/shared/testing';
import { unsafeVerifyUnlabelled } from '../../src/primitives/sign.ts';
import { onBoth } from './each-backend.ts';

const { Point } = ed448;
const p = Point.Fp.ORDER;
const order = Point.Fn.ORDER;
const message = toUtf8('torsion');
const signBit = 0x80;

/** All points whose order divides the cofactor: 1, 4, 2, 4. */
const torsion = [
  Point.ZERO,
  Point.fromAffine({ x: 1n, y: 0n }),
  Point.fromAffine({ x: 0n, y: p - 1n }),
  Point.fromAffine({ x: p - 1n, y: 0n }),
];

function toLittleEndian(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 57 }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
}

function fromLittleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

/** RFC 8032 §5.2.7, step 2. */
function challenge(r: Uint8Array, publicKey: Uint8Array): bigint {
  const hash = createHash('shake256', { outputLength: 114 });
  return (
    fromLittleEndian(hash.update(concat(toUtf8('SigEd448\0\0'), r, publicKey, message)).digest()) % order
  );
}

/** A signature whose key is off by one point of `torsion` and whose R by another. */
function signOff(
  seed: string,
  keyOff: number,
  rOff: number,
): { publicKey: Uint8Array; signature: Uint8Array } {
  const randomness = seededRandomness(seed);
  const secret = fromLittleEndian(randomness.bytes(57)) % order;
  const nonce = fromLittleEndian(randomness.bytes(57)) % order;
  const publicKey = Point.BASE.multiply(secret).add(torsion[keyOff]!).toBytes();
  const r = Point.BASE.multiply(nonce).add(torsion[rOff]!).toBytes();
  const s = toLittleEndian((nonce + challenge(r, publicKey) * secret) % order);
  return { publicKey, signature: concat(r, s) };
}

const verifiedByBoth = (publicKey: Uint8Array, signature: Uint8Array): readonly [boolean, boolean] =>
  onBoth(() => unsafeVerifyUnlabelled(publicKey, message, signature));

describe('Ed448 and points of small order', () => {
  it('takes a key or an R that is off by one, as RFC 8032 §5.2.7 does, in both backends alike', () => {
    const offsets = [...torsion.keys()];
    const cases = ['one', 'two', 'three'].flatMap((seed) =>
      offsets.flatMap((keyOff) => offsets.map((rOff) => signOff(seed, keyOff, rOff))),
    );
    const answers = onBoth(() =>
      cases.map(({ publicKey, signature }) => [
        unsafeVerifyUnlabelled(publicKey, message, signature),
        unsafeVerifyUnlabelled(
          publicKey,
          message,
          signature.map((byte, i) => (i === 60 ? byte ^ 1 : byte)),
        ),
      ]),
    );
    const expected = cases.map(() => [true, false]);
    assert.deepEqual(answers, [expected, expected]);
  }).timeout(30_000);

  it('refuses a key of small order, for which anybody can sign', () => {
    for (const key of torsion) {
      for (const r of torsion) {
        const signature = concat(r.toBytes(), new Uint8Array(57));
        assert.deepEqual(verifiedByBoth(key.toBytes(), signature), [false, false]);
      }
      const nonce = 987654321n;
      const honestR = concat(Point.BASE.multiply(nonce).toBytes(), toLittleEndian(nonce));
      assert.deepEqual(verifiedByBoth(key.toBytes(), honestR), [false, false]);
    }
  });

  it('refuses an R of small order under an honest key', () => {
    const secret = 123456789n;
    const publicKey = Point.BASE.multiply(secret).toBytes();
    for (const point of torsion) {
      const r = point.toBytes();
      const signature = concat(r, toLittleEndian((challenge(r, publicKey) * secret) % order));
      assert.deepEqual(verifiedByBoth(publicKey, signature), [false, false]);
    }
  });

  it('refuses every encoding of y >= p and of x = 0 with a sign, as key and as R', () => {
    const honest = signOff('one', 0, 0);
    const encodings = [0n, 1n, p - 1n, p, p + 1n, p + 2n, 2n ** 448n - 1n].flatMap((y) => {
      const plain = toLittleEndian(y);
      return [plain, plain.map((byte, i) => (i === 56 ? byte | signBit : byte))];
    });
    const spareBits = honest.publicKey.map((byte, i) => (i === 56 ? byte | 0x40 : byte));
    for (const encoding of [...encodings, spareBits]) {
      assert.deepEqual(verifiedByBoth(encoding, honest.signature), [false, false]);
      const withR = concat(encoding, honest.signature.subarray(57));
      assert.deepEqual(verifiedByBoth(honest.publicKey, withR), [false, false]);
    }
  });
});
