/** What is inside a message (protocol §8). */
import * as v from 'valibot';
import { decodeCbor, encodeCbor } from '../cbor/index.ts';
import { CodedError } from '../errors/index.ts';
import { bytesOf, uint } from './encoding.ts';
import { letterBodySchema } from './letters.ts';
import { limits } from './limits.ts';

export const messageIdBytes = 16;

/** The most that a message holds beside the longest log (protocol §5). */
const contentBytes = 22 * 1024 - 1;
/** With a signature and what it covers, it still fits into a letter that hands it on. */
const groupContentBytes = contentBytes - 1024;

const head = v.strictObject({ seq: uint(), hash: bytesOf(32) });
const text = v.pipe(v.string(), v.minBytes(1), v.maxBytes(limits.textBytes));
const label = (max: number) => v.pipe(v.string(), v.maxBytes(max), v.check(isOneLine));
const relativePath = v.pipe(
  label(512),
  v.check((path) => isRelativePath(path)),
);
const line = v.pipe(uint(10_000_000), v.minValue(1));

export const textBodySchema = v.strictObject({ text });
export const codeBodySchema = v.pipe(
  v.strictObject({
    text,
    language: label(40),
    path: relativePath,
    startLine: line,
    endLine: line,
    note: v.exactOptional(v.pipe(v.string(), v.maxBytes(4096))),
  }),
  v.check((body) => body.endLine >= body.startLine),
);
export const receiptBodySchema = v.strictObject({
  state: v.picklist(['delivered', 'read']),
  ids: v.pipe(v.array(bytesOf(messageIdBytes)), v.minLength(1), v.maxLength(limits.receiptIds)),
});
export const controlBodySchema = v.strictObject({ action: v.literal('hello') });

export type TextBody = v.InferOutput<typeof textBodySchema>;
export type CodeBody = v.InferOutput<typeof codeBodySchema>;

/** What every message has, to one person or to a group. */
const placed = {
  v: v.literal(1),
  id: bytesOf(messageIdBytes),
  conversation: bytesOf(32),
  counter: uint(limits.counter),
  sentAt: uint(8_640_000_000_000_000),
  replyTo: v.exactOptional(bytesOf(messageIdBytes)),
  expiresAfterSeconds: v.exactOptional(uint(366 * 24 * 3600)),
};

const common = {
  ...placed,
  heads: v.strictObject({ ours: head, theirs: head }),
  capability: v.exactOptional(bytesOf(32)),
};

const contentSchema = v.variant('kind', [
  v.strictObject({ ...common, kind: v.literal('text'), body: textBodySchema }),
  v.strictObject({ ...common, kind: v.literal('code'), body: codeBodySchema }),
  v.strictObject({ ...common, kind: v.literal('receipt'), body: receiptBodySchema }),
  v.strictObject({ ...common, kind: v.literal('control'), body: controlBodySchema }),
  v.strictObject({ ...common, kind: v.literal('group'), body: letterBodySchema }),
]);
const known = ['text', 'code', 'receipt', 'control', 'group'];

export type Content = v.InferOutput<typeof contentSchema>;

/** Somebody whose keys are missing, told to all by who was asked for them; and that they have them again. */
export const noticeBodySchema = v.strictObject({
  account: bytesOf(32),
  keys: v.picklist(['missing', 'present']),
});
export type NoticeBody = v.InferOutput<typeof noticeBodySchema>;

/** What is said in a group (protocol §11.4): the signature around it says who, so there are no heads. */
const groupContentSchema = v.variant('kind', [
  v.strictObject({ ...placed, kind: v.literal('text'), body: textBodySchema }),
  v.strictObject({ ...placed, kind: v.literal('code'), body: codeBodySchema }),
  v.strictObject({ ...placed, kind: v.literal('leave'), body: v.strictObject({}) }),
  v.strictObject({ ...placed, kind: v.literal('notice'), body: noticeBodySchema }),
]);
const knownInGroups = ['text', 'code', 'leave', 'notice'];

export type GroupContent = v.InferOutput<typeof groupContentSchema>;

/** What typing sends to a group (protocol §11.4). */
const groupEphemeralSchema = v.strictObject({
  v: v.literal(1),
  device: bytesOf(32),
  sentAt: uint(),
  typing: v.boolean(),
});
export type GroupEphemeralContent = v.InferOutput<typeof groupEphemeralSchema>;

/** The part that stays readable in a content of a kind that this version does not know. */
const anyContent = v.looseObject({ v: uint(), kind: v.pipe(v.string(), v.maxLength(40)) });

/** What typing sends (protocol §7.1). */
const ephemeralSchema = v.strictObject({
  v: v.literal(1),
  conversation: bytesOf(32),
  sentAt: uint(),
  typing: v.boolean(),
});
export type EphemeralContent = v.InferOutput<typeof ephemeralSchema>;

/** @throws RangeError for a content that is too large to send. */
export function encodeContent(content: Content): Uint8Array {
  const bytes = encodeCbor(content);
  if (bytes.length > contentBytes) throw new RangeError('the content is too large');
  return bytes;
}

/** @throws CodedError `ERR_FORMAT`, or `ERR_NEWER_VERSION` for a version or kind that is not known here. */
export function parseContent(bytes: Uint8Array): Content {
  const any = decodeCbor(anyContent, bytes, contentBytes);
  if (any.v > 1 || !known.includes(any.kind))
    throw new CodedError('ERR_NEWER_VERSION', 'made by a newer version');
  return decodeCbor(contentSchema, bytes, contentBytes);
}

/** @throws RangeError for a content that is too large to send. */
export function encodeGroupContent(content: GroupContent): Uint8Array {
  const bytes = encodeCbor(content);
  if (bytes.length > groupContentBytes) throw new RangeError('the content is too large');
  return bytes;
}

/** @throws CodedError `ERR_FORMAT`, or `ERR_NEWER_VERSION` for a version or kind that is not known here. */
export function parseGroupContent(bytes: Uint8Array): GroupContent {
  const any = decodeCbor(anyContent, bytes, groupContentBytes);
  if (any.v > 1 || !knownInGroups.includes(any.kind))
    throw new CodedError('ERR_NEWER_VERSION', 'made by a newer version');
  return decodeCbor(groupContentSchema, bytes, groupContentBytes);
}

export function encodeGroupEphemeral(content: GroupEphemeralContent): Uint8Array {
  return encodeCbor(content);
}

/** @throws CodedError `ERR_FORMAT`. */
export function parseGroupEphemeral(bytes: Uint8Array): GroupEphemeralContent {
  return decodeCbor(groupEphemeralSchema, bytes, limits.ephemeralBytes);
}

export function encodeEphemeral(content: EphemeralContent): Uint8Array {
  return encodeCbor(content);
}

/** @throws CodedError `ERR_FORMAT`. */
export function parseEphemeral(bytes: Uint8Array): EphemeralContent {
  return decodeCbor(ephemeralSchema, bytes, limits.ephemeralBytes);
}

function isOneLine(value: string): boolean {
  return !/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/u.test(value);
}

/** A path that stays inside the workspace it is opened in: no root, no drive, no `..`, no backslash. */
export function isRelativePath(path: string): boolean {
  return (
    path !== '' &&
    !/^[a-zA-Z]:|^\/|\\/.test(path) &&
    !path.split('/').some((part) => part === '..' || part === '')
  );
}
