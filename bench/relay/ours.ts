/** The relay as it is shipped: the bundle, in a process of its own, on SQLite or on a PostgreSQL server. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodeCbor } from '@crypt2chat/shared/cbor';
import { capabilityHeader, cborMediaType } from '@crypt2chat/shared/wire';
import { OneAtATime, request } from '../http-sender.ts';
import { startServer, unlimited } from '../measure.ts';
import { message, type Peer, type Running, type Sender } from './peer.ts';
import { type Data, type Person, settle } from './people.ts';
import { startPostgres } from './postgres-server.ts';

const bundle = fileURLToPath(new URL('../../dist/relay/main.cjs', import.meta.url));
const dockerfile = fileURLToPath(new URL('../../Dockerfile', import.meta.url));
const mailboxes = 64;

/** What spares memory, as in the container. */
const containerEnv = Object.fromEntries(
  [...readFileSync(dockerfile, 'utf8').matchAll(/(NODE_OPTIONS|MALLOC_ARENA_MAX)="?([^"\\\n]+)/g)].map(
    ([, name = '', value = '']) => [name, value.trim()],
  ),
);

export const relaySettings = {
  CRYPT2CHAT_ENVELOPES_PER_MAILBOX: '1000000',
  CRYPT2CHAT_MEGABYTES_PER_ACCOUNT: '100000',
  CRYPT2CHAT_WAITING_POLLS: '6000',
  CRYPT2CHAT_PORT: '0',
};

export interface RunningRelay extends Running {
  readonly origin: string;
}

/** @param people whose mailboxes the senders write to, in turn */
export async function startBundle(
  { dataFolder, databaseUrl }: Data,
  people: readonly Person[],
  env: Readonly<Record<string, string>>,
): Promise<RunningRelay> {
  const server = await startServer([bundle], {
    ...env,
    ...unlimited,
    ...relaySettings,
    ...containerEnv,
    CRYPT2CHAT_DATA: dataFolder,
    ...(databaseUrl !== undefined && { DATABASE_URL: databaseUrl }),
  });
  return {
    ...server,
    sender: async (index, batch = 1) => sender(server.origin, people[index % people.length]!, batch),
  };
}

function sender(origin: string, { deviceId, capability }: Person, batch: number): Sender {
  const connection = new OneAtATime(origin);
  const headers = { [capabilityHeader]: capability, 'content-type': cborMediaType };
  return {
    async send() {
      const envelopes = Array.from({ length: batch }, () => ({ id: randomBytes(16), envelope: message() }));
      const line = `POST /v1/mailboxes/${deviceId}`;
      const { status } = await connection.send(request(line, headers, encodeCbor(envelopes)));
      if (status !== 200) throw new Error(`the relay answered ${status}`);
    },
    close: () => connection.close(),
  };
}

function missing(): string | undefined {
  return existsSync(bundle) ? undefined : 'dist/relay/main.cjs has not been built';
}

export const relayOnSqlite: Peer = {
  name: 'relay',
  title: 'crypt2chat relay, SQLite',
  batches: true,
  keeps: true,
  settings: 'as it is shipped, its rates and quotas lifted',
  missing,
  async start(folder, env) {
    const data = { dataFolder: folder };
    return startBundle(data, await settle(data, mailboxes), env);
  },
};

export const relayOnPostgres: Peer = {
  name: 'relay-postgres',
  title: 'crypt2chat relay, PostgreSQL',
  batches: true,
  keeps: true,
  settings: 'as it is shipped, its rates and quotas lifted; its own PostgreSQL server',
  missing,
  async start(folder, env) {
    const server = await startPostgres(join(folder, 'postgres'), env);
    try {
      const dataFolder = join(folder, 'relay');
      mkdirSync(dataFolder);
      const data = { dataFolder, databaseUrl: server.url };
      const relay = await startBundle(data, await settle(data, mailboxes), {});
      return {
        ...relay,
        // The database's work is the relay's.
        alsoPids: [server.pid],
        async stop() {
          await relay.stop();
          await server.stop();
        },
      };
    } catch (error) {
      await server.stop();
      throw error;
    }
  },
};
