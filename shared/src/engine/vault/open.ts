/** Making, opening and reopening a vault file. None of them ever makes a new vault where one stands. */
import { existsSync } from 'node:fs';
import { openDatabase, type Database, type Migration } from '../../database/index.ts';
import { CodedError } from '../../errors/index.ts';
import { deriveRecovery } from '../../identity/index.ts';
import type { Randomness } from '../../primitives/index.ts';
import { createHeader, hasHeader, rewrapForSecret, unwrapWithPhraseKey, unwrapWithSecret } from './header.ts';
import { Vault } from './vault.ts';

/** “c2cv” */
const applicationId = 0x63326376;

const migrations: Migration[] = [
  `CREATE TABLE header (
     id INTEGER PRIMARY KEY CHECK (id = 1),
     format INTEGER NOT NULL,
     key_id BLOB NOT NULL,
     wrapped BLOB NOT NULL,
     phrase_wrapped BLOB
   ) STRICT;
   CREATE TABLE rows (
     kind TEXT NOT NULL,
     id BLOB NOT NULL,
     scope BLOB,
     rank INTEGER NOT NULL,
     tie BLOB NOT NULL,
     sealed BLOB NOT NULL,
     PRIMARY KEY (kind, id)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX rows_by_rank ON rows (kind, rank, tie);
   CREATE INDEX rows_by_scope ON rows (kind, scope, rank, tie) WHERE scope IS NOT NULL;`,
];

export interface VaultLocation {
  readonly file: string;
  /** Where sql.js's WebAssembly is, when it does not lie in node_modules. */
  readonly wasm?: string;
  readonly randomness: Randomness;
}

export function vaultExists(file: string): boolean {
  return existsSync(file);
}

/**
 * @param wrappingKey 32 bytes.
 * @throws CodedError `ERR_VAULT_EXISTS` where a finished vault stands; `ERR_DATABASE_*`.
 */
export async function createVault(location: VaultLocation, wrappingKey: Uint8Array): Promise<Vault> {
  return withDatabase(location, (database) =>
    database.transaction(() => {
      if (hasHeader(database)) throw new CodedError('ERR_VAULT_EXISTS', 'there is a vault already');
      return createHeader(database, wrappingKey, location.randomness);
    }),
  );
}

/**
 * A file without a header is a vault whose making was interrupted: nothing was ever in it, and it is finished now.
 * @throws CodedError `ERR_VAULT_SECRET_WRONG`, `ERR_VAULT_MISSING`, `ERR_VAULT_CORRUPT`, `ERR_DATABASE_*`.
 */
export async function openVault(location: VaultLocation, wrappingKey: Uint8Array): Promise<Vault> {
  mustExist(location.file);
  return withDatabase(location, (database) =>
    hasHeader(database)
      ? unwrapWithSecret(database, wrappingKey)
      : createHeader(database, wrappingKey, location.randomness),
  );
}

/**
 * Opens a vault by its recovery phrase and wraps it under a new secret.
 * @throws CodedError `ERR_PHRASE_INVALID`, `ERR_PHRASE_WRONG`, `ERR_VAULT_MISSING`, `ERR_VAULT_CORRUPT`, `ERR_DATABASE_*`.
 */
export async function reopenVault(
  location: VaultLocation,
  phrase: string,
  newWrappingKey: Uint8Array,
): Promise<Vault> {
  mustExist(location.file);
  const { vaultKey: phraseKey } = deriveRecovery(phrase);
  return withDatabase(location, (database) =>
    database.transaction(() => {
      const vaultKey = unwrapWithPhraseKey(database, phraseKey);
      rewrapForSecret(database, vaultKey, newWrappingKey, location.randomness);
      return vaultKey;
    }),
  );
}

function mustExist(file: string): void {
  if (!vaultExists(file)) throw new CodedError('ERR_VAULT_MISSING', 'there is no vault');
}

async function withDatabase(
  location: VaultLocation,
  unlock: (database: Database) => Uint8Array,
): Promise<Vault> {
  const { file, wasm, randomness } = location;
  const database = await openDatabase({
    file,
    applicationId,
    schema: migrations,
    secureDelete: true,
    ...(wasm === undefined ? {} : { wasm }),
  });
  try {
    return new Vault(database, unlock(database), randomness);
  } catch (error) {
    database.close();
    throw error;
  }
}
