/**
 * node scripts/postgres.mjs [--data FOLDER] [--port N] [--set NAME=VALUE]…
 *
 * A PostgreSQL server on the loopback interface, for tests and measurements: whoever reaches it is let in. It runs
 * until this process is asked to end or disappears. Without --data in a folder that is gone afterwards.
 *
 * Says in one line of JSON that it answers: { "msg": "listening", "url": …, "pid": … }; the process id is the
 * server's own.
 */
import { existsSync } from 'node:fs';
import { chown, cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { onEndRequest, run, start, stopAll } from './processes.mjs';
import { fail, Problem } from './say.mjs';
import { isNamed, postgres } from './tools/postgres.mjs';

const user = 'crypt2chat';
const startTimeoutMs = 60_000;
const shownLogLines = 15;

async function main() {
  const { values } = parseArgs({
    options: {
      data: { type: 'string' },
      port: { type: 'string' },
      set: { type: 'string', multiple: true, default: [] },
    },
  });
  const folder = await mkdtemp(join(tmpdir(), 'crypt2chat-postgres-'));
  /** @type {import('./processes.mjs').Running | undefined} */
  let server;
  onEndRequest(async () => {
    // SIGTERM, which everything else here gets, would wait for who is connected.
    server?.child.kill('SIGINT');
    await server?.ended;
    await stopAll();
    await rm(folder, { recursive: true, force: true });
    process.exit(0);
  });
  try {
    const owner = ownerOfServer();
    const programs = await reachablePrograms(folder, owner);
    const data = values.data ?? join(folder, 'data');
    await makeDatabase(data, programs, owner);
    const port = values.port ?? String(await freePort());
    const settings = [
      ...['listen_addresses=127.0.0.1', `port=${port}`, 'unix_socket_directories='],
      ...['lc_messages=C', 'max_connections=200', ...values.set],
    ];
    server = await start(
      join(programs, 'bin', 'postgres'),
      ['-D', data, ...settings.flatMap((setting) => ['-c', setting])],
      { stdio: ['ignore', 'ignore', 'pipe'], ...owner },
    );
    await answering(server);
    const url = `postgres://${user}@127.0.0.1:${port}/postgres`;
    console.log(JSON.stringify({ msg: 'listening', url, pid: server.pid }));
    const { code } = await server.ended;
    process.exitCode = code ?? 1;
  } finally {
    await stopAll();
    await rm(folder, { recursive: true, force: true });
  }
}

/** PostgreSQL refuses to run as root: there, it gets a user who owns nothing else. */
function ownerOfServer() {
  if (process.getuid?.() !== 0) return {};
  /** @param {string} which */
  const idOfNobody = (which) => Number(execFileSync('id', [which, 'nobody'], { encoding: 'utf8' }));
  return { uid: idOfNobody('-u'), gid: idOfNobody('-g') };
}

/**
 * Another user may not reach what was fetched into root's checkout, but the temporary folder.
 *
 * @param {string} folder
 * @param {{ uid?: number, gid?: number }} owner
 */
async function reachablePrograms(folder, { uid, gid }) {
  const programs = await postgres();
  if (uid === undefined || gid === undefined || isNamed()) return programs;
  const copy = join(folder, 'programs');
  for (const part of ['bin', 'lib', 'share']) {
    if (!existsSync(join(programs, part))) continue;
    await cp(join(programs, part), join(copy, part), { recursive: true, verbatimSymlinks: true });
  }
  await chown(folder, uid, gid);
  return copy;
}

/**
 * @param {string} data
 * @param {string} programs
 * @param {{ uid?: number, gid?: number }} owner
 */
async function makeDatabase(data, programs, owner) {
  if (existsSync(join(data, 'PG_VERSION'))) return;
  await mkdir(data, { recursive: true, mode: 0o700 });
  if (owner.uid !== undefined && owner.gid !== undefined) await chown(data, owner.uid, owner.gid);
  const { code, output } = await run(
    join(programs, 'bin', 'initdb'),
    ['-D', data, '-U', user, '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync', '--no-instructions'],
    { timeoutMs: startTimeoutMs, ...owner },
  );
  if (code !== 0) throw new Problem(`PostgreSQL could not make a database:\n${output.trim()}`);
}

/** @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address === null || typeof address === 'string') reject(new TypeError('no port'));
        else resolve(address.port);
      });
    });
  });
}

/** @param {import('./processes.mjs').Running} server */
function answering({ child, ended }) {
  /** @type {string[]} */
  let lines = [];
  return new Promise((resolve, reject) => {
    /** @param {string} how */
    const giveUp = (how) => reject(new Problem(`PostgreSQL ${how}:\n  ${lines.join('\n  ')}`));
    const timer = setTimeout(() => giveUp('does not answer'), startTimeoutMs);
    child.stderr?.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
      lines = [...lines, ...text.trimEnd().split('\n')].slice(-shownLogLines);
      if (!text.includes('ready to accept connections')) return;
      clearTimeout(timer);
      resolve(undefined);
    });
    void ended.then(() => {
      clearTimeout(timer);
      giveUp('ended');
    });
  });
}

await main().catch(fail);
