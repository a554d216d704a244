/**
 * How many messages of 1 KiB the relay accepts, each durable before its answer, beside a bare Koa that reads the same
 * request and keeps nothing: the same senders, the same machine, the same run, in turns.
 *
 *   npm run bench -- relay [--rounds 3] [--seconds 3] [--folder /dev/shm]
 *
 * The ratio of a round is what holds; the figures themselves are the machine's. The folder decides what an fsync
 * costs: on tmpfs nothing, which leaves the relay's own work.
 */
import {
  fsyncSync,
  mkdtempSync,
  openSync,
  closeSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRequire } from 'node:module';
import type { IncomingMessage, Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { toBase64url } from '@crypt2chat/shared/bytes';
import { encodeCbor } from '@crypt2chat/shared/cbor';
import { capabilityHeader, cborMediaType } from '@crypt2chat/shared/wire';
import { OneAtATime } from './http-sender.ts';
import { openMailbox } from './mailbox.ts';
import { machine, median, type Started, startServer, unlimited } from './measure.ts';

const messageBytes = 1024;
const senderCounts = [1, 16, 64];
const main = fileURLToPath(new URL('../relay/src/main.ts', import.meta.url));
const self = fileURLToPath(import.meta.url);

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '3' },
    folder: { type: 'string', default: tmpdir() },
    'bare-koa': { type: 'boolean', default: false },
  },
});

/** What is used here of Koa, which is the relay's own dependency. */
interface BareKoa {
  use(middleware: (ctx: { req: IncomingMessage; type: string; body: unknown }) => Promise<void>): void;
  listen(port: number, host: string, listening: () => void): Server;
}

/** Reads the body and answers as the relay would, and that is all. */
function serveBareKoa(): void {
  const answer = Buffer.from(encodeCbor({ results: ['stored'] }));
  const Koa = createRequire(main)('koa') as new () => BareKoa;
  const app = new Koa();
  app.use(async (ctx) => {
    ctx.req.resume();
    await once(ctx.req, 'end');
    ctx.type = cborMediaType;
    ctx.body = answer;
  });
  const server = app.listen(0, '127.0.0.1', () => {
    const address = server.address();
    if (address === null || typeof address === 'string') throw new TypeError('no port');
    process.stdout.write(
      `${JSON.stringify({ msg: 'listening', url: `http://127.0.0.1:${address.port}` })}\n`,
    );
  });
}

interface Measured {
  readonly perSecond: number;
  /** Of the server's process; undefined where /proc does not tell. */
  readonly cpuMicros: number | undefined;
}

async function accept(
  pid: number,
  senders: readonly OneAtATime[],
  request: (sender: number) => Buffer,
): Promise<Measured> {
  const forMs = Number(values.seconds) * 1000;
  let accepted = 0;
  const measure = async (ms: number): Promise<Measured> => {
    const cpuBefore = cpuMs(pid);
    const end = performance.now() + ms;
    const begin = performance.now();
    accepted = 0;
    await Promise.all(
      senders.map(async (sender, i) => {
        while (performance.now() < end) {
          const status = await sender.send(request(i));
          if (status !== 200) throw new Error(`answered ${status}`);
          accepted += 1;
        }
      }),
    );
    const perSecond = accepted / ((performance.now() - begin) / 1000);
    const cpuAfter = cpuMs(pid);
    if (cpuBefore === undefined || cpuAfter === undefined) return { perSecond, cpuMicros: undefined };
    return { perSecond, cpuMicros: ((cpuAfter - cpuBefore) * 1000) / accepted };
  };
  await measure(forMs / 2);
  return measure(forMs);
}

