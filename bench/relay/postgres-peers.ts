/** PostgreSQL by itself: one INSERT for each message, with and without waking somebody inside its transaction. */
import { join } from 'node:path';
import { message, type Peer } from './peer.ts';
import { connectTo, postgresSettings, startPostgres } from './postgres-server.ts';

const table = `
  CREATE TABLE messages (id bigserial PRIMARY KEY, mailbox text NOT NULL, body bytea NOT NULL);
  CREATE INDEX by_mailbox ON messages (mailbox, id)`;
const insert = 'INSERT INTO messages (mailbox, body) VALUES ($1, $2)';
const insertAndNotify = `
  WITH inserted AS (${insert} RETURNING id)
  SELECT pg_notify('mailbox' || $1::text, id::text) FROM inserted`;

function peer(name: string, title: string, text: string): Peer {
  return {
    name,
    title,
    batches: false,
    keeps: true,
    settings: postgresSettings,
    missing: () => undefined,
    async start(folder, env) {
      const server = await startPostgres(join(folder, 'postgres'), env);
      const client = await connectTo(server.url);
      await client.query(table);
      await client.end();
      return {
        ...server,
        async sender(index) {
          const sending = await connectTo(server.url);
          return {
            async send() {
              await sending.query({ name: 'send', text, values: [String(index), message()] });
            },
            close: () => void sending.end(),
          };
        },
      };
    },
  };
}

export const postgresInsert = peer('postgres', 'PostgreSQL, INSERT', insert);
export const postgresNotify = peer(
  'postgres-notify',
  'PostgreSQL, INSERT with NOTIFY in the transaction',
  insertAndNotify,
);
