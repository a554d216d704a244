/** A small schema for tests, and rows that can be checked without having been kept. */
import { createHash } from 'node:crypto';
import { equalBytes } from '../../src/bytes/index.ts';
import { type Connection } from '../../src/database/connection.ts';
import { type DatabaseOptions, openUnsafely, type UnsafeOptions } from '../../src/database/open.ts';

export const applicationId = 0x74657374;

export const schema = [
  'CREATE TABLE entries (sequence INTEGER PRIMARY KEY, box TEXT NOT NULL, body BLOB NOT NULL) STRICT;' +
    'CREATE INDEX entries_by_box ON entries (box, sequence);',
];

export type SampleOptions = Partial<DatabaseOptions> & UnsafeOptions;

/** Opens the sample database, with some settings of its own. */
export function openSample(file: string, options: SampleOptions = {}): Promise<Connection> {
  return openUnsafely({ file, schema, applicationId, ...options }, options);
}

/** The body of entry `sequence`: 64 to 1,087 bytes that nothing else has. */
export function bodyOf(sequence: number): Uint8Array {
  const seed = createHash('sha256').update(String(sequence)).digest();
  const body = new Uint8Array(64 + (seed.readUInt16BE(0) % 1024));
  for (let at = 0; at < body.length; at += seed.length) body.set(seed.subarray(0, body.length - at), at);
  return body;
}

export function addEntry(database: Connection, sequence: number): void {
  const values = [sequence, `box-${sequence % 7}`, bodyOf(sequence)];
  database.run('INSERT INTO entries (sequence, box, body) VALUES (?, ?, ?)', values);
}

/** How many entries the transactions of the crash tests have, in turn; the last is more than their cache holds. */
const largestTransaction = 90;
const transactionSizes = [1, 2, 3, 4, largestTransaction];
const cycle = transactionSizes.reduce((sum, size) => sum + size);

/** The entry with which the transaction ends that begins after `sequence`. */
function nextBoundary(sequence: number): number {
  let boundary = sequence - (sequence % cycle);
  for (const size of transactionSizes) {
    boundary += size;
    if (boundary > sequence) break;
  }
  return boundary;
}

/**
 * Adds the entries of one transaction after `last`.
 * @param inTheMiddle is called halfway through the largest
 * @returns the last of them
 */
export function addTransaction(database: Connection, last: number, inTheMiddle?: () => void): number {
  const boundary = nextBoundary(last);
  const middle = boundary - largestTransaction / 2;
  database.transaction(() => {
    for (let sequence = last + 1; sequence <= boundary; sequence++) {
      addEntry(database, sequence);
      if (sequence === middle) inTheMiddle?.();
    }
    if (boundary % 3 === 0) deleteOldEntries(database, boundary - 30);
  });
  return boundary;
}

/** Entries whose sequence is a multiple of five may be deleted again; all others stay. */
function deleteOldEntries(database: Connection, before: number): void {
  database.run('DELETE FROM entries WHERE sequence % 5 = 0 AND sequence < ?', [before]);
}

/**
 * The highest sequence in a database that holds what was written, each entry whole and none missing below it.
 * @throws Error where anything is amiss
 */
export function verifyEntries(database: Connection): number {
  const integrity = database.command('PRAGMA integrity_check')?.['integrity_check'];
  if (integrity !== 'ok') throw new Error('the integrity check failed');
  const rows = database.all('SELECT sequence, body FROM entries ORDER BY sequence');
  let last = 0;
  for (const { sequence, body } of rows) {
    if (typeof sequence !== 'number' || !(body instanceof Uint8Array))
      throw new Error('a value changed type');
    if (!equalBytes(body, bodyOf(sequence))) throw new Error('an entry has another body');
    for (let missing = last + 1; missing < sequence; missing++) {
      if (missing % 5 !== 0) throw new Error('an entry is missing');
    }
    last = sequence;
  }
  return last;
}

/** {@link verifyEntries}, and that every transaction is there as a whole. */
export function verifyTransactions(database: Connection): number {
  const last = verifyEntries(database);
  if (last !== 0 && nextBoundary(last - 1) !== last) throw new Error('a part of a transaction');
  return last;
}
