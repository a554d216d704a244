import type { Clock } from '@crypt2chat/shared/clock';
import type { Randomness } from '@crypt2chat/shared/primitives';
import type { Config } from '../config/index.ts';
import type { Log } from '../log.ts';
import type { RequestHandler } from './guard-socket.ts';
import { openPostgresStore } from './postgres.ts';
import { openSqliteStore } from './sqlite.ts';
import type { Store } from './store.ts';

export interface OpenOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly log: Log;
  /** Path of SQLite's WebAssembly module, where it does not stand in node_modules. */
  readonly wasm?: string | undefined;
  /** A relay's answers to the command line, where the data are in a folder; a command has none. */
  readonly answer?: RequestHandler | undefined;
  readonly onFatal: (error: unknown) => void;
}

/**
 * The store that the configuration names.
 * @throws FolderInUseError; CodedError `ERR_DATABASE_…`; Refusal `ERR_STORAGE_UNAVAILABLE`
 */
export function openStore({ config, answer, ...options }: OpenOptions): Promise<Store> {
  const { dataFolder: folder, databaseUrl: url, databaseConnections: maxConnections } = config;
  return url === undefined
    ? openSqliteStore({ folder, answer, ...options })
    : openPostgresStore({ url, maxConnections, isRelay: answer !== undefined, ...options });
}
