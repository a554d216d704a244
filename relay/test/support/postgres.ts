/**
 * A real PostgreSQL server: the one that DATABASE_URL names, else a throw-away one of our own, started at the first
 * need and ended with the run. Each test gets a schema of its own in it.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import pg from 'pg';

const script = fileURLToPath(new URL('../../../scripts/postgres.mjs', import.meta.url));

/** A server of our own, which may be stopped and started again on the same data and port. */
export class PostgresServer {
  readonly #folder = mkdtempSync(join(tmpdir(), 'c2c-postgres-'));
  readonly #settings: readonly string[];
  #url = '';
  #pid = 0;
  #child: ChildProcess | undefined;

  /** @param settings of the server, `name=value` */
  constructor(settings: readonly string[] = []) {
    // Nothing here has to survive a power cut.
    this.#settings = ['fsync=off', ...settings];
  }

  get url(): string {
    return this.#url;
  }

  /** Also fetches it, the first time. */
  async start(): Promise<void> {
    const port = this.#url === '' ? [] : ['--port', new URL(this.#url).port];
    const set = this.#settings.flatMap((setting) => ['--set', setting]);
    const args = [script, '--data', this.#folder, ...set, ...port];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    for await (const line of createInterface({ input: child.stdout })) {
      if (!line.startsWith('{')) continue;
      const { url, pid } = JSON.parse(line) as { url: string; pid: number };
      this.#url = url;
      this.#pid = pid;
      child.stdout.resume();
      return;
    }
    assert.fail(said);
  }

  /** As an operator stops it: clients are cut off, and their transactions rolled back. */
  async stop(): Promise<void> {
    await this.#end(() => this.#child?.kill('SIGTERM'));
  }

  /** As if it had crashed; what was committed is recovered at the next start. */
  async crash(): Promise<void> {
    await this.#end(() => process.kill(this.#pid, 'SIGQUIT'));
  }

  /** With SIGKILL, the server and all its processes: nothing of it has time for anything. */
  async kill(): Promise<void> {
    await this.#end(() => {
      process.kill(this.#pid, 'SIGSTOP');
      for (const pid of childrenOf(this.#pid)) process.kill(pid, 'SIGKILL');
      process.kill(this.#pid, 'SIGKILL');
    });
  }

  async destroy(): Promise<void> {
    await this.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #end(act: () => void): Promise<void> {
    const child = this.#child;
    if (child?.exitCode !== null) return;
    const ended = once(child, 'exit');
    act();
    await ended;
  }
}

/** Linux only. */
function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1');
  return text.split(' ').filter(Boolean).map(Number);
}

let shared: Promise<{ url: string; end(): Promise<void> }> | undefined;

// Tortures use the server above, and are no tests.
if ('after' in globalThis) {
  after(async () => {
    await (await shared)?.end();
  });
}

async function startShared(): Promise<{ url: string; end(): Promise<void> }> {
  const url = process.env['DATABASE_URL'] ?? '';
  if (url !== '') return { url, end: () => Promise.resolve() };
  const server = new PostgresServer();
  await server.start();
  return { url: server.url, end: () => server.destroy() };
}

export interface Schema {
  /** Connections to it find tables in this schema, and make them there. */
  readonly url: string;
  query(sql: string): Promise<Record<string, unknown>[]>;
  drop(): Promise<void>;
}

/** An empty schema in the server at `serverUrl`, the shared one by default. */
export async function makeSchema(serverUrl?: string): Promise<Schema> {
  const server = serverUrl ?? (await (shared ??= startShared())).url;
  // A name that has to be quoted.
  const name = `"Test ${randomBytes(6).toString('hex')}"`;
  const url = new URL(server);
  url.searchParams.set('options', `-csearch_path=${name.replace(' ', '\\ ')}`);
  const query = async (sql: string): Promise<Record<string, unknown>[]> => {
    const client = new pg.Client(url.href);
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(sql)).rows;
    } finally {
      await client.end();
    }
  };
  await query(`CREATE SCHEMA ${name}`);
  return {
    url: url.href,
    query,
    async drop() {
      await query(`DROP SCHEMA ${name} CASCADE`);
    },
  };
}
