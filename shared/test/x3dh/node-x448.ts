import { createPrivateKey, createPublicKey, diffieHellman } from 'node:crypto';
import { concat } from '@crypt2chat/shared/bytes';

/** X448 by node:crypto alone, for checks that share no code with ours. */
export function nodeX448(privateKey: Uint8Array, publicKey: Uint8Array): Uint8Array {
  const pkcs8 = concat(Buffer.from('3046020100300506032b656f043a0438', 'hex'), privateKey);
  const spki = concat(Buffer.from('3042300506032b656f033900', 'hex'), publicKey);
  return diffieHellman({
    privateKey: createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' }),
    publicKey: createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' }),
  });
}
