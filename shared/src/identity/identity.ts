import * as v from 'valibot';
import { concat, equalBytes } from '../bytes/index.ts';
import { decodeCbor, encodeCbor } from '../cbor/index.ts';
import {
  bytesSchema,
  extendLog,
  type LinkBytes,
  type Log,
  type LogHead,
  parseLink,
  uintSchema,
  verifyLog,
} from '../log/index.ts';
import { hash32, hash32Bytes, signingKeyBytes } from '../primitives/index.ts';
import { type AccountId, accountId, deviceId, deviceIdOf, deviceKeysSchema } from './ids.ts';
import { type Device, identityKind, type IdentityState, maxLinks } from './rules.ts';

/** A verified identity log, immutable. Only this module makes one. */
export interface Identity extends IdentityState {
  readonly accountId: AccountId;
  readonly head: LogHead;
  /** The head's time, as its signer claims, in milliseconds since 1970. Links that follow are not earlier. */
  readonly at: number;
  /** How many links there are. */
  readonly length: number;
  /** The hash of the link at `seq`, 32 bytes; undefined past the head. */
  readonly hashAt: (seq: number) => Uint8Array | undefined;
  /** What {@link isLogOf} compares; absent where the record was stored before there was such a thing. 32 bytes. */
  readonly bytesHash?: Uint8Array;
}

/**
 * Verifies a whole log; one or two signature checks per link (some 5 ms each).
 * @throws CodedError `ERR_LOG_INVALID`, `ERR_NEWER_VERSION`.
 */
export function verifyIdentity(links: readonly LinkBytes[]): Identity {
  return identityOf(verifyLog(identityKind, links), hashBytes(links));
}

/**
 * Extends `known` by links that follow its head. Links that it holds may come again and cost next to nothing, so
 * a whole log may be given; an older state of the same log changes nothing.
 * @returns `known` itself where there is nothing new.
 * @throws CodedError `ERR_LOG_FORK` for another link in a known place (given from the first link on, the other
 *   log must itself be valid to count as a fork); `ERR_LOG_INVALID`, also for another account's log and for a gap;
 *   `ERR_NEWER_VERSION`.
 */
export function extendIdentity(known: Identity, links: readonly LinkBytes[]): Identity {
  const log = logOf(known);
  const extended = extendLog(identityKind, log, links);
  if (extended === log) return known;
  const fresh = links.slice(log.hashes.length - extended.hashes.length);
  return identityOf(extended, known.bytesHash && hashBytes(fresh, known.bytesHash));
}

/**
 * Whether `identity` was verified from these very bytes, so that they need not be verified again. The hashes of
 * links do not say so: they leave the signatures out.
 */
export function isLogOf(identity: Identity, links: readonly LinkBytes[]): boolean {
  const { bytesHash } = identity;
  return bytesHash !== undefined && equalBytes(hashBytes(links), bytesHash);
}

/** A hash over all bytes of a log, the signatures among them. */
function hashBytes(
  links: readonly LinkBytes[],
  before: Uint8Array = new Uint8Array(hash32Bytes),
): Uint8Array {
  return links.reduce((hash, link) => hash32('crypt2chat/v1/identity/bytes', concat(hash, link)), before);
}

/**
 * The account that a log claims to be, before anything is verified: the hash of its first link.
 * @throws CodedError `ERR_LOG_INVALID`, `ERR_NEWER_VERSION`.
 */
export function accountIdOfLog(links: readonly LinkBytes[]): AccountId {
  return accountId(parseLink(identityKind, links[0] ?? new Uint8Array(0)).hash);
}

export function activeDevice(identity: Identity, id: Uint8Array): Device | undefined {
  return identity.devices.find((device) => equalBytes(device.id, id));
}

const storedSchema = v.strictObject({
  v: v.literal(1),
  username: v.string(),
  relay: v.string(),
  recovery: bytesSchema(signingKeyBytes),
  devices: v.pipe(v.array(deviceKeysSchema), v.minLength(1), v.maxLength(maxLinks)),
  revoked: v.pipe(v.array(bytesSchema(hash32Bytes)), v.maxLength(maxLinks)),
  at: uintSchema(),
  hashes: v.pipe(v.array(bytesSchema(hash32Bytes)), v.minLength(1), v.maxLength(maxLinks)),
  bytesHash: v.exactOptional(bytesSchema(hash32Bytes)),
});

/** For the own vault, so that nothing is verified twice. Not a form to exchange: nothing in it is signed. */
export function encodeIdentity(identity: Identity): Uint8Array {
  const { username, relay, recovery, devices, revoked, at, bytesHash } = identity;
  const { hashes } = logOf(identity);
  return encodeCbor({
    v: 1,
    username,
    relay,
    recovery,
    devices: devices.map(({ keys }) => ({ sign: keys.sign, dh: keys.dh })),
    revoked,
    at,
    hashes,
    bytesHash,
  });
}

/**
 * @param bytes what {@link encodeIdentity} gave, from storage that nobody else can write.
 * @throws CodedError `ERR_FORMAT`.
 */
export function decodeIdentity(bytes: Uint8Array): Identity {
  const stored = decodeCbor(storedSchema, bytes, 65_536);
  const { username, relay, recovery, devices, revoked, at, hashes, bytesHash } = stored;
  const state = {
    username,
    relay,
    recovery,
    devices: devices.map((keys) => ({ id: deviceIdOf(keys), keys })),
    revoked: revoked.map(deviceId),
  };
  const head = { seq: hashes.length - 1, hash: hashes[hashes.length - 1]! };
  return identityOf({ state, head, at, hashes }, bytesHash);
}

function identityOf(log: Log<IdentityState>, bytesHash: Uint8Array | undefined): Identity {
  const { username, relay, recovery, devices, revoked } = log.state;
  const hashes = [...log.hashes];
  return Object.freeze({
    accountId: accountId(hashes[0]!),
    username,
    relay,
    recovery,
    devices: Object.freeze(
      devices.map((device) => Object.freeze({ ...device, keys: Object.freeze(device.keys) })),
    ),
    revoked: Object.freeze([...revoked]),
    head: Object.freeze(log.head),
    at: log.at,
    length: hashes.length,
    hashAt: (seq: number) => hashes[seq],
    ...(bytesHash && { bytesHash }),
  });
}

function logOf(identity: Identity): Log<IdentityState> {
  const { username, relay, recovery, devices, revoked, head, at, length } = identity;
  const hashes = Array.from({ length }, (_, seq) => identity.hashAt(seq)!);
  return { state: { username, relay, recovery, devices, revoked }, head, at, hashes };
}
