/**
 * What a backend computes, one entry per algorithm. Sizes and encodings have been checked before a backend is
 * asked (see aead.ts, dh.ts, sign.ts), so that what a library does with odd input decides nothing.
 */
export interface Algorithms {
  /** AES-256-GCM. Key 32 bytes, nonce 12, `sealed` at least 16; `open` throws for a forgery. */
  readonly aead: {
    readonly seal: (key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array) => Uint8Array;
    readonly open: (key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array) => Uint8Array;
  };
  /** SHA-512: 64 bytes. */
  readonly sha512: { readonly hash: (data: Uint8Array) => Uint8Array };
  /** HMAC-SHA512: 64 bytes. */
  readonly hmac: { readonly mac: (key: Uint8Array, data: Uint8Array) => Uint8Array };
  /** HKDF-SHA512. `prk` is 64 bytes, `size` at most 16,320. */
  readonly hkdf: {
    readonly extract: (salt: Uint8Array, ikm: Uint8Array) => Uint8Array;
    readonly expand: (prk: Uint8Array, info: Uint8Array, size: number) => Uint8Array;
  };
  /** X448, all keys 56 bytes. An all-zero result is thrown or returned. */
  readonly x448: {
    readonly publicKey: (privateKey: Uint8Array) => Uint8Array;
    readonly sharedSecret: (privateKey: Uint8Array, publicKey: Uint8Array) => Uint8Array;
  };
  /** Ed448 without context: keys 57 bytes, signatures 114. `verify` checks the cofactored equation. */
  readonly ed448: {
    readonly publicKey: (seed: Uint8Array) => Uint8Array;
    readonly sign: (seed: Uint8Array, message: Uint8Array) => Uint8Array;
    readonly verify: (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;
  };
  /** ML-KEM-1024: seed 64 bytes, public key and ciphertext 1,568, message and shared secret 32. */
  readonly kem: {
    readonly publicKey: (seed: Uint8Array) => Uint8Array;
    readonly encapsulate: (
      publicKey: Uint8Array,
      message: Uint8Array,
    ) => { ciphertext: Uint8Array; sharedSecret: Uint8Array };
    readonly decapsulate: (seed: Uint8Array, ciphertext: Uint8Array) => Uint8Array;
  };
}

export type Algorithm = keyof Algorithms;

export type BackendName = 'node' | 'noble';

/** An algorithm that is missing here is one that the backend does not offer. */
export type Backend = Partial<Algorithms>;
