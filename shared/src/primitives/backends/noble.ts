/** The backend that runs everywhere: @noble, in JavaScript. Its big-integer arithmetic is not constant-time. */
import { gcm } from '@noble/ciphers/aes.js';
import { ed448, x448 } from '@noble/curves/ed448.js';
import { expand, extract } from '@noble/hashes/hkdf.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { ml_kem1024 } from '@noble/post-quantum/ml-kem.js';
import { wipe } from '../../bytes/index.ts';
import type { Algorithms } from './algorithms.ts';

export const noble: Algorithms = {
  aead: {
    seal: (key, nonce, aad, plaintext) => gcm(key, nonce, aad).encrypt(plaintext),
    open: (key, nonce, aad, sealed) => gcm(key, nonce, aad).decrypt(sealed),
  },
  sha512: { hash: (data) => sha512(data) },
  hmac: { mac: (key, data) => hmac(sha512, key, data) },
  hkdf: {
    extract: (salt, ikm) => extract(sha512, ikm, salt),
    expand: (prk, info, size) => expand(sha512, prk, info, size),
  },
  x448: {
    publicKey: (privateKey) => x448.getPublicKey(privateKey),
    sharedSecret: (privateKey, publicKey) => x448.getSharedSecret(privateKey, publicKey),
  },
  ed448: {
    publicKey: (seed) => ed448.getPublicKey(seed),
    sign: (seed, message) => ed448.sign(message, seed),
    verify: (publicKey, message, signature) => ed448.verify(signature, message, publicKey),
  },
  kem: {
    publicKey(seed) {
      const { publicKey, secretKey } = ml_kem1024.keygen(seed);
      wipe(secretKey);
      return publicKey;
    },
    encapsulate(publicKey, message) {
      const { cipherText, sharedSecret } = ml_kem1024.encapsulate(publicKey, message);
      return { ciphertext: cipherText, sharedSecret };
    },
    decapsulate(seed, ciphertext) {
      const { secretKey } = ml_kem1024.keygen(seed);
      try {
        return ml_kem1024.decapsulate(ciphertext, secretKey);
      } finally {
        wipe(secretKey);
      }
    },
  },
};
