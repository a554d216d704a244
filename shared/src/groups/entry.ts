/**
 * Entries of a group's log (docs/protocol.md §11.4): what the relay keeps, in the order in which it gave them out.
 *
 *   entry   = [1, kind: uint, body: bytes]     kind 0: message   1: link
 *   message = SealSalted(header, "group/header", context, device[32] || generation uint32)     32 + 36 + 16 bytes
 *             || SealSalted(messageKey, "group/message", context || the header as sealed, Pad(signed))
 *   link    = SealSalted(link, "group/link", context, Pad(link))
 */
import * as v from 'valibot';
import { concat, equalBytes, wipe } from '../bytes/index.ts';
import { decodeCbor, encodeCbor } from '../cbor/index.ts';
import { CodedError } from '../errors/index.ts';
import { blobSchema, type LinkBytes, uintSchema } from '../log/index.ts';
import {
  openSalted,
  pad,
  type Randomness,
  sealSalted,
  type SigningKeyPair,
  unpad,
} from '../primitives/index.ts';
import { advanceChain, type Chain, epochContext, type EpochKeys, type EpochName } from './epoch.ts';
import { maxGroupLinkBytes, maxSkippedGenerations } from './limits.ts';
import { parseStatement, type ParsedStatement, type Speaker, signStatement, speakerOf } from './statement.ts';
import type { Position } from './transcript.ts';

const headerInfo = 'crypt2chat/v1/group/header';
const messageInfo = 'crypt2chat/v1/group/message';
const linkInfo = 'crypt2chat/v1/group/link';
const ephemeralInfo = 'crypt2chat/v1/group/ephemeral';
const deviceBytes = 32;
const headerBytes = deviceBytes + 4;
const sealedHeaderBytes = 32 + headerBytes + 16;
/** Padding adds an eighth at most, seal and frame less than 200 bytes. */
const maxEntryBytes = maxGroupLinkBytes + maxGroupLinkBytes / 8 + 200;

const kinds = ['message', 'link'] as const;
const anyVersion = v.pipe(v.array(v.unknown()), v.minLength(1));
const entrySchema = v.strictTuple([v.literal(1), uintSchema(kinds.length - 1), blobSchema(maxEntryBytes)]);

export interface Entry {
  readonly kind: (typeof kinds)[number];
  readonly body: Uint8Array;
}

/** @throws CodedError `ERR_FORMAT`, or `ERR_NEWER_VERSION` for a version that is not 1. */
export function parseEntry(bytes: Uint8Array): Entry {
  const [version] = decodeCbor(anyVersion, bytes, maxEntryBytes);
  if (typeof version === 'number' && version > 1)
    throw new CodedError('ERR_NEWER_VERSION', 'made by a newer version');
  const [, kind, body] = decodeCbor(entrySchema, bytes, maxEntryBytes);
  return { kind: kinds[kind]!, body };
}

/** A link, sealed for the members of the epoch that it is appended in. */
export function sealLink(
  link: LinkBytes,
  keys: Pick<EpochKeys, 'link'>,
  name: EpochName,
  randomness: Randomness,
): Uint8Array {
  return encodeCbor([1, 1, sealSalted(keys.link, linkInfo, epochContext(name), pad(link), randomness)]);
}

/** @throws CodedError `ERR_CRYPTO_OPEN`, `ERR_FORMAT`. */
export function openLink(body: Uint8Array, keys: Pick<EpochKeys, 'link'>, name: EpochName): LinkBytes {
  return unpad(openSalted(keys.link, linkInfo, epochContext(name), body));
}

export interface SealedMessage {
  /** Stored before the entry leaves; the given chain is not to be used again. */
  readonly chain: Chain;
  readonly entry: Uint8Array;
  /** What the others will have of it, to be shown to whoever joins or lacks it. */
  readonly signed: Uint8Array;
}

/**
 * One signature, two HMACs and two AEADs, whatever the size of the group.
 * @throws CodedError `ERR_TOO_MANY_SKIPPED` where the chain is at its end: another epoch has to begin first.
 */
