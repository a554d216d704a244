/** Our own constructions over fixed randomness: what was sealed, signed and named yesterday stays readable. */
import assert from 'node:assert/strict';
import { fromHex, toHex, toUtf8 } from '@crypt2chat/shared/bytes';
import { hasCode } from '@crypt2chat/shared/errors';
import {
  encapsulate,
  generateDhKeyPair,
  generateKemKeyPair,
  generateSigningKeyPair,
  hash32,
  openHpke,
  openSalted,
  pad,
  sealHpke,
  sealSalted,
  sign,
  verify,
} from '@crypt2chat/shared/primitives';
import { seededRandomness } from '@crypt2chat/shared/testing';
import { frozen } from '../vectors/frozen.ts';
import { describeEachBackend } from './each-backend.ts';

const { subtle } = globalThis.crypto;
const [label, aad, plaintext] = [frozen.label, toUtf8(frozen.aad), toUtf8(frozen.plaintext)];
const isOpenError = (error: unknown): boolean => hasCode(error, 'ERR_CRYPTO_OPEN');

describeEachBackend('frozen', () => {
  it('hash32', () => {
    assert.equal(toHex(hash32(label, plaintext)), frozen.hash32);
    assert.equal(toHex(hash32('', new Uint8Array(0))), frozen.hash32OfNothing);
  });

  it('sealSalted', () => {
    const randomness = seededRandomness(frozen.seed);
    const key = randomness.bytes(32);
    assert.equal(toHex(sealSalted(key, label, aad, plaintext, randomness)), frozen.sealSalted);
    assert.deepEqual(openSalted(key, label, aad, fromHex(frozen.sealSalted)), plaintext);
  });

  it('sealSalted is what the protocol’s §1 says, written out with WebCrypto', async () => {
    const key = seededRandomness(frozen.seed).bytes(32);
    const sealed = fromHex(frozen.sealSalted);
    const ikm = await subtle.importKey('raw', key, 'HKDF', false, ['deriveBits']);
    const hkdf = { name: 'HKDF', hash: 'SHA-512', salt: sealed.slice(0, 32), info: toUtf8(label) };
    const derived = new Uint8Array(await subtle.deriveBits(hkdf, ikm, 44 * 8));
    const aes = await subtle.importKey('raw', derived.slice(0, 32), 'AES-GCM', false, ['decrypt']);
    const gcm = { name: 'AES-GCM', iv: derived.slice(32), additionalData: aad, tagLength: 128 };
    assert.deepEqual(new Uint8Array(await subtle.decrypt(gcm, aes, sealed.slice(32))), plaintext);
  });

  it('openSalted refuses every byte altered, every cut, another key, info and aad, with one code', () => {
    const key = seededRandomness(frozen.seed).bytes(32);
    const sealed = fromHex(frozen.sealSalted);
    for (let i = 0; i < sealed.length; i++) {
      const altered = sealed.map((byte, at) => (at === i ? byte ^ 1 : byte));
      assert.throws(() => openSalted(key, label, aad, altered), isOpenError);
      assert.throws(() => openSalted(key, label, aad, sealed.subarray(0, i)), isOpenError);
    }
    assert.throws(() => openSalted(new Uint8Array(32), label, aad, sealed), isOpenError);
    assert.throws(() => openSalted(key, 'other', aad, sealed), isOpenError);
    assert.throws(() => openSalted(key, label, toUtf8('other'), sealed), isOpenError);
    assert.throws(() => openSalted(key.subarray(1), label, aad, sealed), RangeError);
    assert.throws(() => sealSalted(key.subarray(1), label, aad, sealed, seededRandomness('any')), RangeError);
  });

  it('sign', () => {
    const { publicKey, privateKey } = generateSigningKeyPair(seededRandomness(frozen.seed));
    assert.equal(toHex(publicKey), frozen.signingKey);
    assert.equal(toHex(sign(privateKey, label, plaintext)), frozen.signature);
    assert.equal(verify(publicKey, label, plaintext, fromHex(frozen.signature)), true);
  });

  it('sealHpke', () => {
    const randomness = seededRandomness(frozen.seed);
    const recipient = generateDhKeyPair(randomness);
    assert.equal(toHex(recipient.publicKey), frozen.dhKey);
    assert.equal(
      toHex(sealHpke(recipient.publicKey, toUtf8(label), aad, plaintext, randomness)),
      frozen.sealHpke,
    );
    assert.deepEqual(openHpke(recipient, toUtf8(label), aad, fromHex(frozen.sealHpke)), plaintext);
  });

  it('ML-KEM-1024, by digest', () => {
    const randomness = seededRandomness(frozen.seed);
    const { publicKey } = generateKemKeyPair(randomness);
    const { ciphertext, sharedSecret } = encapsulate(publicKey, randomness);
    assert.equal(toHex(hash32('', publicKey)), frozen.kemKeyHash);
    assert.equal(toHex(hash32('', ciphertext)), frozen.kemCiphertextHash);
    assert.equal(toHex(sharedSecret), frozen.kemSharedSecret);
  });

  it('pad', () => {
    assert.equal(toHex(pad(plaintext)), toHex(plaintext) + frozen.paddingAfterPlaintext);
  });
});
