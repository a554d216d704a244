/**
 * The keys that a device leaves at the relay, so that others can begin with it while it is away
 * (docs/protocol.md §4): made here with their private halves, signed, and checked by who claims a bundle.
 */
export {
  type DhPrekey,
  type DhPrekeyKind,
  generateOneTimeKems,
  generateOneTimePrekeys,
  generateSignedPrekeys,
  kemHashOf,
  type KemPrekey,
  type KemPrekeyKind,
  type Prekey,
  prekeySchema,
  publicDhPrekeySchema,
  publicKemPrekeySchema,
  type PublicPrekey,
  publicPrekeyOf,
  type SignedPrekeySet,
} from './keys.ts';
export {
  maxOneTimeKems,
  maxSignedPrekeysBytes,
  parseSignedPrekeys,
  type SignedPrekeys,
  signPrekeys,
  verifySignedPrekeys,
} from './signed.ts';
export { type Bundle, type BundleOutcome, type VerifiedBundle, verifyBundle } from './bundle.ts';
