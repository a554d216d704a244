import pg from 'pg';
import { CodedError } from '@crypt2chat/shared/errors';
import type { Clock } from '@crypt2chat/shared/clock';
import type { Randomness } from '@crypt2chat/shared/primitives';
import type { Log } from '../log.ts';
import { clientOptions, type Run, runOn, session, statement } from './postgres-connections.ts';
import { failureOf, nameOf, startFailureOf } from './postgres-failures.ts';
import { migrations } from './postgres-migrations/index.ts';
import { bytesOf, numberOf } from './rows.ts';

/** PostgreSQL 14. */
const oldestServer = 140_000;
/** Of the lock that lets one process at a time change the schema: 'C2Cr'. */
const lockKey = 0x43324372;
const secretBytes = 32;
const incarnationBytes = 16;
const againMs = 1000;
const maxWaitMs = 30_000;

const sql = {
  lock: statement('lock-schema', 'SELECT pg_advisory_xact_lock($1)'),
  serverVersion: statement('server-version', "SELECT current_setting('server_version_num')::int AS version"),
  makeVersion: statement(
    'make-version',
    'CREATE TABLE IF NOT EXISTS schema_version (version integer NOT NULL)',
  ),
  version: statement('version', 'SELECT version FROM schema_version'),
  insertVersion: statement('insert-version', 'INSERT INTO schema_version VALUES (0)'),
  setVersion: statement('set-version', 'UPDATE schema_version SET version = $1'),
  putSecret: statement('put-secret', 'INSERT INTO meta VALUES ($1, $2) ON CONFLICT DO NOTHING'),
  secret: statement('secret', 'SELECT value FROM meta WHERE key = $1'),
};

export interface Meta {
  readonly secret: Uint8Array;
  readonly incarnation: Uint8Array;
}

interface SchemaOptions {
  readonly url: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly randomness: Randomness;
  /** A command does not wait. */
  readonly isRelay: boolean;
}

/**
 * Brings the schema to the version that this program knows, whoever else starts at the same time, and reads what is
 * made with it once. A server that does not answer, because it starts, too, is waited for by a relay.
 * @throws CodedError `ERR_DATABASE_NEWER`, `_LOGIN`, `_READ_ONLY`, `_UNSUPPORTED`; Refusal `ERR_STORAGE_UNAVAILABLE`
 */
export async function prepareSchema(options: SchemaOptions): Promise<Meta> {
  const { clock, log, isRelay } = options;
  const giveUpAt = clock.now() + (isRelay ? maxWaitMs : 0);
  for (;;) {
    try {
      return await prepareOnce(options);
    } catch (error) {
      const failure = startFailureOf(error) ?? failureOf(error);
      if (failure === error || startFailureOf(error) !== undefined || clock.now() >= giveUpAt) throw failure;
      log.warn({ reason: nameOf(error) }, 'waiting for the database');
      await new Promise<void>((resolve) => clock.setTimer(againMs, resolve));
    }
  }
}

async function prepareOnce({ url, randomness }: SchemaOptions): Promise<Meta> {
  // A step may take its time.
  const client = new pg.Client({ ...clientOptions(url), query_timeout: undefined });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const run = runOn(client);
    await client.query(session);
    await client.query('BEGIN');
    await client.query('SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0');
    await run(sql.lock, lockKey);
    await migrate(run);
    await makeSecrets(run, randomness);
    const meta = {
      secret: await readSecret(run, 'secret'),
      incarnation: await readSecret(run, 'incarnation'),
    };
    await client.query('COMMIT');
    return meta;
  } finally {
    await client.end();
  }
}

async function migrate(run: Run): Promise<void> {
  const [server] = await run(sql.serverVersion);
  if (numberOf(server!, 'version') < oldestServer) {
    throw new CodedError('ERR_DATABASE_UNSUPPORTED', 'PostgreSQL 14 is the oldest that is supported');
  }
  await run(sql.makeVersion);
  const [row] = await run(sql.version);
  if (row === undefined) await run(sql.insertVersion);
  const version = row === undefined ? 0 : numberOf(row, 'version');
  if (version > migrations.length) {
    throw new CodedError('ERR_DATABASE_NEWER', 'the database was written by a newer version');
  }
  // Several statements each, which are not prepared.
  for (const migration of migrations.slice(version)) await run(statement('', migration));
  if (version < migrations.length) await run(sql.setVersion, migrations.length);
}

/** Makes those that are not there. */
export async function makeSecrets(run: Run, randomness: Randomness): Promise<void> {
  await run(sql.putSecret, 'secret', randomness.bytes(secretBytes));
  await run(sql.putSecret, 'incarnation', randomness.bytes(incarnationBytes));
}

async function readSecret(run: Run, key: keyof Meta): Promise<Uint8Array> {
  const [row] = await run(sql.secret, key);
  return bytesOf(row!, 'value');
}
