/**
 * From what PostgreSQL, its driver and the network say to what callers see. SQLSTATE codes are those of
 * https://www.postgresql.org/docs/current/errcodes-appendix.html.
 */
import pg from 'pg';
import { CodedError } from '@crypt2chat/shared/errors';
import { Refusal } from '../refusal.ts';

/** A restart of the server, or a failover to another, takes some seconds. */
const unavailableRetrySeconds = 2;
const fullRetrySeconds = 30;

const diskFull = '53100';
/** Serialization failure, deadlock, and a unique key that somebody else was the first to take. */
const lostRaces = ['40001', '40P01', '23505'];
/** Classes: connection exception, insufficient resources, operator intervention (shutdown, timeouts). */
const unavailableClasses = ['08', '53', '57'];
/** A server that became a standby; a transaction that the server ended; a lock that took too long. */
const unavailableCodes = ['25006', '25P03', '25P04', '55P03'];

/** Whether the same transaction may go well when it is tried again. */
export function isLostRace(error: unknown): boolean {
  return error instanceof pg.DatabaseError && lostRaces.includes(error.code ?? '');
}

/**
 * What a caller is told of an error that a statement, a commit or a connection ended with. A commit whose outcome is
 * unknown is such an error, too: what it was about is sent again, and is then found to be there or not.
 */
export function failureOf(error: unknown): Error {
  if (error instanceof CodedError || error instanceof TypeError || error instanceof RangeError) return error;
  // What is left is the driver's and the network's.
  if (!(error instanceof pg.DatabaseError)) return unavailable();
  const code = error.code ?? '';
  if (code === diskFull)
    return new Refusal('ERR_STORAGE_FULL', 'The relay has no room left.', fullRetrySeconds);
  const isTransient =
    unavailableClasses.includes(code.slice(0, 2)) || unavailableCodes.includes(code) || isLostRace(error);
  return isTransient ? unavailable() : error;
}

export function unavailable(): Refusal {
  return new Refusal(
    'ERR_STORAGE_UNAVAILABLE',
    "The relay's database does not answer.",
    unavailableRetrySeconds,
  );
}

/** A short name of what went wrong, for the log: a SQLSTATE, or what the system calls it. Never a message. */
export function nameOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return error instanceof Error ? error.name : typeof error;
}

/** Of what no patience mends when the relay starts. */
export function startFailureOf(error: unknown): CodedError | undefined {
  if (!(error instanceof pg.DatabaseError)) return undefined;
  const code = error.code ?? '';
  if (code.startsWith('28') || code === '3D000') {
    return new CodedError('ERR_DATABASE_LOGIN', 'the server does not let this user into this database');
  }
  if (code === '42501') return new CodedError('ERR_DATABASE_READ_ONLY', 'the user may not make tables');
  // The names that the first migration would make are taken.
  if (code === '42P07')
    return new CodedError('ERR_DATABASE_UNSUPPORTED', 'the database is for something else');
  return undefined;
}
