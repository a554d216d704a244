/**
 * AES-256-GCM, SHA-512, HMAC and HKDF. WebCrypto speaks here as a third voice: it is asynchronous and therefore no
 * backend, but it must agree on every vector and on what fast-check draws.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { concat, fromHex, toHex } from '@crypt2chat/shared/bytes';
import { hasCode } from '@crypt2chat/shared/errors';
import { hkdf, hmacSha512, openAead, sealAead, sha512 } from '@crypt2chat/shared/primitives';
import { hkdfExpand, hkdfExtract } from '../../src/primitives/kdf.ts';
import { gcmForgeries, gcmVectors } from '../vectors/aes-256-gcm.ts';
import { hkdfLongest, hkdfVectors, hmacVectors, sha512Vectors } from '../vectors/symmetric.ts';
import { describeEachBackend, onBoth } from './each-backend.ts';

const { subtle } = globalThis.crypto;
const isOpenError = (error: unknown): boolean => hasCode(error, 'ERR_CRYPTO_OPEN');

const webCrypto = {
  async seal(
    key: Uint8Array,
    nonce: Uint8Array,
    aad: Uint8Array,
    plaintext: Uint8Array,
  ): Promise<Uint8Array> {
    const imported = await subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt']);
    const algorithm = { name: 'AES-GCM', iv: nonce, additionalData: aad, tagLength: 128 };
    return new Uint8Array(await subtle.encrypt(algorithm, imported, plaintext));
  },
  async opens(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Promise<boolean> {
    const imported = await subtle.importKey('raw', key, 'AES-GCM', false, ['decrypt']);
    const algorithm = { name: 'AES-GCM', iv: nonce, additionalData: aad, tagLength: 128 };
    return subtle.decrypt(algorithm, imported, sealed).then(
      () => true,
      () => false,
    );
  },
  async hash(data: Uint8Array): Promise<Uint8Array> {
    return new Uint8Array(await subtle.digest('SHA-512', data));
  },
  async mac(key: Uint8Array, data: Uint8Array): Promise<Uint8Array> {
    const imported = await subtle.importKey('raw', key, { name: 'HMAC', hash: 'SHA-512' }, false, ['sign']);
    return new Uint8Array(await subtle.sign('HMAC', imported, data));
  },
  async hkdf(ikm: Uint8Array, salt: Uint8Array, info: Uint8Array, size: number): Promise<Uint8Array> {
    const imported = await subtle.importKey('raw', ikm, 'HKDF', false, ['deriveBits']);
    return new Uint8Array(
      await subtle.deriveBits({ name: 'HKDF', hash: 'SHA-512', salt, info }, imported, size * 8),
    );
  },
};

describeEachBackend('AES-256-GCM', () => {
  for (const vector of gcmVectors) {
    it(`seals and opens: ${vector.name}`, async () => {
      const [key, nonce, aad] = [fromHex(vector.key), fromHex(vector.nonce), fromHex(vector.aad)];
      const [plaintext, sealed] = [fromHex(vector.plaintext), fromHex(vector.ciphertext + vector.tag)];
      assert.equal(toHex(sealAead(key, nonce, aad, plaintext)), toHex(sealed));
      assert.equal(toHex(openAead(key, nonce, aad, sealed)), toHex(plaintext));
      assert.equal(toHex(await webCrypto.seal(key, nonce, aad, plaintext)), toHex(sealed));
    });
  }

  it('refuses forged tags', async () => {
    const [key, nonce, aad] = [
      fromHex(gcmForgeries.key),
      fromHex(gcmForgeries.nonce),
      fromHex(gcmForgeries.aad),
    ];
    const right = fromHex(gcmForgeries.ciphertext + gcmForgeries.tag);
    assert.equal(toHex(openAead(key, nonce, aad, right)), gcmForgeries.plaintext);
    for (const tag of gcmForgeries.forgedTags) {
      const sealed = fromHex(gcmForgeries.ciphertext + tag);
      assert.throws(() => openAead(key, nonce, aad, sealed), isOpenError);
      assert.equal(await webCrypto.opens(key, nonce, aad, sealed), false);
    }
  });

  it('refuses every altered bit, every cut, other associated data, another key and nonce', () => {
    const [key, nonce] = [new Uint8Array(32).fill(1), new Uint8Array(12).fill(2)];
    const [aad, plaintext] = [new Uint8Array(20).fill(3), new Uint8Array(33).fill(4)];
    const sealed = sealAead(key, nonce, aad, plaintext);
    const flip = (bytes: Uint8Array, bit: number): Uint8Array =>
      bytes.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      assert.throws(() => openAead(key, nonce, aad, flip(sealed, bit)), isOpenError);
    }
    for (let size = 0; size < sealed.length; size++) {
      assert.throws(() => openAead(key, nonce, aad, sealed.subarray(0, size)), isOpenError);
    }
    assert.throws(() => openAead(key, nonce, flip(aad, 7), sealed), isOpenError);
    assert.throws(() => openAead(key, nonce, aad.subarray(1), sealed), isOpenError);
    assert.throws(() => openAead(flip(key, 0), nonce, aad, sealed), isOpenError);
    assert.throws(() => openAead(key, flip(nonce, 95), aad, sealed), isOpenError);
  });

  it('takes a key or nonce of another size for a mistake of ours', () => {
    const empty = new Uint8Array(0);
    for (const size of [0, 16, 31, 33]) {
      assert.throws(() => sealAead(new Uint8Array(size), new Uint8Array(12), empty, empty), RangeError);
      assert.throws(
        () => openAead(new Uint8Array(size), new Uint8Array(12), empty, new Uint8Array(16)),
        RangeError,
      );
    }
    for (const size of [0, 8, 11, 13, 16]) {
      assert.throws(() => sealAead(new Uint8Array(32), new Uint8Array(size), empty, empty), RangeError);
      assert.throws(
        () => openAead(new Uint8Array(32), new Uint8Array(size), empty, new Uint8Array(16)),
        RangeError,
      );
    }
  });

  it('gives arrays of its own that share no memory', () => {
    const [key, nonce, aad] = [new Uint8Array(32), new Uint8Array(12), new Uint8Array(0)];
    for (const size of [0, 1, 15, 16, 1000, 100_000]) {
      const plaintext = new Uint8Array(size).fill(7);
      const sealed = sealAead(key, nonce, aad, plaintext);
      const opened = openAead(key, nonce, aad, sealed);
      for (const [result, length] of [[sealed, size + 16] as const, [opened, size] as const]) {
        assert.equal(Object.getPrototypeOf(result), Uint8Array.prototype);
        assert.equal(result.length, length);
        assert.equal(result.buffer.byteLength, length);
      }
      sealed.fill(0);
      assert.deepEqual(opened, plaintext);
    }
  });
});

describeEachBackend('SHA-512, HMAC and HKDF', () => {
  it('hashes as NIST does', async () => {
    for (const vector of sha512Vectors) {
      assert.equal(toHex(sha512(fromHex(vector.data))), vector.hash);
      assert.equal(toHex(await webCrypto.hash(fromHex(vector.data))), vector.hash);
    }
  });

  for (const vector of hmacVectors) {
    it(`authenticates: ${vector.name}`, async () => {
      const [key, data] = [fromHex(vector.key), fromHex(vector.data)];
      assert.equal(toHex(hmacSha512(key, data)).slice(0, vector.mac.length), vector.mac);
      assert.equal(toHex(await webCrypto.mac(key, data)).slice(0, vector.mac.length), vector.mac);
    });
  }

  for (const vector of hkdfVectors) {
    it(`derives: ${vector.name}`, async () => {
      const [ikm, salt, info] = [fromHex(vector.ikm), fromHex(vector.salt), fromHex(vector.info)];
      const size = vector.okm.length / 2;
      assert.equal(toHex(hkdf(ikm, salt, info, size)), vector.okm);
      assert.equal(toHex(hkdfExpand(hkdfExtract(salt, ikm), info, size)), vector.okm);
      assert.equal(toHex(await webCrypto.hkdf(ikm, salt, info, size)), vector.okm);
    });
  }

  it('derives the most that HKDF gives, and not a byte more', async () => {
    const { size, okmStart } = hkdfLongest;
    const [ikm, salt, info] = [
      fromHex(hkdfLongest.ikm),
      fromHex(hkdfLongest.salt),
      fromHex(hkdfLongest.info),
    ];
    const okm = hkdf(ikm, salt, info, size);
    assert.equal(toHex(okm.subarray(0, 32)), okmStart);
    assert.deepEqual(okm, await webCrypto.hkdf(ikm, salt, info, size));
    for (const wrong of [size + 1, -1, 1.5, Number.NaN])
      assert.throws(() => hkdf(ikm, salt, info, wrong), RangeError);
    assert.equal(hkdf(ikm, salt, info, 0).length, 0);
  });

  it('leaves its input alone', () => {
    const input = new Uint8Array(32).fill(9);
    hkdf(input, input, input, 100);
    hmacSha512(input, input);
    sha512(input);
    assert.deepEqual(input, new Uint8Array(32).fill(9));
  });
});

describe('node:crypto, noble and WebCrypto', () => {
  const bytes = (maxLength: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ maxLength });
  const exactly = (size: number): fc.Arbitrary<Uint8Array> =>
    fc.uint8Array({ minLength: size, maxLength: size });
  /** As a view into a larger buffer, at an odd offset: alignment must not matter. */
  const offset = (data: Uint8Array): Uint8Array =>
    concat(new Uint8Array(3), data, new Uint8Array(5)).subarray(3, 3 + data.length);

  it('agree on AES-256-GCM', async () => {
    await fc.assert(
      fc.asyncProperty(
        exactly(32),
        exactly(12),
        bytes(100),
        bytes(600),
        async (key, nonce, aad, plaintext) => {
          const [node, noble] = onBoth(() =>
            sealAead(offset(key), offset(nonce), offset(aad), offset(plaintext)),
          );
          assert.deepEqual(node, noble);
          assert.deepEqual(await webCrypto.seal(key, nonce, aad, plaintext), node);
          for (const opened of onBoth(() => openAead(key, nonce, aad, offset(node))))
            assert.deepEqual(opened, plaintext);
        },
      ),
    );
  });

  it('agree on what is a forgery', async () => {
    await fc.assert(
      fc.asyncProperty(exactly(32), exactly(12), bytes(40), bytes(80), async (key, nonce, aad, sealed) => {
        const refused = onBoth(() => {
          try {
            openAead(key, nonce, aad, sealed);
            return false;
          } catch (error) {
            return isOpenError(error);
          }
        });
        assert.deepEqual(refused, [true, true]);
        assert.equal(await webCrypto.opens(key, nonce, aad, sealed), false);
      }),
    );
  });

  it('agree on SHA-512, HMAC and HKDF', async () => {
    await fc.assert(
      fc.asyncProperty(
        bytes(300),
        bytes(300),
        bytes(2000),
        fc.integer({ min: 0, max: 300 }),
        async (a, b, c, size) => {
          const [hashes, macs] = [
            onBoth(() => sha512(offset(c))),
            onBoth(() => hmacSha512(offset(a), offset(c))),
          ];
          const derived = onBoth(() => hkdf(offset(a), offset(b), offset(c), size));
          assert.deepEqual(hashes[0], hashes[1]);
          assert.deepEqual(macs[0], macs[1]);
          assert.deepEqual(derived[0], derived[1]);
          assert.deepEqual(await webCrypto.hash(c), hashes[0]);
          // WebCrypto has no HMAC under an empty key.
          if (a.length > 0) assert.deepEqual(await webCrypto.mac(a, c), macs[0]);
          if (size > 0) assert.deepEqual(await webCrypto.hkdf(a, b, c, size), derived[0]);
        },
      ),
    );
  });
});
