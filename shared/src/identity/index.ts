/**
 * Who somebody is (docs/protocol.md §3 and §4): an account is a signed log of its devices, named by the hash of
 * its first link. An `Identity` is a log that was verified; nothing else makes one. Besides: names and addresses
 * as people write them, the recovery phrase, the safety number, and the prekeys that a device publishes.
 */
export {
  type AccountId,
  accountId,
  type DeviceId,
  deviceId,
  deviceIdOf,
  type DeviceKeys,
  deviceKeysSchema,
  type DeviceSecrets,
  generateDevice,
  publicKeysOf,
} from './ids.ts';
export { formatAddress, normaliseUsername, parseAddress, parseRelayOrigin, parseUsername } from './names.ts';
export { type Device, maxDeviceLinks, maxDevices, maxLinkBytes, maxLinks } from './rules.ts';
export {
  accountIdOfLog,
  activeDevice,
  decodeIdentity,
  encodeIdentity,
  extendIdentity,
  type Identity,
  isLogOf,
  verifyIdentity,
} from './identity.ts';
export {
  acceptDevice,
  addDevice,
  type Change,
  createIdentity,
  proposeDevice,
  recoverIdentity,
  replaceRecovery,
  revokeDevice,
} from './changes.ts';
export { deriveRecovery, generateRecoveryPhrase, parseRecoveryPhrase, PhraseError } from './recovery.ts';
export { safetyNumber } from './safety-number.ts';
export * from './prekeys/index.ts';
