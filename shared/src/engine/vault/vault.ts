/**
 * The vault: records sealed one by one with AES-256-GCM under the vault key, in one SQLite file. In the clear stand
 * the table's name, keyed hashes of keys and scopes, and the coarse order; a sealed record is bound to all of them,
 * so that rows cannot be exchanged. Everything is synchronous: a change of state and its storage are one step.
 */
import * as v from 'valibot';
import { concat, toBase64url, toUtf8, wipe } from '../../bytes/index.ts';
import { decodeCbor, encodeCbor, type CborValue } from '../../cbor/index.ts';
import type { Database } from '../../database/index.ts';
import { CodedError, hasCode } from '../../errors/index.ts';
import { hkdf, hmacSha512, openSalted, sealSalted, type Randomness } from '../../primitives/index.ts';
import { wrapForPhrase } from './header.ts';
import type { ListOptions, Table } from './table.ts';

const rowIdBytes = 16;
/** Larger than any record: the verified log of a group with 250 members, and what its joiners are given. */
const maxRecordBytes = 3 * 1024 * 1024;
const sealInfo = 'crypt2chat/v1/vault/row';
/** Names of rows that are remembered: all that cached tables usually hold. */
const maxNames = 20_000;
const noTie = new Uint8Array(0);

/** The keyed hash of a key, and the same as text. */
interface RowName {
  readonly id: Uint8Array;
  readonly text: string;
}

interface Place {
  readonly scope: Uint8Array | null;
  readonly rank: number;
  readonly tie: Uint8Array;
}

export class Vault {
  readonly #database: Database;
  readonly #key: Uint8Array;
  readonly #indexKey: Uint8Array;
  readonly #randomness: Randomness;
  /** Table name, then row id, to the opened record; dropped as a whole when a transaction fails. */
  readonly #cache = new Map<string, Map<string, unknown>>();
  /** Of cached tables, by table and key: to hash a key costs far more than to find the record. */
  readonly #names = new Map<string, RowName>();
  #depth = 0;

  constructor(database: Database, vaultKey: Uint8Array, randomness: Randomness) {
    this.#database = database;
    this.#key = vaultKey;
    this.#indexKey = hkdf(vaultKey, new Uint8Array(0), toUtf8('crypt2chat/v1/vault/index'), 32);
    this.#randomness = randomness;
  }

  /**
   * Runs `work` as one transaction: durable when this returns, undone when `work` throws. Within another
   * transaction it is a savepoint of that one.
   */
  transaction<T>(work: () => T): T {
    this.#depth++;
    try {
      return this.#database.transaction(work);
    } catch (error) {
      this.#cache.clear();
      throw error;
    } finally {
      this.#depth--;
    }
  }

  /** Whether a transaction is open: what is told to others must wait for its end. */
  get inTransaction(): boolean {
    return this.#depth > 0;
  }

