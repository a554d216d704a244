/**
 * HPKE. The vectors published with RFC 9180 that could be had do not cover our suite, so the primitives are checked
 * by vectors of their own, and their composition against an independent implementation, byte for byte.
 */
import assert from 'node:assert/strict';
import { Aes256Gcm, CipherSuite, HkdfSha512 } from '@hpke/core';
import { DhkemX448HkdfSha512 } from '@hpke/dhkem-x448';
import fc from 'fast-check';
import { concat, toUtf8 } from '@crypt2chat/shared/bytes';
import { hasCode } from '@crypt2chat/shared/errors';
import {
  deriveDhKeyPair,
  generateDhKeyPair,
  openHpke,
  sealHpke,
  type Randomness,
} from '@crypt2chat/shared/primitives';
import { seededRandomness } from '@crypt2chat/shared/testing';
import { describeEachBackend } from './each-backend.ts';

const other = new CipherSuite({
  kem: new DhkemX448HkdfSha512(),
  kdf: new HkdfSha512(),
  aead: new Aes256Gcm(),
});

const isOpenError = (error: unknown): boolean => hasCode(error, 'ERR_CRYPTO_OPEN');
const copy = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer;
const fixed = (bytes: Uint8Array): Randomness => ({ bytes: () => bytes.slice() });
const bytes = (maxLength: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ maxLength });
const key = fc.uint8Array({ minLength: 56, maxLength: 56 });

describeEachBackend('HPKE', () => {
  it('seals what the other implementation opens, and the same bytes under the same ephemeral key', async () => {
    await fc.assert(
      fc.asyncProperty(
        key,
        key,
        bytes(80),
        bytes(80),
        bytes(300),
        async (ours, drawn, info, aad, plaintext) => {
          const recipient = deriveDhKeyPair(ours);
          const sealed = sealHpke(recipient.publicKey, info, aad, plaintext, fixed(drawn));
          const recipientKey: unknown = await other.kem.importKey('raw', copy(recipient.privateKey), false);
          const enc = copy(sealed.subarray(0, 56));
          const opened = await other.open(
            { recipientKey, enc, info: copy(info) },
            copy(sealed.subarray(56)),
            copy(aad),
          );
          assert.deepEqual(new Uint8Array(opened), plaintext);

          const ephemeral = deriveDhKeyPair(drawn);
          const privateKey: unknown = await other.kem.importKey('raw', copy(ephemeral.privateKey), false);
          const publicKey: unknown = await other.kem.importKey('raw', copy(ephemeral.publicKey), true);
          const ekm = { privateKey, publicKey };
          const recipientPublicKey: unknown = await other.kem.importKey(
            'raw',
            copy(recipient.publicKey),
            true,
          );
          const theirs = await other.seal(
            { recipientPublicKey, info: copy(info), ekm },
            copy(plaintext),
            copy(aad),
          );
          assert.deepEqual(concat(new Uint8Array(theirs.enc), new Uint8Array(theirs.ct)), sealed);
        },
      ),
      { numRuns: 20 },
    );
  }).timeout(60_000);

  it('opens what the other implementation seals', async () => {
    await fc.assert(
      fc.asyncProperty(key, bytes(80), bytes(80), bytes(300), async (ours, info, aad, plaintext) => {
        const recipient = deriveDhKeyPair(ours);
        const recipientPublicKey: unknown = await other.kem.importKey('raw', copy(recipient.publicKey), true);
        const { enc, ct } = await other.seal(
          { recipientPublicKey, info: copy(info) },
          copy(plaintext),
          copy(aad),
        );
        const sealed = concat(new Uint8Array(enc), new Uint8Array(ct));
        assert.deepEqual(openHpke(recipient, info, aad, sealed), plaintext);
      }),
      { numRuns: 20 },
    );
  }).timeout(60_000);

  it('refuses every byte altered, every cut, another info, aad and recipient, with one code', () => {
    const randomness = seededRandomness('hpke');
    const [recipient, stranger] = [generateDhKeyPair(randomness), generateDhKeyPair(randomness)];
    const [info, aad] = [toUtf8('info'), toUtf8('aad')];
    const sealed = sealHpke(recipient.publicKey, info, aad, toUtf8('plaintext'), randomness);
    assert.deepEqual(openHpke(recipient, info, aad, sealed), toUtf8('plaintext'));
    for (let i = 0; i < sealed.length; i++) {
      const altered = sealed.map((byte, at) => (at === i ? byte ^ 0x10 : byte));
      assert.throws(() => openHpke(recipient, info, aad, altered), isOpenError);
      assert.throws(() => openHpke(recipient, info, aad, sealed.subarray(0, i)), isOpenError);
    }
    assert.throws(() => openHpke(recipient, toUtf8('inf'), aad, sealed), isOpenError);
    assert.throws(() => openHpke(recipient, info, toUtf8('aa'), sealed), isOpenError);
    assert.throws(() => openHpke(stranger, info, aad, sealed), isOpenError);
    const smallOrder = concat(new Uint8Array(56), sealed.subarray(56));
    assert.throws(() => openHpke(recipient, info, aad, smallOrder), isOpenError);
  });

  it('does not seal to a key of small order', () => {
    const empty = new Uint8Array(0);
    assert.throws(
      () => sealHpke(new Uint8Array(56), empty, empty, empty, seededRandomness('hpke')),
      (error) => hasCode(error, 'ERR_CRYPTO_KEY'),
    );
  });

  it('leaves the recipient’s keys alone', () => {
    const recipient = generateDhKeyPair(seededRandomness('recipient'));
    const before = { publicKey: recipient.publicKey.slice(), privateKey: recipient.privateKey.slice() };
    const empty = new Uint8Array(0);
    openHpke(
      recipient,
      empty,
      empty,
      sealHpke(recipient.publicKey, empty, empty, empty, seededRandomness('hpke')),
    );
    assert.deepEqual(recipient, before);
  });
});
