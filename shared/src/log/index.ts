/**
 * Hash-linked signed logs (docs/protocol.md §2): the structure of identities and of groups. Here is what they
 * share: the form of a link, its hash and signatures, and walking a chain under the rules of a kind. What a
 * walk accepts was signed as its kind asks, in order, without a gap.
 */
export { blobSchema, bytesSchema, decodeVersioned, uintSchema } from './schemas.ts';
export {
  cosignLink,
  equalHeads,
  hasSignature,
  headSchema,
  invalidLog,
  type LinkBytes,
  type LinkFormat,
  type LogHead,
  type ParsedLink,
  parseLink,
  signLink,
  type UnsignedLink,
} from './link.ts';
export { type Applied, extendLog, type Log, type LogKind, verifyLog } from './walk.ts';
