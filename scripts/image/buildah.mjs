/**
 * Images by buildah, which needs no daemon. It has no `run --read-only` that works without a full container runtime,
 * so a container is made here of what Linux has: namespaces for its mounts and processes, the image's files mounted
 * to be read only, the volume over /data, and the image's user.
 */
import { chown, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inCheckout, top } from '../checkout.mjs';
import { run, start } from '../processes.mjs';
import { Problem } from '../say.mjs';
import { filesBelow } from './files.mjs';
import { baseIn, secrets } from './recipe.mjs';
import { makeStandIn } from './stand-in.mjs';

/** Ours alone, and gone with the checkout. What stands in for a base is not found where the real one is wanted. */
const storages = {
  real: inCheckout('.cache', 'images', 'real'),
  standIn: inCheckout('.cache', 'images', 'stand-in'),
};
let storage = storages.real;
const env = { ...process.env, BUILDAH_ISOLATION: 'chroot' };
const stopTimeoutMs = 15_000;
const callTimeoutMs = 900_000;

/**
 * @param {{ standIn: boolean }} options
 * @returns {Promise<import('../image.mjs').Engine | undefined>} undefined where there is no buildah
 */
export async function buildah({ standIn }) {
  const version = await run('buildah', ['--version'], { timeoutMs: 10_000 }).catch(() => undefined);
  if (version?.code !== 0) return undefined;
  if (process.getuid?.() !== 0) throw new Problem('Trying an image out with buildah takes root.');
  if (standIn) storage = storages.standIn;
  await mkdir(storage, { recursive: true });
  return {
    name: version.output.trim(),
    unchecked: standIn ? ['the real base image: a stand-in took its place'] : [],
    async build(tag) {
      const base = await baseIn('Dockerfile');
      if (standIn) await makeStandIn({ call, base });
      const options = ['--format', 'docker', '--network', 'host', '--tag', tag, ...secrets()];
      await call(['bud', ...(standIn ? ['--pull-never'] : []), ...options, top]);
    },
    async makeVolume(tag) {
      const name = await mkdtemp(join(tmpdir(), 'crypt2chat-volume-'));
      const { user } = await inspect(tag);
      const [uid = 0, gid = 0] = user.split(':').map(Number);
      await chown(name, uid, gid);
      return { name, remove: () => rm(name, { recursive: true, force: true }) };
    },
    start: startContainer,
    inspect: async (tag) => ({ base: await baseIn('Dockerfile'), ...(await inspect(tag)) }),
    filesOf: (tag) => withMounted(tag, async (root) => filesBelow(root)),
  };
}

/**
 * @param {readonly string[]} args
 * @returns {Promise<string>} what it printed, without its warnings
 */
async function call(args) {
  const place = ['--root', join(storage, 'root'), '--runroot', join(storage, 'run')];
  // Plain folders: slower than overlays, and they leave no mount behind.
  const all = ['--storage-driver', 'vfs', ...place, ...args];
  const running = await start('buildah', all, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const timer = setTimeout(() => void running.stop(), callTimeoutMs);
  const { stdout, stderr } = running.child;
  const [printed = '', warnings = ''] = await Promise.all(
    [stdout, stderr].map((stream) => (stream ? text(stream) : '')),
  );
  const { code } = await running.ended;
  clearTimeout(timer);
  if (code === 0) return printed;
  const said = `${printed}${warnings}`.trim().split('\n').slice(-30).join('\n');
  throw new Problem(`buildah ${args.join(' ')} says:\n${said}`);
}

/** @param {string} tag */
async function inspect(tag) {
  const { Docker: image } = JSON.parse(await call(['inspect', '--type', 'image', tag]));
  const { User: user, Env, Entrypoint, Cmd, Healthcheck } = image.config;
  return { user, env: Env, command: [...Entrypoint, ...Cmd], healthcheck: Healthcheck.Test.slice(1) };
}

/**
 * @template T
 * @param {string} tag
 * @param {(root: string) => Promise<T>} work
 */
async function withMounted(tag, work) {
  const { root, remove } = await mounted(tag);
  try {
    return await work(root);
  } finally {
    await remove();
  }
}

/** @param {string} tag */
async function mounted(tag) {
  const container = (await call(['from', '--pull-never', tag])).trim().split('\n').at(-1) ?? '';
  const root = (await call(['mount', container])).trim();
  return { root, remove: async () => void (await call(['rm', container])) };
}

/**
 * @param {string} tag
 * @param {import('../image.mjs').Volume} volume
 * @param {number} _port it shares the network of this machine
 * @param {Record<string, string>} more
 * @returns {Promise<import('../image.mjs').Container>}
 */
async function startContainer(tag, volume, _port, more) {
  const { user, env: ofImage, command } = await inspect(tag);
  const { root, remove } = await mounted(tag);
  // So it must be on the loopback interface alone.
  const own = { ...more, CRYPT2CHAT_HOST: '127.0.0.1' };
  const variables = [...ofImage, ...Object.entries(own).map(([name, value]) => `${name}=${value}`)];
  const script = [
    'set -e',
    'mount --make-rprivate /',
    'mount --bind "$ROOT" "$ROOT"',
    'mount -t proc proc "$ROOT/proc"',
    'mount --rbind /dev "$ROOT/dev"',
    'mount --bind "$VOLUME" "$ROOT/data"',
    'mount -o remount,bind,ro "$ROOT"',
    'exec chroot --userspec="$USERSPEC" --groups= "$ROOT" /usr/bin/env -i "$@"',
  ].join('\n');
  const isolated = ['--mount', '--pid', '--fork', '--kill-child', 'sh', '-c', script, 'sh'];
  const running = await start('unshare', [...isolated, ...variables, ...command], {
    env: { PATH: process.env['PATH'], ROOT: root, VOLUME: volume.name, USERSPEC: user },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [running.child.stdout, running.child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text) => (output += text));
  }
  return {
    output: () => Promise.resolve(output),
    exec(args, asRoot = false) {
      const inside = ['--target', String(firstOf(running.pid)), '--mount', '--pid', '--root', '--wd'];
      const [uid = '', gid = ''] = user.split(':');
      const as = asRoot ? [] : ['--setuid', uid, '--setgid', gid];
      return run('nsenter', [...inside, ...as, '/usr/bin/env', '-i', ...variables, ...args]);
    },
    async stop() {
      if (running.child.exitCode === null) process.kill(firstOf(running.pid), 'SIGTERM');
      const timer = setTimeout(() => void running.stop(), stopTimeoutMs);
      const { code } = await running.ended;
      clearTimeout(timer);
      await remove();
      return { code, output };
    },
  };
}

/**
 * The process that is the first in its own namespace: the relay, as in any container.
 *
 * @param {number} pid of unshare
 */
function firstOf(pid) {
  const children = readFileSync(`/proc/${String(pid)}/task/${String(pid)}/children`, 'utf8').trim();
  return Number(children.split(' ')[0]);
}
