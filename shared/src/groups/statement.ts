/**
 * What a device says in a group, with its signature (docs/protocol.md §11.4). A statement stands by itself: whoever
 * has it can show it to somebody else, who need not take anybody's word for who said it, where and when.
 *
 *   statement = { v: 1, group: bytes[32], epoch: uint, link: bytes[32], device: bytes[32], generation: uint,
 *                 seen: { count: uint, hash: bytes[32] }, content: bytes }
 *   signed    = [statement: bytes (the encoding of the above), signature: bytes[114]]
 */
import * as v from 'valibot';
import { equalBytes } from '../bytes/index.ts';
import { type CborValue, decodeCbor, encodeCbor } from '../cbor/index.ts';
import { CodedError } from '../errors/index.ts';
import { blobSchema, bytesSchema, decodeVersioned, uintSchema } from '../log/index.ts';
import { hash32Bytes, sign, signatureBytes, type SigningKeyPair, verify } from '../primitives/index.ts';
import { maxGeneration, maxStatementBytes } from './limits.ts';
import { type Position, positionSchema } from './transcript.ts';

const label = 'crypt2chat/v1/group/message';

export interface Statement {
  /** 32 bytes each. */
  readonly group: Uint8Array;
  readonly epoch: number;
  /** The hash of the link that opened the epoch. */
  readonly link: Uint8Array;
  readonly device: Uint8Array;
  readonly generation: number;
  /** How far the device had read the group's log. */
  readonly seen: Position;
  /** The encoding of a content. */
  readonly content: Uint8Array;
}

const id = bytesSchema(hash32Bytes);
const statementSchema = v.strictObject({
  v: v.literal(1),
  group: id,
  epoch: uintSchema(),
  link: id,
  device: id,
  generation: uintSchema(maxGeneration),
  seen: positionSchema,
  content: blobSchema(maxStatementBytes),
});
const signedSchema = v.strictTuple([blobSchema(maxStatementBytes), bytesSchema(signatureBytes)]);

/**
 * @returns the signed statement: the content and some 350 bytes.
 * @throws RangeError for a content that makes it larger than what others read.
 */
export function signStatement(statement: Statement, signer: SigningKeyPair): Uint8Array {
  const { group, epoch, link, device, generation, seen, content } = statement;
  const bytes = encodeCbor({
    v: 1,
    group,
    epoch,
    link,
    device,
    generation,
    seen: { ...seen } as CborValue,
    content,
  });
  const signed = encodeCbor([bytes, sign(signer.privateKey, label, bytes)]);
  if (signed.length > maxStatementBytes) throw new RangeError('the content is too large');
  return signed;
}

/** A statement whose form was checked, and not its signature. */
export interface ParsedStatement extends Statement {
  /** Whether the Ed448 key made the signature. Some 5 ms on noble. */
  isSignedBy(key: Uint8Array): boolean;
}

/** @throws CodedError `ERR_FORMAT`, `ERR_NEWER_VERSION`. */
export function parseStatement(signed: Uint8Array): ParsedStatement {
  const [bytes, signature] = decodeCbor(signedSchema, signed, maxStatementBytes);
  const { v: _, ...statement } = decodeVersioned(statementSchema, bytes, maxStatementBytes);
  return { ...statement, isSignedBy: (key) => verify(key, label, bytes, signature) };
}

const leaveSchema = v.looseObject({ kind: v.literal('leave') });

/** Whether the content says that its author leaves the group. */
export function isLeave(content: Uint8Array): boolean {
  try {
    decodeCbor(leaveSchema, content, maxStatementBytes);
    return true;
  } catch {
    return false;
  }
}

/** A device as far as it can vouch for statements: who it was, and in which epochs. */
export interface Speaker {
  readonly device: Uint8Array;
  readonly account: Uint8Array;
  /** Ed448, 57 bytes. */
  readonly sign: Uint8Array;
  /** The first epoch that it was in. */
  readonly from: number;
  /** The first epoch that it was not in any more. */
  readonly until?: number;
}

/** What has to be known of a group to tell who spoke in it. */
export interface Spoken {
  /** 32 bytes. */
  readonly group: Uint8Array;
  /** The hash of the link that opened each epoch. */
  readonly epochLinks: readonly Uint8Array[];
  readonly speakers: readonly Speaker[];
}

/**
 * Checks that a statement was made in the group, in an epoch that its log holds, by a device that was in it then. It
 * says who and not when: a device can sign for an epoch that it was in as long as it has its key.
 * @throws CodedError `ERR_CRYPTO_SIGNATURE`, whatever the reason.
 */
export function verifyStatement(
  statement: ParsedStatement,
  { group, epochLinks, speakers }: Spoken,
): Speaker {
  const opening = epochLinks[statement.epoch];
  const isHere =
    equalBytes(statement.group, group) && opening !== undefined && equalBytes(statement.link, opening);
  if (!isHere) throw notSaid();
  return speakerOf(statement, speakers);
}

/** Whose signature a statement has, wherever it was made. @throws CodedError `ERR_CRYPTO_SIGNATURE`. */
export function speakerOf(statement: ParsedStatement, speakers: readonly Speaker[]): Speaker {
  const speaker = speakers.find(
    ({ device, from, until }) =>
      equalBytes(device, statement.device) &&
      from <= statement.epoch &&
      (until === undefined || statement.epoch < until),
  );
  if (!speaker || !statement.isSignedBy(speaker.sign)) throw notSaid();
  return speaker;
}

function notSaid(): CodedError {
  return new CodedError('ERR_CRYPTO_SIGNATURE', 'not said by a member of the group');
}
