/**
 * Which relays run on a database. Each holds an advisory lock, shared with the others, on the connection that listens;
 * whoever begins a new life of the data takes the same lock alone. A connection that ends gives its lock back.
 */
import { equalBytes } from '@crypt2chat/shared/bytes';
import { CodedError } from '@crypt2chat/shared/errors';
import { type Run, schemaOid, statement } from './postgres-connections.ts';
import { bytesOf, numberOf } from './rows.ts';

/** 'C2Cr', and the schema: one database may hold the data of several deployments. */
const program = String(0x43324372);
const key = `${program}, ${schemaOid}::int`;

const sql = {
  enter: statement('enter', `SELECT pg_advisory_lock_shared(${key})`),
  incarnation: statement('incarnation', "SELECT value FROM meta WHERE key = 'incarnation'"),
  enterAlone: statement('enter-alone', `SELECT pg_try_advisory_xact_lock(${key}) AS is_alone`),
  count: statement(
    'count-relays',
    `SELECT count(*) AS relays FROM pg_locks
     WHERE locktype = 'advisory' AND granted AND mode = 'ShareLock' AND objsubid = 2
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND (classid, objid) = (${program}::oid, ${schemaOid})`,
  ),
};

/**
 * Counts the connection's process as a relay, for as long as the connection lasts.
 * @param incarnation that the relay began with
 * @throws CodedError `ERR_DATABASE_REPLACED` where the data have another by now: what the relay knows is of no use
 */
export async function enter(run: Run, incarnation: Uint8Array): Promise<void> {
  await run(sql.enter);
  const [row] = await run(sql.incarnation);
  if (row === undefined || !equalBytes(bytesOf(row, 'value'), incarnation)) {
    throw new CodedError('ERR_DATABASE_REPLACED', 'the data have begun a new life');
  }
}

/** Keeps relays out until the transaction ends. @throws CodedError `ERR_DATABASE_IN_USE` where one runs. */
export async function enterAlone(run: Run): Promise<void> {
  const [row] = await run(sql.enterAlone);
  if (row?.['is_alone'] !== true) throw new CodedError('ERR_DATABASE_IN_USE', 'relays run on the data');
}

export async function countRelays(run: Run): Promise<number> {
  const [row] = await run(sql.count);
  return numberOf(row!, 'relays');
}
