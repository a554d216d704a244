/**
 * What a backend has to get right before it is used: a known answer for each function, and the refusal of a
 * forgery. The values come from NIST's GCM specification (test case 16), FIPS 180-4, RFC 4231 §4.3, Wycheproof
 * (HKDF-SHA-512, 12), RFC 7748 §6.2 and RFC 8032 §7.4 ("1 octet"); that of ML-KEM is our own digest over a run
 * whose parts the test vectors check one by one.
 */
import { concat, equalBytes, fromHex, toUtf8 } from '../../bytes/index.ts';
import type { Algorithm, Algorithms } from './algorithms.ts';
import { noble } from './noble.ts';

/** Throws or returns false for an implementation that must not be used. */
export const selfTests: { readonly [A in Algorithm]: (implementation: Algorithms[A]) => boolean } = {
  aead({ seal, open }) {
    const key = fromHex('feffe9928665731c6d6a8f9467308308'.repeat(2));
    const nonce = fromHex('cafebabefacedbaddecaf888');
    const aad = fromHex('feedfacedeadbeeffeedfacedeadbeefabaddad2');
    const plaintext = fromHex(
      'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72' +
        '1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39',
    );
    const sealed = fromHex(
      '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa' +
        '8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662' +
        '76fc6ece0f4e1768cddf8853bb2d551b',
    );
    return (
      equalBytes(seal(key, nonce, aad, plaintext), sealed) &&
      equalBytes(open(key, nonce, aad, sealed), plaintext) &&
      refuses(() => open(key, nonce, aad, withFlippedBit(sealed, sealed.length - 1))) &&
      refuses(() => open(key, nonce, aad, withFlippedBit(sealed, 0))) &&
      refuses(() => open(key, nonce, withFlippedBit(aad, 0), sealed)) &&
      refuses(() => open(key, nonce, aad, sealed.subarray(0, -1)))
    );
  },

  sha512: ({ hash }) =>
    equalBytes(
      hash(toUtf8('abc')),
      fromHex(
        'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a' +
          '2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
      ),
    ),

  hmac: ({ mac }) =>
    equalBytes(
      mac(toUtf8('Jefe'), toUtf8('what do ya want for nothing?')),
      fromHex(
        '164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554' +
          '9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737',
      ),
    ),

  hkdf: ({ extract, expand }) =>
    equalBytes(
      expand(
        extract(fromHex('08bc01c053a6406c7c4a667c9b9b3894'), fromHex('7a00817689a3d79001825a864c69c120')),
        fromHex('967ccd75395be6e96a67759f070487c9e2107791'),
        64,
      ),
      fromHex(
        'aed987bcc5ed33c4feec7b28aa9fe1c16b1181e00ff42c63cf692ec19242f6d4' +
          '628604b3382db0806d5e61518f83fc651e6f3bd0a9d1322926a76869b98b75d6',
      ),
    ),

  x448({ publicKey, sharedSecret }) {
    const ours = fromHex(
      '9a8f4925d1519f5775cf46b04b5800d4ee9ee8bae8bc5565d498c28d' +
        'd9c9baf574a9419744897391006382a6f127ab1d9ac2d8c0a598726b',
    );
    const theirs = fromHex(
      '3eb7a829b0cd20f5bcfc0b599b6feccf6da4627107bdb0d4f345b430' +
        '27d8b972fc3e34fb4232a13ca706dcb57aec3dae07bdc1c67bf33609',
    );
    return (
      equalBytes(
        publicKey(ours),
        fromHex(
          '9b08f7cc31b7e3e67d22d5aea121074a273bd2b83de09c63faa73d2c' +
            '22c5d9bbc836647241d953d40c5b12da88120d53177f80e532c41fa0',
        ),
      ) &&
      equalBytes(
        sharedSecret(ours, theirs),
        fromHex(
          '07fff4181ac6cc95ec1c16a94a0f74d12da232ce40a77552281d282b' +
            'b60c0b56fd2464c335543936521c24403085d59a449a5037514a879d',
        ),
      )
    );
  },

  ed448({ publicKey, sign, verify }) {
    const seed = fromHex(
      'c4eab05d357007c632f3dbb48489924d552b08fe0c353a0d4a1f00acda2c463a' +
        'fbea67c5e8d2877c5e3bc397a659949ef8021e954e0a12274e',
    );
    const key = fromHex(
      '43ba28f430cdff456ae531545f7ecd0ac834a55d9358c0372bfa0c6c6798c086' +
        '6aea01eb00742802b8438ea4cb82169c235160627b4c3a9480',
    );
    const signature = fromHex(
      '26b8f91727bd62897af15e41eb43c377efb9c610d48f2335cb0bd0087810f435' +
        '2541b143c4b981b7e18f62de8ccdf633fc1bf037ab7cd779805e0dbcc0aae1cb' +
        'cee1afb2e027df36bc04dcecbf154336c19f0af7e0a6472905e799f1953d2a0f' +
        'f3348ab21aa4adafd1d234441cf807c03a00',
    );
    const message = Uint8Array.of(3);
    return (
      equalBytes(publicKey(seed), key) &&
      equalBytes(sign(seed, message), signature) &&
      verify(key, message, signature) &&
      !accepts(() => verify(key, Uint8Array.of(2), signature)) &&
      !accepts(() => verify(key, message, withFlippedBit(signature, 60)))
    );
  },

  kem({ publicKey, encapsulate, decapsulate }) {
    const seed = Uint8Array.from({ length: 64 }, (_, i) => i);
    const key = publicKey(seed);
    const { ciphertext, sharedSecret } = encapsulate(
      key,
      Uint8Array.from({ length: 32 }, (_, i) => 255 - i),
    );
    const rejected = decapsulate(seed, withFlippedBit(ciphertext, 0));
    const digest = noble.sha512.hash(concat(key, ciphertext, sharedSecret, rejected));
    return (
      equalBytes(decapsulate(seed, ciphertext), sharedSecret) &&
      equalBytes(
        digest.subarray(0, 32),
        fromHex('e97c60e6686024fa5dc8bd45289c1a83f6def01a176e8933ff258867b80bd5a6'),
      )
    );
  },
};

function withFlippedBit(bytes: Uint8Array, index: number): Uint8Array {
  return bytes.map((byte, at) => (at === index ? byte ^ 1 : byte));
}

function refuses(call: () => unknown): boolean {
  try {
    call();
    return false;
  } catch {
    return true;
  }
}

function accepts(check: () => boolean): boolean {
  try {
    return check();
  } catch {
    return false;
  }
}
