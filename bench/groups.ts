/**
 * Groups: what each of their steps costs with 10, 50 and 200 devices, in processor time and in bytes through the
 * relay, beside ts-mls 1.6.4 (MLS, RFC 9420) with suite 4, on noble on both sides.
 *
 *   npm run bench -- groups [--sizes 10,50,200] [--rounds 3] [--messages 1000] [--folder /dev/shm]
 *
 * Ours is the engine itself: whole devices with vaults, at a relay in a process of its own, over HTTP. Each round of
 * each side runs in a process of its own, in turns. The ratio of a round is what holds; printed are medians.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { measureOurs } from './groups/ours.ts';
import { measurePeer } from './groups/peer.ts';
import { preparePeople } from './groups/people.ts';
import { type Measures, print, type Side } from './groups/table.ts';
import { machine, startServer, unlimited } from './measure.ts';

const main = fileURLToPath(new URL('../relay/src/main.ts', import.meta.url));
/** A round of the largest groups takes a minute or two on a machine that is not busy. */
const roundTimeoutMs = 60 * 60 * 1000;

const { values } = parseArgs({
  options: {
    sizes: { type: 'string', default: '10,50,200' },
    rounds: { type: 'string', default: '3' },
    messages: { type: 'string', default: '1000' },
    folder: { type: 'string', default: tmpdir() },
    /** What a process of its own does, with its settings in JSON. */
    part: { type: 'string' },
    settings: { type: 'string', default: '{}' },
  },
});

interface Settings {
  readonly folder: string;
  readonly origin: string;
  readonly size: number;
  readonly round: number;
  readonly rounds: number;
  readonly caughtUp: number;
}

type Part = 'prepare' | 'ours' | 'peer';

async function runPart(part: string, settings: Settings): Promise<Measures> {
  switch (part) {
    case 'prepare':
      await preparePeople(settings, settings.size, settings.rounds);
      return {};
    case 'ours':
      return measureOurs(settings, settings);
    case 'peer':
      return measurePeer(settings.folder, settings);
    default:
      throw new TypeError(`there is no part ${part}`);
  }
}

/** @param crypto `noble`, or empty for the fastest there is. */
async function apart(part: Part, crypto: string, settings: Settings): Promise<Measures> {
  const self = fileURLToPath(import.meta.url);
  const args = ['--import', 'tsx', self, '--part', part, '--settings', JSON.stringify(settings)];
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    env: { ...process.env, CRYPT2CHAT_CRYPTO: crypto },
    encoding: 'utf8',
    timeout: roundTimeoutMs,
  });
  return JSON.parse(stdout) as Measures;
}

async function run(): Promise<void> {
  const sizes = values.sizes.split(',').map(Number);
  const rounds = Number(values.rounds);
  const caughtUp = Number(values.messages);
  const peer = process.env['TS_MLS_FOLDER'] ?? '';
  const say = (line: string) => process.stdout.write(`${line}\n`);
  say(`Groups on noble; ${rounds} rounds, each side in a process of its own, in turns; ${machine()}.`);
  if (peer === '') say('ts-mls is left out: `npm run bench -- groups` fetches it.');
  const folder = mkdtempSync(join(values.folder, 'c2c-bench-groups-'));
  try {
    const relay = await startServer(['--import', 'tsx', main], {
      ...unlimited,
      CRYPT2CHAT_PORT: '0',
      CRYPT2CHAT_DATA: join(folder, 'relay'),
    });
    try {
      const common = { folder, origin: relay.origin, rounds, caughtUp };
      say(`Preparing ${Math.max(...sizes) + 1} people who know each other; that takes a while.`);
      const people = { ...common, size: Math.max(...sizes), round: 0, rounds: rounds * sizes.length };
      await apart('prepare', '', people);
      const sides = new Map<number, Side>();
      for (let round = 0; round < rounds; round++) {
        for (const [i, size] of sizes.entries()) {
          const side = sides.get(size) ?? { ours: [], peer: [] };
          sides.set(size, side);
          const settings = { ...common, size, round: round * sizes.length + i };
          side.ours.push(await apart('ours', 'noble', settings));
          if (peer !== '') side.peer.push(await apart('peer', '', { ...settings, folder: peer }));
          say(`round ${round + 1}, ${size} devices: measured, ${machine()}`);
        }
      }
      print(sides, caughtUp, say);
    } finally {
      await relay.stop();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (values.part === undefined) await run();
else {
  const settings = JSON.parse(values.settings) as Settings;
  process.stdout.write(JSON.stringify(await runPart(values.part, settings)));
}
