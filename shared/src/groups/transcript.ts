/**
 * How far somebody has read a group's log (docs/protocol.md §11.5): the number of entries in the present epoch, and
 * a hash over them. Everything that is said in a group carries it, so members to whom a relay shows different
 * entries find out by the first entry that passes between them.
 */
import * as v from 'valibot';
import { concat, equalBytes } from '../bytes/index.ts';
import { bytesSchema, uintSchema } from '../log/index.ts';
import { hash32, hash32Bytes } from '../primitives/index.ts';
import { maxRemembered } from './limits.ts';

const label = 'crypt2chat/v1/group/transcript';

/** `count` entries of the epoch, and their hash, 32 bytes. */
export interface Position {
  readonly count: number;
  readonly hash: Uint8Array;
}

export const positionSchema = v.strictObject({ count: uintSchema(), hash: bytesSchema(hash32Bytes) });

/** Where one stands, and the positions before it. Undefined stands for unknown: entries are missing. */
export interface Transcript {
  readonly position: Position;
  /** The hashes of the positions up to the present one, oldest first, at most 128. */
  readonly hashes: readonly Uint8Array[];
}

/** The beginning of an epoch, behind the link that opened it. */
export function beginTranscript(link: Uint8Array): Transcript {
  return standingAt({ count: 0, hash: hash32(label, link) });
}

/** A position that somebody else vouches for: what stands before it is not known. */
export function standingAt(position: Position): Transcript {
  return { position, hashes: [position.hash] };
}

export function extendTranscript({ position, hashes }: Transcript, entry: Uint8Array): Transcript {
  const hash = hash32(label, concat(position.hash, hash32(label, entry)));
  return {
    position: { count: position.count + 1, hash },
    hashes: [...hashes, hash].slice(-maxRemembered),
  };
}

/**
 * Whether a position that somebody else claims can belong to this log. One from before what is remembered is taken
 * on trust; one that is ahead is not: an entry cannot have been written after entries that do not stand before it.
 */
export function agrees({ position, hashes }: Transcript, claimed: Position): boolean {
  if (claimed.count > position.count) return false;
  const known = hashes[hashes.length - 1 - (position.count - claimed.count)];
  return known === undefined || equalBytes(known, claimed.hash);
}
