/**
 * The vault's header: the vault key, wrapped once under the key that SecretStorage holds and once under the key
 * that the recovery phrase gives. It is the only row that is not sealed under the vault key.
 */
import { equalBytes, toUtf8 } from '../../bytes/index.ts';
import type { Database } from '../../database/index.ts';
import { CodedError, hasCode } from '../../errors/index.ts';
import { hash32, openSalted, sealSalted, type Randomness } from '../../primitives/index.ts';

export const wrappingKeyBytes = 32;
const keyIdBytes = 16;
const format = 1;

interface HeaderRow {
  readonly format: number;
  readonly keyId: Uint8Array;
  readonly wrapped: Uint8Array;
  readonly phraseWrapped: Uint8Array | null;
}

/** Tells wrapping keys apart without telling anything about them. 16 bytes. */
export function wrappingKeyId(wrappingKey: Uint8Array): Uint8Array {
  return hash32('crypt2chat/v1/vault/key-id', wrappingKey).slice(0, keyIdBytes);
}

export function createHeader(
  database: Database,
  wrappingKey: Uint8Array,
  randomness: Randomness,
): Uint8Array {
  const vaultKey = randomness.bytes(32);
  database.run('INSERT INTO header (id, format, key_id, wrapped, phrase_wrapped) VALUES (1, ?, ?, ?, NULL)', [
    format,
    wrappingKeyId(wrappingKey),
    wrap('secret', wrappingKey, vaultKey, randomness),
  ]);
  return vaultKey;
}

/** @throws CodedError `ERR_VAULT_SECRET_WRONG` when the vault was wrapped under another key. */
export function unwrapWithSecret(database: Database, wrappingKey: Uint8Array): Uint8Array {
  const header = readHeader(database);
  if (!equalBytes(header.keyId, wrappingKeyId(wrappingKey))) throw secretWrong();
  return unwrap('secret', wrappingKey, header.wrapped) ?? fail(secretWrong());
}

/** @throws CodedError `ERR_PHRASE_WRONG` when the phrase is not this vault's. */
export function unwrapWithPhraseKey(database: Database, phraseKey: Uint8Array): Uint8Array {
  const { phraseWrapped } = readHeader(database);
  const vaultKey = phraseWrapped === null ? undefined : unwrap('phrase', phraseKey, phraseWrapped);
  return vaultKey ?? fail(new CodedError('ERR_PHRASE_WRONG', 'the phrase does not open this vault'));
}

export function rewrapForSecret(
  database: Database,
  vaultKey: Uint8Array,
  wrappingKey: Uint8Array,
  randomness: Randomness,
): void {
  database.run('UPDATE header SET key_id = ?, wrapped = ? WHERE id = 1', [
    wrappingKeyId(wrappingKey),
    wrap('secret', wrappingKey, vaultKey, randomness),
  ]);
}

export function wrapForPhrase(
  database: Database,
  vaultKey: Uint8Array,
  phraseKey: Uint8Array,
  randomness: Randomness,
): void {
  database.run('UPDATE header SET phrase_wrapped = ? WHERE id = 1', [
    wrap('phrase', phraseKey, vaultKey, randomness),
  ]);
}

/** Whether a header stands in `database`: without one, the vault was never finished and holds nothing. */
export function hasHeader(database: Database): boolean {
  return database.get('SELECT 1 AS present FROM header WHERE id = 1') !== undefined;
}

function readHeader(database: Database): HeaderRow {
  const row = database.get('SELECT format, key_id, wrapped, phrase_wrapped FROM header WHERE id = 1');
  if (row === undefined) throw new CodedError('ERR_VAULT_CORRUPT', 'the vault has no header');
  const { format: found, key_id: keyId, wrapped, phrase_wrapped: phraseWrapped } = row;
  if (typeof found === 'number' && found > format) {
    throw new CodedError('ERR_DATABASE_NEWER', 'the vault was made by a newer version');
  }
  if (
    found !== format ||
    !(keyId instanceof Uint8Array) ||
    !(wrapped instanceof Uint8Array) ||
    !(phraseWrapped === null || phraseWrapped instanceof Uint8Array)
  ) {
    throw new CodedError('ERR_VAULT_CORRUPT', 'the vault has a broken header');
  }
  return { format, keyId, wrapped, phraseWrapped };
}

function wrap(by: string, key: Uint8Array, vaultKey: Uint8Array, randomness: Randomness): Uint8Array {
  return sealSalted(key, `crypt2chat/v1/vault/wrap/${by}`, toUtf8(by), vaultKey, randomness);
}

function unwrap(by: string, key: Uint8Array, wrapped: Uint8Array): Uint8Array | undefined {
  try {
    return openSalted(key, `crypt2chat/v1/vault/wrap/${by}`, toUtf8(by), wrapped);
  } catch (error) {
    if (hasCode(error, 'ERR_CRYPTO_OPEN')) return undefined;
    throw error;
  }
}

function secretWrong(): CodedError {
  return new CodedError('ERR_VAULT_SECRET_WRONG', 'the secret does not open this vault');
}

function fail(error: CodedError): never {
  throw error;
}
