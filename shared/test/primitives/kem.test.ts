import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { concat, fromHex, toHex } from '@crypt2chat/shared/bytes';
import { hasCode } from '@crypt2chat/shared/errors';
import { decapsulate, encapsulate, generateKemKeyPair, type Randomness } from '@crypt2chat/shared/primitives';
import { seededRandomness } from '@crypt2chat/shared/testing';
import { accumulated, rejected } from '../vectors/ml-kem-1024.ts';

const shake128 = (data: Uint8Array, size: number): Uint8Array =>
  createHash('shake128', { outputLength: size }).update(data).digest();
const fixed = (bytes: Uint8Array): Randomness => ({ bytes: () => bytes.slice() });
const isKeyError = (error: unknown): boolean => hasCode(error, 'ERR_CRYPTO_KEY');

describe('ML-KEM-1024', () => {
  it('derives the key, and rejects implicitly, as Wycheproof says', () => {
    const pair = generateKemKeyPair(fixed(fromHex(rejected.seed)));
    assert.equal(toHex(pair.publicKey), rejected.publicKey);
    assert.equal(toHex(decapsulate(pair.seed, fromHex(rejected.ciphertext))), rejected.sharedSecret);
  });

  it('gives what CCTV accumulates over keys, encapsulations, decapsulations and rejections', function () {
    this.timeout(60_000);
    const perRound = 64 + 32 + 1568;
    const stream = shake128(new Uint8Array(0), perRound * accumulated.rounds);
    const results: Uint8Array[] = [];
    for (let at = 0; at < stream.length; at += perRound) {
      const { publicKey, seed } = generateKemKeyPair(fixed(stream.subarray(at, at + 64)));
      const { ciphertext, sharedSecret } = encapsulate(publicKey, fixed(stream.subarray(at + 64, at + 96)));
      assert.deepEqual(decapsulate(seed, ciphertext), sharedSecret);
      results.push(
        publicKey,
        ciphertext,
        sharedSecret,
        decapsulate(seed, stream.subarray(at + 96, at + perRound)),
      );
    }
    assert.equal(toHex(shake128(concat(...results), 32)), accumulated.digest);
  });

  it('gives another secret, and no error, for each altered ciphertext', () => {
    const { publicKey, seed } = generateKemKeyPair(seededRandomness('kem'));
    const { ciphertext, sharedSecret } = encapsulate(publicKey, seededRandomness('encapsulation'));
    for (const index of [0, 1, 700, 1567]) {
      const altered = ciphertext.map((byte, i) => (i === index ? byte ^ 1 : byte));
      const secret = decapsulate(seed, altered);
      assert.notDeepEqual(secret, sharedSecret);
      assert.deepEqual(decapsulate(seed, altered), secret);
    }
  });

  it('refuses a public key with a coefficient of q or more (FIPS 203 §7.2)', () => {
    const { publicKey } = generateKemKeyPair(seededRandomness('kem'));
    const q = 3329;
    for (const index of [0, 1, 511, 1022, 1023]) {
      for (const coefficient of [q, q + 1, 4095]) {
        const altered = withCoefficient(publicKey, index, coefficient);
        assert.throws(() => encapsulate(altered, seededRandomness('encapsulation')), isKeyError);
      }
      encapsulate(withCoefficient(publicKey, index, q - 1), seededRandomness('encapsulation'));
    }
  });

  it('refuses other sizes: from outside with a code, from inside as a mistake of ours', () => {
    const { publicKey, seed } = generateKemKeyPair(seededRandomness('kem'));
    for (const size of [0, 1567, 1569]) {
      assert.throws(() => encapsulate(new Uint8Array(size), seededRandomness('encapsulation')), isKeyError);
      assert.throws(() => decapsulate(seed, new Uint8Array(size)), isKeyError);
    }
    assert.throws(() => decapsulate(seed.subarray(1), new Uint8Array(1568)), RangeError);
    assert.throws(() => encapsulate(publicKey, fixed(new Uint8Array(31))), RangeError);
    assert.throws(() => generateKemKeyPair(fixed(new Uint8Array(32))), RangeError);
  });
});

/** The public key with one of its 1,024 coefficients of 12 bits replaced. */
function withCoefficient(publicKey: Uint8Array, index: number, coefficient: number): Uint8Array {
  const altered = publicKey.slice();
  const at = (index >> 1) * 3;
  if (index % 2 === 0) {
    altered[at] = coefficient & 0xff;
    altered[at + 1] = (altered[at + 1]! & 0xf0) | (coefficient >> 8);
  } else {
    altered[at + 1] = (altered[at + 1]! & 0x0f) | ((coefficient & 0x0f) << 4);
    altered[at + 2] = coefficient >> 4;
  }
  return altered;
}
