/** Several relay processes on one PostgreSQL, and devices that wait at one while others write to them at another. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type RunningRelay, startBundle } from './ours.ts';
import { settle } from './people.ts';
import { connectTo, startPostgres } from './postgres-server.ts';
import { cpuMs } from './process-cost.ts';
import type { Fleet } from './result.ts';
import { latencies, percentile } from './waiting.ts';

const processCounts = [1, 2, 3];
const devices = 300;
const load = { perSecond: 100, forMs: 6000 };

export async function measureFleet(folder: string, env: Readonly<Record<string, string>>): Promise<Fleet[]> {
  const server = await startPostgres(join(folder, 'postgres'), env);
  const client = await connectTo(server.url);
  const relays: RunningRelay[] = [];
  const found: Fleet[] = [];
  const ask = async (what: string): Promise<number> =>
    Number((await client.query(`SELECT ${what} AS figure`)).rows[0]?.['figure']);
  const wal = (): Promise<number> => ask(`pg_current_wal_lsn() - '0/0'`);
  try {
    const database = { pid: server.pid };
    const dataOf = (name: string) => ({ dataFolder: join(folder, name), databaseUrl: server.url });
    mkdirSync(join(folder, 'settle'));
    const people = await settle(dataOf('settle'), devices);
    for (const processes of processCounts) {
      while (relays.length < processes) {
        const data = dataOf(`relay-${relays.length}`);
        mkdirSync(data.dataFolder);
        relays.push(await startBundle(data, people, {}));
      }
      const at = (place: number): string => relays[place % processes]!.origin;
      const stream = { ...load, receiveAt: at, sendAt: (person: number) => at(person + 1) };
      // Once to warm up.
      await latencies(people, { ...stream, forMs: load.forMs / 2 });
      const walBefore = await wal();
      const cpuOf = () => [relays.map(cpuMs).reduce(sum), cpuMs(database)] as const;
      const before = cpuOf();
      const took = await latencies(people, stream);
      const after = cpuOf();
      const micros = (i: 0 | 1): number | undefined =>
        before[i] === undefined || after[i] === undefined
          ? undefined
          : ((after[i] - before[i]) * 1000) / took.length;
      found.push({
        processes,
        devices,
        sent: Math.round((load.perSecond * load.forMs) / 1000),
        received: took.length,
        p50: percentile(took, 0.5),
        p99: percentile(took, 0.99),
        relayMicros: micros(0),
        postgresMicros: micros(1),
        walBytes: Math.round(((await wal()) - walBefore) / took.length),
        connections: await ask(
          `(SELECT count(*) FROM pg_stat_activity WHERE application_name = 'crypt2chat-relay')`,
        ),
      });
    }
    return found;
  } finally {
    for (const relay of relays) await relay.stop();
    await client.end();
    await server.stop();
  }
}

function sum(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a + b;
}
