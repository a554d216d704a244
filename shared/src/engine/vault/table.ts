/** What the vault needs to know of a kind of record. */
import type * as v from 'valibot';

/** Schemas of records have one type: what is stored is what is read. */
export type RecordSchema<Value> = v.GenericSchema<Value>;

export interface Table<Value> {
  /** The name in the clear, and part of what each row is bound to. */
  readonly name: string;
  readonly schema: RecordSchema<Value>;
  /** What a record is found by. It is stored as a keyed hash. */
  readonly key: (value: Value) => Uint8Array;
  /** What records are grouped by. It is stored as a keyed hash. */
  readonly scope?: (value: Value) => Uint8Array;
  /** Their order within the table and within a scope. It stands in the clear, so it must be coarse. */
  readonly rank?: (value: Value) => number;
  /** Decides between equal ranks. It stands in the clear, so it must be random. */
  readonly tie?: (value: Value) => Uint8Array;
  /** Small tables that are read again and again keep their opened records in memory. */
  readonly cached?: boolean;
}

export function defineTable<Value>(table: Table<Value>): Table<Value> {
  return table;
}

/** A place in a table's order. */
export interface RankPlace {
  readonly rank: number;
  readonly tie: Uint8Array;
}

export interface ListOptions {
  readonly scope?: Uint8Array;
  /** Only what is strictly before or after this place. */
  readonly before?: RankPlace;
  readonly after?: RankPlace;
  readonly descending?: boolean;
  readonly limit: number;
}
