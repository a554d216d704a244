/**
 * node:crypto: OpenSSL in Node, BoringSSL (without the 448 curves) in Electron.
 *
 * Raw keys enter as JWK (RFC 8037), which Node takes only at their exact size and imports four times faster
 * than DER. ML-KEM is left to noble: where Node has it (24.7 and later), it takes no randomness from outside,
 * so that encapsulation could not be repeated in a test.
 */
import crypto from 'node:crypto';
import { concat, toBase64url, wipe } from '../../bytes/index.ts';
import type { Algorithms, Backend } from './algorithms.ts';

const gcm = 'aes-256-gcm';
const tagBytes = 16;
const hashBytes = 64;

const mac: Algorithms['hmac']['mac'] = (key, data) =>
  plain(crypto.createHmac('sha512', key).update(data).digest());

export const node: Backend = {
  aead: {
    seal(key, nonce, aad, plaintext) {
      const cipher = crypto.createCipheriv(gcm, key, nonce, { authTagLength: tagBytes });
      cipher.setAAD(aad);
      const ciphertext = cipher.update(plaintext);
      return concat(ciphertext, cipher.final(), cipher.getAuthTag());
    },
    open(key, nonce, aad, sealed) {
      const end = sealed.length - tagBytes;
      const decipher = crypto.createDecipheriv(gcm, key, nonce, { authTagLength: tagBytes });
      decipher.setAuthTag(sealed.subarray(end));
      decipher.setAAD(aad);
      const plaintext = decipher.update(sealed.subarray(0, end));
      try {
        decipher.final();
      } catch (error) {
        wipe(plaintext);
        throw error;
      }
      return plain(plaintext);
    },
  },
  sha512: { hash: (data) => plain(crypto.createHash('sha512').update(data).digest()) },
  hmac: { mac },
  hkdf: {
    extract: (salt, ikm) => mac(salt, ikm),
    // RFC 5869 §2.3 by hand: hkdfSync takes twice the time, and no `info` above 1,024 bytes.
    expand(prk, info, size) {
      const out = new Uint8Array(size);
      let block = new Uint8Array(0);
      for (let filled = 0, counter = 1; filled < size; filled += hashBytes, counter++) {
        const previous = block;
        block = new Uint8Array(mac(prk, concat(previous, info, Uint8Array.of(counter))));
        wipe(previous);
        out.set(block.subarray(0, size - filled), filled);
      }
      wipe(block);
      return out;
    },
  },
  x448: {
    publicKey: (privateKey) => publicHalf(importPrivate('X448', privateKey)),
    sharedSecret: (privateKey, publicKey) =>
      plain(
        crypto.diffieHellman({
          privateKey: importPrivate('X448', privateKey),
          publicKey: importPublic('X448', publicKey),
        }),
      ),
  },
  ed448: {
    publicKey: (seed) => publicHalf(importPrivate('Ed448', seed)),
    sign: (seed, message) => plain(crypto.sign(null, message, importPrivate('Ed448', seed))),
    verify: (publicKey, message, signature) =>
      crypto.verify(null, message, importPublic('Ed448', publicKey), signature),
  },
};

type Curve = 'X448' | 'Ed448';

function importPublic(crv: Curve, key: Uint8Array): crypto.KeyObject {
  return crypto.createPublicKey({ key: { kty: 'OKP', crv, x: toBase64url(key) }, format: 'jwk' });
}

/** OpenSSL computes the public half itself; what stands in `x` is not looked at, but has to be there. */
function importPrivate(crv: Curve, key: Uint8Array): crypto.KeyObject {
  return crypto.createPrivateKey({ key: { kty: 'OKP', crv, x: '', d: toBase64url(key) }, format: 'jwk' });
}

function publicHalf(privateKey: crypto.KeyObject): Uint8Array {
  const { x } = crypto.createPublicKey(privateKey).export({ format: 'jwk' });
  if (x === undefined) throw new TypeError('not an OKP key');
  return new Uint8Array(Buffer.from(x, 'base64url'));
}

/** As a Uint8Array that shares its memory with nothing else. */
function plain(buffer: Buffer): Uint8Array {
  return buffer.length === buffer.buffer.byteLength ? new Uint8Array(buffer.buffer) : new Uint8Array(buffer);
}
