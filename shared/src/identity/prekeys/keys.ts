import * as v from 'valibot';
import { bytesSchema, uintSchema } from '../../log/index.ts';
import {
  dhKeyBytes,
  generateDhKeyPair,
  generateKemKeyPair,
  hash32,
  kemPublicKeyBytes,
  kemSeedBytes,
  type Randomness,
} from '../../primitives/index.ts';

/** A private half of an X448 prekey, as the vault keeps it: `publicKey` and `privateKey` have 56 bytes. */
export interface DhPrekey<Kind extends DhPrekeyKind = DhPrekeyKind> {
  readonly id: number;
  readonly kind: Kind;
  readonly publicKey: Uint8Array;
  readonly privateKey: Uint8Array;
}

/** A private half of an ML-KEM-1024 prekey: `publicKey` has 1,568 bytes, `seed` 64. */
export interface KemPrekey<Kind extends KemPrekeyKind = KemPrekeyKind> {
  readonly id: number;
  readonly kind: Kind;
  readonly publicKey: Uint8Array;
  readonly seed: Uint8Array;
}

export type DhPrekeyKind = 'signed' | 'sealing' | 'one-time';
export type KemPrekeyKind = 'last-resort-kem' | 'one-time-kem';
/** Any of them, told apart by `kind`. */
export type Prekey =
  | { [Kind in DhPrekeyKind]: DhPrekey<Kind> }[DhPrekeyKind]
  | { [Kind in KemPrekeyKind]: KemPrekey<Kind> }[KemPrekeyKind];

/** A public half, as it is published. */
export interface PublicPrekey {
  readonly id: number;
  readonly key: Uint8Array;
}

const idSchema = uintSchema();

export const publicDhPrekeySchema = v.strictObject({ id: idSchema, key: bytesSchema(dhKeyBytes) });
export const publicKemPrekeySchema = v.strictObject({ id: idSchema, key: bytesSchema(kemPublicKeyBytes) });

const dhPrekeySchema = <Kind extends DhPrekeyKind>(kind: Kind) =>
  v.strictObject({
    id: idSchema,
    kind: v.literal(kind),
    publicKey: bytesSchema(dhKeyBytes),
    privateKey: bytesSchema(dhKeyBytes),
  });
const kemPrekeySchema = <Kind extends KemPrekeyKind>(kind: Kind) =>
  v.strictObject({
    id: idSchema,
    kind: v.literal(kind),
    publicKey: bytesSchema(kemPublicKeyBytes),
    seed: bytesSchema(kemSeedBytes),
  });

/** For the vault. */
export const prekeySchema = v.variant('kind', [
  dhPrekeySchema('signed'),
  dhPrekeySchema('sealing'),
  dhPrekeySchema('one-time'),
  kemPrekeySchema('last-resort-kem'),
  kemPrekeySchema('one-time-kem'),
]);

export function generateDhPrekey<Kind extends DhPrekeyKind>(
  kind: Kind,
  id: number,
  randomness: Randomness,
): DhPrekey<Kind> {
  const { publicKey, privateKey } = generateDhKeyPair(randomness);
  return { id, kind, publicKey, privateKey };
}

export function generateKemPrekey<Kind extends KemPrekeyKind>(
  kind: Kind,
  id: number,
  randomness: Randomness,
): KemPrekey<Kind> {
  const { publicKey, seed } = generateKemKeyPair(randomness);
  return { id, kind, publicKey, seed };
}

/** The three prekeys that stand under the signature for a week. */
export interface SignedPrekeySet {
  readonly signedPrekey: DhPrekey<'signed'>;
  readonly sealingKey: DhPrekey<'sealing'>;
  readonly lastResortKem: KemPrekey<'last-resort-kem'>;
}

/** @param firstId three ids are used, from this one on; a device never uses an id twice, whatever the kind. */
export function generateSignedPrekeys(firstId: number, randomness: Randomness): SignedPrekeySet {
  return {
    signedPrekey: generateDhPrekey('signed', firstId, randomness),
    sealingKey: generateDhPrekey('sealing', firstId + 1, randomness),
    lastResortKem: generateKemPrekey('last-resort-kem', firstId + 2, randomness),
  };
}

/** @param firstId `count` ids are used, from this one on. Some 5 ms each on noble. */
export function generateOneTimePrekeys(
  firstId: number,
  count: number,
  randomness: Randomness,
): DhPrekey<'one-time'>[] {
  return Array.from({ length: count }, (_, i) => generateDhPrekey('one-time', firstId + i, randomness));
}

/** @param firstId `count` ids are used, from this one on. */
export function generateOneTimeKems(
  firstId: number,
  count: number,
  randomness: Randomness,
): KemPrekey<'one-time-kem'>[] {
  return Array.from({ length: count }, (_, i) => generateKemPrekey('one-time-kem', firstId + i, randomness));
}

export function publicPrekeyOf(prekey: Pick<Prekey, 'id' | 'publicKey'>): PublicPrekey {
  return { id: prekey.id, key: prekey.publicKey };
}

/** The name of a one-time KEM key under the device's signature, 32 bytes. */
export function kemHashOf(publicKey: Uint8Array): Uint8Array {
  return hash32('crypt2chat/v1/kem', publicKey);
}
