/** The look at a relay's surroundings that `relay doctor` takes. Each check is a sentence; none changes anything. */
import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, openSync, rmSync, statfsSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { aboutResponseSchema, routes } from '@crypt2chat/shared/wire';
import { adviceOn, type Config } from '../config/index.ts';
import { version } from '../version.ts';
import { AdminError } from './admin-error.ts';
import type { Invocation } from './command.ts';
import { localUrl } from './local-url.ts';
import { momentText, sizeText } from './text.ts';

export interface Check {
  /** `fair` is something to know, or to think about. */
  readonly state: 'good' | 'fair' | 'bad';
  readonly words: string;
}

const oldestNode = [20, 19] as const;
const requestTimeoutMs = 5000;
const fsyncTries = 5;
const slowFsyncMs = 50;
const littleRoomBytes = 1e9;
const noRoomBytes = 1e8;
/** File systems over a network, by the numbers that Linux has for them. */
const networkFileSystems: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
]);

const good = (words: string): Check => ({ state: 'good', words });
const fair = (words: string): Check => ({ state: 'fair', words });
const bad = (words: string): Check => ({ state: 'bad', words });

/** @throws ConfigError: without options there is nothing to look at. */
export async function doctorChecks(invocation: Invocation): Promise<Check[]> {
  const config = invocation.config();
  return [
    nodeCheck(),
    ...optionChecks(config),
    // A database server has its own disk.
    ...(config.databaseUrl === undefined ? folderChecks(config.dataFolder) : []),
    await dataCheck(invocation),
    await readyCheck(config),
    await originCheck(config),
  ];
}

function nodeCheck(): Check {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isNew = major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1]);
  const words = `Node.js ${process.versions.node}, relay ${version}.`;
  return isNew ? good(words) : bad(`${words} It needs Node.js ${oldestNode.join('.')} or newer.`);
}

function optionChecks(config: Config): Check[] {
  const advice = adviceOn(config);
  return advice.length === 0 ? [good('The options.')] : advice.map(fair);
}

function folderChecks(folder: string): Check[] {
  try {
    const stats = statSync(folder, { throwIfNoEntry: false });
    if (stats === undefined) return [fair(`The data folder ${folder} is not there yet: the relay makes it.`)];
    if (!stats.isDirectory()) return [bad(`${folder} is no folder.`)];
    return [modeCheck(folder, stats.mode), diskCheck(folder), roomCheck(folder)];
  } catch {
    return [bad(`The data folder ${folder} cannot be looked at by this user.`)];
  }
}

function modeCheck(folder: string, mode: number): Check {
  const isOthers = process.platform !== 'win32' && (mode & 0o077) !== 0;
  return isOthers
    ? fair(`Other users of this machine may look into ${folder}: chmod 700 ${folder}`)
    : good(`The data folder ${folder}.`);
}

function diskCheck(folder: string): Check {
  const network = networkFileSystems.get(statfsSync(folder).type);
  if (network !== undefined) {
    return bad(`The data folder is on ${network}: a database belongs on a disk of this machine.`);
  }
  let middleMs: number;
  try {
    middleMs = fsyncMs(folder);
  } catch {
    return bad('The data folder cannot be written by this user.');
  }
  const words = `The disk takes ${middleMs.toFixed(1)} ms to keep something for good.`;
  return middleMs > slowFsyncMs ? fair(`${words} That is slow, and every answer waits for it.`) : good(words);
}

/** The median of some writes of a page. */
function fsyncMs(folder: string): number {
  const file = join(folder, `doctor-${randomBytes(4).toString('hex')}`);
  const descriptor = openSync(file, 'wx', 0o600);
  try {
    const times = Array.from({ length: fsyncTries }, () => {
      const beganAt = performance.now();
      writeSync(descriptor, new Uint8Array(4096));
      fsyncSync(descriptor);
      return performance.now() - beganAt;
    });
    return times.sort((a, b) => a - b)[Math.floor(fsyncTries / 2)]!;
  } finally {
    closeSync(descriptor);
    rmSync(file);
  }
}

function roomCheck(folder: string): Check {
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  const words = `${sizeText(free)} are free on its disk.`;
  if (free < noRoomBytes) return bad(words);
  return free < littleRoomBytes ? fair(words) : good(words);
}

async function dataCheck(invocation: Invocation): Promise<Check> {
  try {
    const { running, relays, schemaVersion, databaseBytes } = await invocation.reach().call('stats', {});
    const database = `The database, ${sizeText(databaseBytes)}, schema ${schemaVersion}.`;
    if (relays !== undefined && relays > 0) return good(`${database} ${relaysRun(relays)}`);
    return running === null
      ? fair(`${database} No relay runs.`)
      : good(`${database} A relay runs since ${momentText(running.since)}.`);
  } catch (error) {
    if (!(error instanceof AdminError)) throw error;
    return existsSync(invocation.config().dataFolder) ? bad(error.message) : fair(error.message);
  }
}

function relaysRun(count: number): string {
  return count === 1 ? 'One relay runs on it.' : `${count} relays run on it.`;
}

async function readyCheck(config: Config): Promise<Check> {
  const url = `${localUrl(config)}/readyz`;
  const status = await statusOf(url);
  if (status === 200) return good(`${url} answers.`);
  return bad(status === undefined ? `Nothing answers at ${url}.` : `${url} answers ${status}.`);
}

async function originCheck({ origin }: Config): Promise<Check> {
  if (origin === undefined) return fair('Without CRYPT2CHAT_ORIGIN, only this computer can use the relay.');
  try {
    const response = await fetch(origin + routes.about, {
      redirect: 'error',
      signal: AbortSignal.timeout(requestTimeoutMs),
    });
    const about = v.safeParse(aboutResponseSchema, await response.json());
    if (!about.success) return bad(`${origin} is answered by something that is no relay.`);
    if (about.output.version !== version) {
      return fair(`${origin} is answered by a relay of version ${about.output.version}, not ${version}.`);
    }
    return good(`${origin} is answered by a relay of this version.`);
  } catch (error) {
    return bad(`${origin} cannot be reached from here${causeOf(error)}.`);
  }
}

async function statusOf(url: string): Promise<number | undefined> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(requestTimeoutMs) })).status;
  } catch {
    return undefined;
  }
}

/** What the system or TLS calls it; people search for these words. */
function causeOf(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') {
    return ` (no answer within ${requestTimeoutMs / 1000} s)`;
  }
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
}