/** All threads of the process, as the scheduler counted them to the nanosecond. */
function cpuMs(pid: number): number | undefined {
  if (process.platform !== 'linux') return undefined;
  const threads = readdirSync(`/proc/${pid}/task`);
  const nanos = threads.map((thread) => readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1'));
  return nanos.reduce((sum, line) => sum + Number(line.split(' ')[0]), 0) / 1e6;
}

let nextId = 1;

/** One envelope of 1 KiB under a fresh id, to a mailbox of the sender's own. */
function requestTo(path: string, headers: Readonly<Record<string, string>>): Buffer {
  const id = new Uint8Array(16);
  new DataView(id.buffer).setUint32(0, nextId++);
  const body = encodeCbor([{ id, envelope: new Uint8Array(messageBytes).fill(nextId & 255) }]);
  const lines = Object.entries({ ...headers, 'content-type': cborMediaType, 'content-length': body.length });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return Buffer.concat([Buffer.from(`POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n${head}\r\n`), body]);
}

async function measureAll(
  target: Started,
  paths: readonly string[],
  headers: Record<string, string>,
): Promise<Measured[]> {
  const rates: Measured[] = [];
  for (const count of senderCounts) {
    const senders = Array.from({ length: count }, () => new OneAtATime(target.origin));
    rates.push(await accept(target.pid, senders, (i) => requestTo(paths[i % paths.length]!, headers)));
    for (const sender of senders) sender.close();
  }
  return rates;
}

function syncsPerSecond(folder: string): number {
  const file = join(folder, 'probe');
  const descriptor = openSync(file, 'w');
  const begin = performance.now();
  let count = 0;
  while (performance.now() - begin < 300) {
    writeSync(descriptor, new Uint8Array(messageBytes));
    fsyncSync(descriptor);
    count += 1;
  }
  closeSync(descriptor);
  rmSync(file);
  return Math.round(count / 0.3);
}

async function run(): Promise<void> {
  const rounds: { relay: Measured[]; bare: Measured[] }[] = [];
  const folder = mkdtempSync(join(values.folder, 'c2c-bench-'));
  const say = (line: string) => process.stdout.write(`${line}\n`);
  say(
    `Accepted per second, ${messageBytes} B, one outstanding request per sender; ${values.rounds} rounds of ${values.seconds} s.`,
  );
  say(`${machine()}, folder ${values.folder}: ${syncsPerSecond(folder)} fsync/s`);
  try {
    const relay = await startServer([main], {
      ...unlimited,
      CRYPT2CHAT_PORT: '0',
      CRYPT2CHAT_DATA: folder,
      CRYPT2CHAT_ENVELOPES_PER_MAILBOX: '1000000',
    });
    const bare = await startServer([self, '--bare-koa'], {});
    try {
      const capability = new Uint8Array(32).fill(1);
      const paths: string[] = [];
      for (let i = 0; i < Math.max(...senderCounts); i++) {
        paths.push(await openMailbox(relay.origin, `bench${i}`, capability));
      }
      const headers = { [capabilityHeader]: toBase64url(capability) };
      for (let round = 0; round < Number(values.rounds); round++) {
        rounds.push({
          relay: await measureAll(relay, paths, headers),
          bare: await measureAll(bare, paths, headers),
        });
      }
    } finally {
      await relay.stop();
      await bare.stop();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  say('');
  say('| senders | relay | bare Koa | ratio (median of rounds) | CPU per message, relay | bare Koa |');
  say('|---|---|---|---|---|---|');
  const micros = (of: readonly Measured[]): string =>
    `${Math.round(median(of.map((one) => one.cpuMicros ?? NaN)))} µs`;
  senderCounts.forEach((count, i) => {
    const relay = rounds.map((round) => round.relay[i]!);
    const bare = rounds.map((round) => round.bare[i]!);
    const ratio = median(relay.map(({ perSecond }, round) => perSecond / bare[round]!.perSecond));
    const rate = (of: readonly Measured[]): number =>
      Math.round(median(of.map(({ perSecond }) => perSecond)));
    say(
      `| ${count} | ${rate(relay)} | ${rate(bare)} | ${ratio.toFixed(2)} | ${micros(relay)} | ${micros(bare)} |`,
    );
  });
}

if (values['bare-koa']) serveBareKoa();
else await run();
