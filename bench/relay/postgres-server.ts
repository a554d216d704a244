/** A PostgreSQL server as the tests have it, for what is measured on it. */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { type Started, startServer } from '../measure.ts';

const script = fileURLToPath(new URL('../../scripts/postgres.mjs', import.meta.url));

export interface Server {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

export const postgresSettings = 'fsync=on, synchronous_commit=on, shared_buffers=128MB, max_connections=200';

/** @param data the folder of its files, which is made */
export async function startPostgres(data: string, env: Readonly<Record<string, string>>): Promise<Server> {
  const settings = ['fsync=on', 'synchronous_commit=on', 'shared_buffers=128MB'];
  const args = [script, '--data', data, ...settings.flatMap((setting) => ['--set', setting])];
  const server: Started = await startServer(args, env);
  return { url: server.origin, pid: server.pid, stop: () => server.stop() };
}

/** What is used here of pg, which is the relay's own dependency. */
export interface Client {
  connect(): Promise<void>;
  query(
    query: { name: string; text: string; values: unknown[] } | string,
  ): Promise<{ readonly rows: readonly Record<string, unknown>[] }>;
  end(): Promise<void>;
}

const require = createRequire(new URL('../../relay/package.json', import.meta.url));
const pg = require('pg') as { readonly Client: new (options: { connectionString: string }) => Client };

export async function connectTo(url: string): Promise<Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}
