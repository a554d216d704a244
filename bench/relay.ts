/**
 * The relay beside its peers: messages of 1 KiB, each durable before its answer; how soon a waiting device has them;
 * what a waiting device costs; and all of it with much stored.
 *
 *   npm run bench -- relay [--only accepted,disk,latency,memory,stored,fleet] [--peers koa,relay,…] [--rounds 3]
 *     [--seconds 2] [--memory-folder /dev/shm] [--disk-folder FOLDER] [--json FILE] [--docs]
 *
 * Peers take turns within each round, on one machine, and a ratio is taken within its round: that is what holds. A
 * peer that is not installed is skipped, and said so. `--docs` puts the tables into docs/benchmarks.md and draws
 * docs/images/relay-bench.svg; `--from FILE` does so from an earlier run's JSON.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync, chmodSync } from 'node:fs';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { parseArgs } from 'node:util';
import { machine } from './measure.ts';
import { accepting } from './relay/accepting.ts';
import { writeDocs } from './relay/docs.ts';
import { measureFleet } from './relay/fleet.ts';
import { bareKoa, bareNode, fastapi, ntfy } from './relay/http-peers.ts';
import { relayOnPostgres, relayOnSqlite } from './relay/ours.ts';
import type { Peer, Running } from './relay/peer.ts';
import { postgresInsert, postgresNotify } from './relay/postgres-peers.ts';
import { prosody } from './relay/prosody.ts';
import { redis } from './relay/redis.ts';
import type { PeerRounds, Result } from './relay/result.ts';
import { measureLatency, measureMemory, measureStored } from './relay/scenes.ts';
import { slowFsync, syncsPerSecond } from './relay/slow-fsync.ts';
import { tables } from './relay/tables.ts';

const everybody: readonly Peer[] = [
  ...[relayOnSqlite, relayOnPostgres, bareKoa, bareNode, redis],
  ...[postgresInsert, postgresNotify, fastapi, ntfy, prosody],
];
const parts = ['accepted', 'disk', 'latency', 'memory', 'stored', 'fleet'];
const fsyncMicros = 1000;
const manySenders = 64;
const batchSize = 16;

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: parts.join(',') },
    peers: { type: 'string', default: everybody.map(({ name }) => name).join(',') },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '2' },
    'memory-folder': { type: 'string', default: '/dev/shm' },
    'disk-folder': { type: 'string', default: tmpdir() },
    json: { type: 'string' },
    from: { type: 'string' },
    docs: { type: 'boolean', default: false },
  },
});

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);
const wanted = (part: string): boolean => values.only.split(',').includes(part);

/** All of them run at once, and those that are not asked rest. */
async function measureAccepted(
  folder: string,
  env: Readonly<Record<string, string>>,
  senderCounts: readonly number[],
  skipped: Record<string, string>,
): Promise<PeerRounds[]> {
  const running: { readonly peer: Peer; readonly it: Running; readonly rounds: PeerRounds }[] = [];
  try {
    for (const peer of everybody.filter(({ name }) => values.peers.split(',').includes(name))) {
      const why = peer.missing();
      if (why !== undefined) {
        skipped[peer.name] = why;
        say(`skipped: ${peer.title} (${why})`);
        continue;
      }
      const own = join(folder, peer.name);
      mkdirSync(own);
      const { name, title, keeps, settings } = peer;
      running.push({
        peer,
        it: await peer.start(own, env),
        rounds: { name, title, keeps, settings, accepted: {} },
      });
    }
    for (let round = 1; round <= rounds; round++) {
      for (const { peer, it, rounds: found } of running) {
        for (const senders of senderCounts) {
          const batches = peer.batches && senders === manySenders ? [1, batchSize] : [1];
          for (const batch of batches) {
            const key = batch === 1 ? String(senders) : `${batch}x${senders}`;
            const load = { senders, batch, warmUpMs: seconds * 500, forMs: seconds * 1000 };
            const accepted = await accepting(it, load);
            (found.accepted[key] ??= []).push(accepted);
            say(`round ${round}, ${peer.title}, ${key}: ${Math.round(accepted.perSecond)}/s`);
          }
        }
      }
    }
    return running.map((one) => one.rounds);
  } finally {
    for (const { it } of running) await it.stop();
  }
}

async function measure(): Promise<Result> {
  const folders: string[] = [];
  const folderIn = (parent: string): string => {
    const folder = mkdtempSync(join(parent, 'c2c-bench-'));
    // Servers that refuse to be root reach their own folders in it.
    chmodSync(folder, 0o755);
    folders.push(folder);
    return folder;
  };
  const skipped: Record<string, string> = {};
  const result: Result = {
    at: new Date().toISOString(),
    machine: machine(),
    rounds,
    seconds,
    syncsPerSecond: {},
    skipped,
    peers: {},
    latency: [],
    memory: [],
    fleet: [],
  };
  try {
    const inMemory = folderIn(values['memory-folder']);
    const slow = slowFsync(inMemory, fsyncMicros);
    if (slow === undefined) {
      skipped['fixed fsync'] = 'no C compiler, or not Linux: an fsync in the folder in memory costs nothing';
      say(`skipped: ${skipped['fixed fsync']}`);
    }
    const env = slow ?? {};
    if (wanted('accepted'))
      result.peers['fixed'] = await measureAccepted(folderIn(inMemory), env, [1, 16, manySenders], skipped);
    if (wanted('disk')) {
      const onDisk = folderIn(values['disk-folder']);
      Object.assign(result.syncsPerSecond, { real: syncsPerSecond(onDisk) });
      result.peers['real'] = await measureAccepted(folderIn(onDisk), {}, [manySenders], skipped);
    }
    if (wanted('latency')) result.latency.push(...(await measureLatency(folderIn(inMemory), env, rounds)));
    if (wanted('memory')) result.memory.push(...(await measureMemory(folderIn(inMemory), env)));
    if (wanted('fleet')) result.fleet.push(...(await measureFleet(folderIn(inMemory), env)));
    if (!wanted('stored')) return result;
    return { ...result, stored: await measureStored(folderIn(inMemory), env, { rounds, seconds }) };
  } finally {
    for (const folder of folders.toReversed()) rmSync(folder, { recursive: true, force: true });
  }
}

const result =
  values.from === undefined ? await measure() : (JSON.parse(readFileSync(values.from, 'utf8')) as Result);
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(result, null, 2)}\n`);
say('');
for (const line of tables(result)) say(line);
if (values.docs) await writeDocs(result);
