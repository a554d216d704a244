/** What is measured of the relay and not of every peer: latency, memory, and a full store beside an empty one. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { request } from '../http-sender.ts';
import { accepting } from './accepting.ts';
import { bareKoa } from './http-peers.ts';
import { type RunningRelay, startBundle } from './ours.ts';
import { type Data, settle } from './people.ts';
import { startPostgres } from './postgres-server.ts';
import { memoryMb } from './process-cost.ts';
import type { Latency, Memory, Stored } from './result.ts';
import { latencies, percentile, pollOf, wait } from './waiting.ts';

const latencyPeople = 4;
const latencyLoad = { perSecond: 50, forMs: 6000 };
const restMs = 10_000;
const waitingCounts = [1000, 5000];
const storedMessages = 100_000;
const storedMailboxes = 100;
const senders = 64;

type Environment = Readonly<Record<string, string>>;

export async function measureLatency(folder: string, env: Environment, rounds: number): Promise<Latency[]> {
  const server = await startPostgres(join(folder, 'postgres'), env);
  const kinds = [
    { title: 'SQLite', data: { dataFolder: join(folder, 'sqlite') }, env },
    { title: 'PostgreSQL', data: { dataFolder: join(folder, 'other'), databaseUrl: server.url }, env: {} },
  ];
  const found: Latency[] = [];
  try {
    for (const { title, data, env: own } of kinds) {
      mkdirSync(data.dataFolder);
      const people = await settle(data, latencyPeople);
      const relay = await startBundle(data, people, own);
      const latency: Latency = { title, p50: [], p99: [] };
      const at = (): string => relay.origin;
      try {
        // The first round warms up.
        for (let round = 0; round <= rounds; round++) {
          const took = await latencies(people, { ...latencyLoad, receiveAt: at, sendAt: at });
          if (round === 0) continue;
          latency.p50.push(percentile(took, 0.5));
          latency.p99.push(percentile(took, 0.99));
        }
      } finally {
        await relay.stop();
      }
      found.push(latency);
    }
    return found;
  } finally {
    await server.stop();
  }
}

export async function measureMemory(folder: string, env: Environment): Promise<Memory[]> {
  const most = Math.max(...waitingCounts);
  const people = await settle({ dataFolder: folder }, most);
  const relay = await startBundle({ dataFolder: folder }, people, env);
  const koa = await bareKoa.start();
  try {
    const ofRelay = await memory(
      'crypt2chat relay',
      relay,
      people.map((person) => pollOf(person)),
    );
    const get = request('GET /', {});
    const ofKoa = await memory('bare Koa', koa, Array<Buffer>(most).fill(get));
    return [ofRelay, ofKoa];
  } finally {
    await relay.stop();
    await koa.stop();
  }
}

async function memory(
  title: string,
  running: Pick<RunningRelay, 'pid' | 'origin' | 'sender' | 'stop'>,
  polls: readonly Buffer[],
): Promise<Memory> {
  // What a start leaves behind is collected after some seconds of rest.
  await after(restMs);
  const idleMb = memoryMb(running) ?? NaN;
  const waitingMb: Record<string, number> = {};
  const ends: (() => void)[] = [];
  let from = 0;
  for (const count of waitingCounts) {
    ends.push(await wait(running.origin, polls.slice(from, count)));
    waitingMb[count] = memoryMb(running) ?? NaN;
    from = count;
  }
  for (const end of ends) end();
  return { title, idleMb, waitingMb };
}

export async function measureStored(
  folder: string,
  env: Environment,
  { rounds, seconds }: { readonly rounds: number; readonly seconds: number },
): Promise<Stored> {
  const dataOf = (name: string): Data => {
    const dataFolder = join(folder, name);
    mkdirSync(dataFolder);
    return { dataFolder };
  };
  const data = dataOf('full');
  await settle(data, storedMailboxes, { messages: storedMessages, mailboxes: storedMailboxes });
  const dataOfEmpty = dataOf('empty');
  const empty = await startBundle(dataOfEmpty, await settle(dataOfEmpty, senders), env);
  try {
    const stored: Stored = {
      messages: storedMessages,
      readyMs: [],
      full: [],
      empty: [],
      memoryMb: undefined,
    };
    for (let round = 0; round < rounds; round++) {
      const begin = performance.now();
      const relay = await startBundle(data, [], env);
      stored.readyMs.push(performance.now() - begin);
      await relay.stop();
    }
    const people = await settle(data, senders);
    const full = await startBundle(data, people, env);
    try {
      const load = { senders, batch: 1, warmUpMs: seconds * 500, forMs: seconds * 1000 };
      // The first round warms up.
      for (let round = 0; round <= rounds; round++) {
        const ofEmpty = await accepting(empty, load);
        const ofFull = await accepting(full, load);
        if (round === 0) continue;
        stored.empty.push(ofEmpty);
        stored.full.push(ofFull);
      }
      return { ...stored, memoryMb: memoryMb(full) };
    } finally {
      await full.stop();
    }
  } finally {
    await empty.stop();
  }
}
