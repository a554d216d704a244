/** What a person may send, checked before it is taken. */
import * as v from 'valibot';
import { fromUtf8, toUtf8 } from '../bytes/index.ts';
import { CodedError } from '../errors/index.ts';
import { codeBodySchema, limits, textBodySchema } from '../wire/index.ts';
import type { Draft } from './types.ts';

/** What a conversation keeps of a text that is being written, in UTF-16 units. */
const maxKeptDraft = 32 * 1024;

/** @throws CodedError `ERR_TEXT_TOO_LONG` over 16 KiB of UTF-8, `ERR_DRAFT_INVALID` for what else cannot be sent. */
export function parseDraft(draft: Draft): Draft {
  const bytes = toUtf8(draft.text);
  if (bytes.length > limits.textBytes) throw new CodedError('ERR_TEXT_TOO_LONG', 'the text is too long');
  const { kind, ...body } = draft;
  const fits = kind === 'text' ? v.is(textBodySchema, body) : v.is(codeBodySchema, body);
  if (!fits || !Object.values(body).every(isWellFormed))
    throw new CodedError('ERR_DRAFT_INVALID', 'this cannot be sent');
  return draft;
}

/** What is kept of a text that is being written: all that could be sent, and well-formed. */
export function keptDraft(text: string): string {
  return fromUtf8(toUtf8(text.slice(0, maxKeptDraft)));
}

/** A lone surrogate would come out of UTF-8 as another text than went in. */
function isWellFormed(value: unknown): boolean {
  return typeof value !== 'string' || fromUtf8(toUtf8(value)) === value;
}
