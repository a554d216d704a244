/**
 * The cryptographic functions that everything else is made of, and the only place that knows which library
 * computes them. All of them are synchronous, so that a change of state and its storage can be one step.
 */
export { aeadKeyBytes, aeadNonceBytes, aeadTagBytes, openAead, sealAead } from './aead.ts';
export { openSalted, saltBytes, sealSalted } from './salted.ts';
export { deriveMessageKey } from './chain.ts';
export { hash32, hash32Bytes, hkdf, hmacSha512, sha512 } from './kdf.ts';
export { dh, deriveDhKeyPair, dhKeyBytes, generateDhKeyPair, type DhKeyPair } from './dh.ts';
export {
  deriveSigningKeyPair,
  generateSigningKeyPair,
  sign,
  signatureBytes,
  signingKeyBytes,
  verify,
  type SigningKeyPair,
} from './sign.ts';
export {
  decapsulate,
  encapsulate,
  generateKemKeyPair,
  kemCiphertextBytes,
  kemPublicKeyBytes,
  kemSeedBytes,
  type KemKeyPair,
} from './kem.ts';
export { openHpke, sealHpke } from './hpke.ts';
export { pad, paddedSize, unpad } from './padding.ts';
export { systemRandomness, type Randomness } from './randomness.ts';
export { chooseBackends, type Algorithm, type BackendName } from './backends/index.ts';