export function sealGroupMessage(options: {
  readonly content: Uint8Array;
  readonly chain: Chain;
  readonly keys: EpochKeys;
  readonly name: EpochName;
  readonly seen: Position;
  readonly signer: SigningKeyPair;
  readonly randomness: Randomness;
}): SealedMessage {
  const { content, keys, name, seen, randomness } = options;
  const { device, generation } = options.chain;
  const { messageKey, chain } = advanceChain(options.chain, generation);
  const signed = signStatement({ ...name, device, generation, seen, content }, options.signer);
  const padded = pad(signed);
  try {
    const context = epochContext(name);
    const header = sealSalted(keys.header, headerInfo, context, encodeHeader(device, generation), randomness);
    const body = sealSalted(messageKey, messageInfo, concat(context, header), padded, randomness);
    return { chain, entry: encodeCbor([1, 0, concat(header, body)]), signed };
  } finally {
    wipe(messageKey, padded);
  }
}

export type OpenedMessage =
  | {
      readonly kind: 'opened';
      /** Stored with what the message says; the given chain stands until then. */
      readonly chain: Chain;
      readonly speaker: Speaker;
      readonly statement: ParsedStatement;
      readonly signed: Uint8Array;
    }
  /** The chain has passed it: it was opened before, or came in another order than it was written in. */
  | { readonly kind: 'passed'; readonly device: Uint8Array };

/**
 * @param options.chainOf the present chain of a device.
 * @throws CodedError `ERR_CRYPTO_OPEN` for what does not open or is not from a device of the epoch;
 *   `ERR_CRYPTO_SIGNATURE` for what opens and is not signed by the device whose chain it is in;
 *   `ERR_TOO_MANY_SKIPPED`, `ERR_FORMAT`, `ERR_NEWER_VERSION`. Nothing has changed then.
 */
export function openGroupMessage(options: {
  readonly body: Uint8Array;
  readonly keys: EpochKeys;
  readonly name: EpochName;
  readonly speakers: readonly Speaker[];
  readonly chainOf: (device: Uint8Array) => Chain | undefined;
}): OpenedMessage {
  const { body, keys, name } = options;
  const context = epochContext(name);
  const header = body.subarray(0, sealedHeaderBytes);
  const { device, generation } = decodeHeader(openSalted(keys.header, headerInfo, context, header));
  const present = options.chainOf(device);
  if (!present) throw new CodedError('ERR_CRYPTO_OPEN', 'not from a device of this epoch');
  if (generation < present.generation) return { kind: 'passed', device };
  if (generation - present.generation > maxSkippedGenerations)
    throw new CodedError('ERR_TOO_MANY_SKIPPED', 'too many generations are missing');
  const { messageKey, chain } = advanceChain(present, generation);
  let signed: Uint8Array;
  try {
    const sealed = body.subarray(sealedHeaderBytes);
    signed = unpad(openSalted(messageKey, messageInfo, concat(context, header), sealed));
  } finally {
    wipe(messageKey);
  }
  const statement = parseStatement(signed);
  const isHere =
    equalBytes(statement.group, name.group) &&
    statement.epoch === name.epoch &&
    equalBytes(statement.link, name.link) &&
    equalBytes(statement.device, device) &&
    statement.generation === generation;
  if (!isHere) throw new CodedError('ERR_CRYPTO_SIGNATURE', 'signed for another place');
  const speaker = speakerOf(statement, options.speakers);
  return { kind: 'opened', chain, speaker, statement, signed };
}

/** Typing: whoever is in the epoch can make it and read it. Nothing in it is signed, and no key is used up. */
export function sealGroupEphemeral(
  bytes: Uint8Array,
  keys: EpochKeys,
  name: EpochName,
  randomness: Randomness,
): Uint8Array {
  return sealSalted(keys.header, ephemeralInfo, epochContext(name), pad(bytes), randomness);
}

/** @returns undefined where it is not of this epoch. */
export function openGroupEphemeral(
  sealed: Uint8Array,
  keys: EpochKeys,
  name: EpochName,
): Uint8Array | undefined {
  try {
    return unpad(openSalted(keys.header, ephemeralInfo, epochContext(name), sealed));
  } catch {
    return undefined;
  }
}

function encodeHeader(device: Uint8Array, generation: number): Uint8Array {
  const header = new Uint8Array(headerBytes);
  header.set(device);
  new DataView(header.buffer).setUint32(deviceBytes, generation);
  return header;
}

function decodeHeader(header: Uint8Array): { device: Uint8Array; generation: number } {
  if (header.length !== headerBytes) throw new CodedError('ERR_CRYPTO_OPEN', 'not a header');
  const view = new DataView(header.buffer, header.byteOffset);
  return { device: header.slice(0, deviceBytes), generation: view.getUint32(deviceBytes) };
}
