/**
 * A bounded number of connections to PostgreSQL, and how statements go over them: alone, together in one transaction
 * that waits for nobody, or one after the other where the next depends on the last.
 */
import pg from 'pg';
import type { Log } from '../log.ts';
import { failureOf, isLostRace, nameOf, unavailable } from './postgres-failures.ts';
import { columnTypes, type Parameter, type Row } from './postgres-values.ts';

/** For a free connection, or a new one. */
const connectTimeoutMs = 5000;
/** The server gives up on a statement, and on a transaction whose client has gone without a word. */
const statementTimeoutMs = 10_000;
const idleInTransactionTimeoutMs = 5000;
/** Longer: only a network that swallows everything needs it. The connection is dead then. */
const answerTimeoutMs = 15_000;
const idleTimeoutMs = 60_000;
const keepAliveDelayMs = 10_000;
/** A transaction that loses a race or a deadlock is tried so often. */
const maxAttempts = 5;

/**
 * What the statements here rest on, whatever the server's or the database's defaults are. Each of them finds its rows
 * by key; the planner, when it meets a table that is young and small, would rather read the whole of it, and keep to
 * that plan when the table has grown.
 */
export const session = `
  SET default_transaction_isolation = 'read committed';
  SET default_transaction_read_only = off;
  SET statement_timeout = ${statementTimeoutMs};
  SET idle_in_transaction_session_timeout = ${idleInTransactionTimeoutMs};
  SET bytea_output = 'hex';
  SET plan_cache_mode = 'force_generic_plan';
  SET enable_seqscan = off;
  SET enable_hashjoin = off;
  SET enable_mergejoin = off;
  SET jit = off;
  SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'`;

/** Of the schema that holds the tables: a name would have to be quoted. */
export const schemaOid = '(SELECT oid FROM pg_namespace WHERE nspname = current_schema())';

/** A statement that each connection prepares once, under its name. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** A statement and its parameters. */
export type Step = readonly [Statement, ...Parameter[]];

/** Inside a transaction: runs a statement and resolves with its rows. */
export type Run = (...step: Step) => Promise<Row[]>;

export function statement(name: string, text: string): Statement {
  return { name, text };
}

const begin: Step = [statement('begin', 'BEGIN')];
const commit: Step = [statement('commit', 'COMMIT')];
const rollback: Step = [statement('rollback', 'ROLLBACK')];

interface ConnectionOptions {
  readonly url: string;
  readonly max: number;
  readonly log: Log;
  /** What was to be done after a commit was not done, or nobody knows. */
  readonly onAfterFailed: () => void;
  /** Whether the connections may be used now. */
  readonly isOpen: () => boolean;
}

export class Connections {
  readonly #pool: pg.Pool;
  readonly #log: Log;
  readonly #onAfterFailed: () => void;
  readonly #isOpen: () => boolean;
  readonly #underWay = new Set<Promise<unknown>>();
  #isAnswering = true;
  #isClosed = false;

  constructor({ url, max, log, onAfterFailed, isOpen }: ConnectionOptions) {
    this.#log = log;
    this.#isOpen = isOpen;
    this.#onAfterFailed = onAfterFailed;
    this.#pool = new pg.Pool({ ...clientOptions(url), max, idleTimeoutMillis: idleTimeoutMs });
    // An idle connection that breaks leaves the pool by itself; one in use tells whoever uses it.
    this.#pool.on('error', (error) => this.#complain(error));
    this.#pool.on('connect', (client) => this.#begin(client));
  }