  get<Value>(table: Table<Value>, key: Uint8Array): Value | undefined {
    const { id, text } = this.#nameOf(table, key);
    const cached = this.#cached<Value>(table)?.get(text);
    if (cached !== undefined) return cached;
    const row = this.#database.get(
      'SELECT id, scope, rank, tie, sealed FROM rows WHERE kind = ? AND id = ?',
      [table.name, id],
    );
    return row && this.#open(table, row);
  }

  /**
   * Adds the record, or puts it in place of the one with the same key.
   * @throws TypeError for one that could not be read again: one such row would close the whole vault.
   */
  put<Value extends CborValue>(table: Table<Value>, value: Value): void {
    const { id, text } = this.#nameOf(table, table.key(value));
    const place: Place = {
      scope: table.scope ? this.#scopeOf(table, table.scope(value)) : null,
      rank: table.rank?.(value) ?? 0,
      tie: table.tie?.(value) ?? noTie,
    };
    const plaintext = encodeCbor(value);
    if (plaintext.length > maxRecordBytes || !v.is(table.schema, value))
      throw new TypeError(`not a record of the table ${table.name}`);
    const sealed = sealSalted(this.#key, sealInfo, rowAad(table, id, place), plaintext, this.#randomness);
    wipe(plaintext);
    this.#database.run(
      'INSERT INTO rows (kind, id, scope, rank, tie, sealed) VALUES (?, ?, ?, ?, ?, ?) ' +
        'ON CONFLICT (kind, id) DO UPDATE SET scope = excluded.scope, rank = excluded.rank, tie = excluded.tie, sealed = excluded.sealed',
      [table.name, id, place.scope, place.rank, place.tie, sealed],
    );
    this.#cached<Value>(table)?.set(text, value);
  }

  delete<Value>(table: Table<Value>, key: Uint8Array): void {
    const { id, text } = this.#nameOf(table, key);
    this.#database.run('DELETE FROM rows WHERE kind = ? AND id = ?', [table.name, id]);
    this.#cached<Value>(table)?.delete(text);
  }

  /** Deletes all records of `table` in the scope. */
  deleteScope<Value>(table: Table<Value>, scope: Uint8Array): void {
    this.#database.run('DELETE FROM rows WHERE kind = ? AND scope = ?', [
      table.name,
      this.#scopeOf(table, scope),
    ]);
    this.#cache.delete(table.name);
  }

  /** Deletes all records of `table` with a rank below `rank`. */
  deleteBelow<Value>(table: Table<Value>, rank: number): void {
    this.#database.run('DELETE FROM rows WHERE kind = ? AND rank < ?', [table.name, rank]);
    this.#cache.delete(table.name);
  }

  /** At most `limit` records in the order of (rank, tie). */
  list<Value>(
    table: Table<Value>,
    { scope, before, after, descending = false, limit }: ListOptions,
  ): Value[] {
    const conditions = ['kind = ?'];
    const params: (string | number | Uint8Array)[] = [table.name];
    if (scope) {
      conditions.push('scope = ?');
      params.push(this.#scopeOf(table, scope));
    }
    if (before) {
      conditions.push('(rank, tie) < (?, ?)');
      params.push(before.rank, before.tie);
    }
    if (after) {
      conditions.push('(rank, tie) > (?, ?)');
      params.push(after.rank, after.tie);
    }
    const direction = descending ? 'DESC' : 'ASC';
    const rows = this.#database.all(
      `SELECT id, scope, rank, tie, sealed FROM rows WHERE ${conditions.join(' AND ')} ` +
        `ORDER BY rank ${direction}, tie ${direction} LIMIT ?`,
      [...params, limit],
    );
    return rows.map((row) => this.#open(table, row));
  }

  count<Value>(table: Table<Value>, scope?: Uint8Array): number {
    const row = scope
      ? this.#database.get('SELECT count(*) AS n FROM rows WHERE kind = ? AND scope = ?', [
          table.name,
          this.#scopeOf(table, scope),
        ])
      : this.#database.get('SELECT count(*) AS n FROM rows WHERE kind = ?', [table.name]);
    return Number(row?.['n'] ?? 0);
  }

  /** From now on the key that the recovery phrase gives opens this vault too. */
  setPhraseKey(phraseKey: Uint8Array): void {
    wrapForPhrase(this.#database, this.#key, phraseKey, this.#randomness);
  }

  close(): void {
    this.#database.close();
    wipe(this.#key, this.#indexKey);
    this.#cache.clear();
    this.#names.clear();
  }

  #open<Value>(table: Table<Value>, row: Readonly<Record<string, unknown>>): Value {
    const { id, scope, rank, tie, sealed } = row;
    if (
      !(id instanceof Uint8Array && tie instanceof Uint8Array && sealed instanceof Uint8Array) ||
      !(scope === null || scope instanceof Uint8Array) ||
      typeof rank !== 'number'
    ) {
      throw corrupt();
    }
    const cache = this.#cached<Value>(table);
    const name = toBase64url(id);
    const known = cache?.get(name);
    if (known !== undefined) return known;
    const value = this.#decode(table, rowAad(table, id, { scope, rank, tie }), sealed);
    cache?.set(name, value);
    return value;
  }

  #decode<Value>(table: Table<Value>, aad: Uint8Array, sealed: Uint8Array): Value {
    try {
      return decodeCbor(table.schema, openSalted(this.#key, sealInfo, aad, sealed), maxRecordBytes);
    } catch (error) {
      if (hasCode(error, 'ERR_CRYPTO_OPEN', 'ERR_FORMAT')) throw corrupt();
      throw error;
    }
  }

  #cached<Value>(table: Table<Value>): Map<string, Value> | undefined {
    if (table.cached !== true) return undefined;
    let records = this.#cache.get(table.name);
    if (!records) {
      records = new Map<string, unknown>();
      this.#cache.set(table.name, records);
    }
    return records as Map<string, Value>;
  }

  #nameOf<Value>(table: Table<Value>, key: Uint8Array): RowName {
    return this.#remembered(table, table.name, key);
  }

  #scopeOf<Value>(table: Table<Value>, scope: Uint8Array): Uint8Array {
    return this.#remembered(table, `${table.name}/scope`, scope).id;
  }

  #remembered<Value>(table: Table<Value>, name: string, key: Uint8Array): RowName {
    const place = table.cached === true ? `${name} ${toBase64url(key)}` : undefined;
    const known = place === undefined ? undefined : this.#names.get(place);
    if (known) return known;
    const id = this.#blind(name, key);
    const made = { id, text: toBase64url(id) };
    if (place === undefined) return made;
    if (this.#names.size >= maxNames) this.#names.clear();
    this.#names.set(place, made);
    return made;
  }

  #blind(name: string, key: Uint8Array): Uint8Array {
    return hmacSha512(this.#indexKey, concat(toUtf8(name), new Uint8Array(1), key)).slice(0, rowIdBytes);
  }
}

function rowAad<Value>(table: Table<Value>, id: Uint8Array, { scope, rank, tie }: Place): Uint8Array {
  return encodeCbor([1, table.name, id, scope, rank, tie]);
}

function corrupt(): CodedError {
  return new CodedError('ERR_VAULT_CORRUPT', 'a row of the vault cannot be opened');
}