  /** What is sent after it comes after it. */
  #begin(client: pg.PoolClient): void {
    client.on('error', () => undefined);
    client.query(session).catch((error: unknown) => {
      this.#complain(error);
      void client.end();
    });
  }

  /** One statement, which is a transaction by itself. @throws what {@link failureOf} makes of an error */
  async query(...step: Step): Promise<Row[]> {
    return this.#use(async (client) => (await send(client, step)).rows);
  }

  /**
   * One transaction of statements that do not wait for each other's results: all of them and the COMMIT go out at
   * once, so that no lock is held for the time of a round trip, nor by a process that has died.
   * @param after what is done once it is committed, by itself and without anybody waiting for it. It goes out with
   * the COMMIT: of a process that dies, the server has heard both or none.
   * @returns the rows of each statement
   */
  async together(steps: readonly Step[], after: readonly Step[] = []): Promise<Row[][]> {
    return this.#use(async (client, follow) => {
      const { stream } = client.connection;
      stream.cork();
      const results = [begin, ...steps, commit].map((step) => send(client, step));
      follow(after);
      stream.uncork();
      return (await outcomeOf(results)).slice(1, -1);
    });
  }

  /**
   * One transaction of statements one after the other.
   * @param work is run again when it lost a race, so it has no effect outside
   * @param afterOf as `after` in {@link together}, knowing the result
   */
  async transaction<T>(
    work: (run: Run) => Promise<T>,
    afterOf: (result: T) => readonly Step[] = () => [],
  ): Promise<T> {
    return this.#use(async (client, follow) => {
      await send(client, begin);
      let result: T;
      try {
        result = await work(runOn(client));
      } catch (error) {
        await send(client, rollback);
        throw error;
      }
      const committed = send(client, commit);
      follow(afterOf(result));
      await outcomeOf([committed]);
      return result;
    });
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
    await this.#pool.end();
  }

  async #use<T>(
    work: (client: pg.PoolClient, follow: (after: readonly Step[]) => void) => Promise<T>,
  ): Promise<T> {
    if (this.#isClosed) throw new TypeError('the store is closed');
    if (!this.#isOpen()) throw unavailable();
    for (let attempt = 1; ; attempt++) {
      try {
        const result = await this.#useOnce(work);
        this.#rejoice();
        return result;
      } catch (error) {
        if (isLostRace(error) && attempt < maxAttempts) continue;
        const failure = failureOf(error);
        if (failure !== error) this.#complain(error);
        throw failure;
      }
    }
  }

  async #useOnce<T>(
    work: (client: pg.PoolClient, follow: (after: readonly Step[]) => void) => Promise<T>,
  ): Promise<T> {
    const client = await this.#pool.connect();
    const followed: Promise<unknown>[] = [];
    const result = work(client, (after) => {
      for (const step of after) followed.push(send(client, step));
    });
    const settled = this.#settle(client, result, followed);
    this.#underWay.add(settled);
    void settled.then(() => this.#underWay.delete(settled));
    return result;
  }

  async #settle(
    client: pg.PoolClient,
    result: Promise<unknown>,
    followed: readonly Promise<unknown>[],
  ): Promise<void> {
    const isDone = await succeeds(result);
    const isFollowed = await succeeds(Promise.all(followed));
    // Back in the pool only if it is certain that no transaction is open on it.
    client.release(client.getTransactionStatus() !== 'I');
    if (isDone && !isFollowed) this.#onAfterFailed();
  }

  #complain(error: unknown): void {
    if (this.#isAnswering) this.#log.warn({ reason: nameOf(error) }, 'the database does not answer');
    this.#isAnswering = false;
  }

  #rejoice(): void {
    if (!this.#isAnswering) this.#log.info({}, 'the database answers again');
    this.#isAnswering = true;
  }
}

/** What every client has, in the pool or by itself. */
export function clientOptions(url: string): pg.ClientConfig {
  return {
    connectionString: url,
    fallback_application_name: 'crypt2chat-relay',
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: answerTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveDelayMs,
    pipeline: true,
    types: columnTypes,
  };
}

export function runOn(client: pg.ClientBase): Run {
  return async (...step) => (await send(client, step)).rows;
}

function send(client: pg.ClientBase, [{ name, text }, ...values]: Step): Promise<pg.QueryResult<Row>> {
  return client.query({ name, text, values });
}

/** Of statements that were sent at once, the last of them COMMIT: the first error, or the rows of each. */
async function outcomeOf(results: readonly Promise<pg.QueryResult<Row>>[]): Promise<Row[][]> {
  const outcomes = await Promise.allSettled(results);
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  const done = await Promise.all(results);
  // A COMMIT after an error is a ROLLBACK that succeeds.
  if (done.at(-1)?.command !== 'COMMIT') throw new TypeError('the transaction was not committed');
  return done.map(({ rows }) => rows);
}

async function succeeds(promise: Promise<unknown>): Promise<boolean> {
  try {
    await promise;
    return true;
  } catch {
    return false;
  }
}
