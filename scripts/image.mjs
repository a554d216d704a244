/**
 * node scripts/image.mjs [--stand-in] [--tag NAME]: builds the relay's image and sees whether it holds. It is started
 * as its own user on a root file system that can only be read; somebody registers by the first invite and is sent
 * something; it is stopped, started again on the same volume, and gives out what was sent. Then its size is told, and
 * every file in it that is not the base's.
 *
 *   --stand-in   a base made on the spot, where no registry can be reached (as root on Debian: debootstrap)
 *   --tag NAME   what the image is called; crypt2chat-relay
 *
 * With Docker where there is one, else with buildah. Behind a registry or a certificate authority of one's own,
 * IMAGE_NPMRC and IMAGE_CA name an npmrc and a file of certificates; the build sees them, and the image does not.
 */
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { parseArgs } from 'node:util';
import { requireNode, requirePackages } from './prepare.mjs';
import { inCheckout } from './checkout.mjs';
import { buildah } from './image/buildah.mjs';
import { docker } from './image/docker.mjs';
import { bytesIn, describeFiles } from './image/files.mjs';
import { onEndRequest, run, stopAll } from './processes.mjs';
import { fail, megabytes, Problem, seconds } from './say.mjs';

/**
 * What builds and runs images here.
 *
 * @typedef {object} Engine
 * @property {string} name
 * @property {(tag: string) => Promise<void>} build
 * @property {(tag: string) => Promise<Volume>} makeVolume
 * @property {(tag: string, volume: Volume, port: number, env: Record<string, string>) => Promise<Container>} start
 *   with the port on 127.0.0.1, where CRYPT2CHAT_PORT says that the relay listens
 * @property {(tag: string) => Promise<import('./image/files.mjs').Files>} filesOf
 * @property {(tag: string) => Promise<{ base: string, user: string, healthcheck: string[] }>} inspect
 * @property {string[]} unchecked what it cannot show
 *
 * @typedef {{ name: string, remove: () => Promise<void> }} Volume
 *
 * @typedef {object} Container
 * @property {(args: readonly string[], asRoot?: boolean) => Promise<{ code: number | null, output: string }>} exec as
 *   the image's user, or as root
 * @property {() => Promise<string>} output all that it has said
 * @property {() => Promise<{ code: number | null, output: string }>} stop asks it to end; all that it has said
 */

/**
 * Those that run.
 *
 * @type {Set<Container>}
 */
const containers = new Set();

const startTimeoutMs = 60_000;
const stopTimeoutMs = 15_000;
const visitTimeoutMs = 60_000;
const betweenAsksMs = 100;

async function main() {
  requireNode();
  await requirePackages();
  const { values } = parseArgs({ options: { 'stand-in': { type: 'boolean' }, tag: { type: 'string' } } });
  const tag = values.tag ?? 'crypt2chat-relay';
  const engine = (await docker()) ?? (await buildah({ standIn: values['stand-in'] ?? false }));
  if (engine === undefined) {
    throw new Problem('Building an image takes Docker (https://docs.docker.com/get-docker) or buildah.');
  }
  onEndRequest(async () => {
    await stopAll();
    process.exit(130);
  });
  const beganAt = Date.now();
  await engine.build(tag);
  say(`built with ${engine.name} in ${seconds(Date.now() - beganAt)}`);
  await lookAt(engine, tag);
  await tellFiles(engine, tag);
  for (const line of [...engine.unchecked, 'the image for the other architecture'])
    console.log(`not checked: ${line}`);
}

/**
 * @param {Engine} engine
 * @param {string} tag
 */
async function lookAt(engine, tag) {
  const { user, healthcheck } = await engine.inspect(tag);
  assert.match(user, /^[1-9]/, 'the image has a user of its own');
  const port = await freePort();
  const volume = await engine.makeVolume(tag);
  const origin = `http://127.0.0.1:${String(port)}`;
  const madeAt = String(Date.now());
  const begin = async () => {
    const env = { CRYPT2CHAT_PORT: String(port), CRYPT2CHAT_REGISTRATION: 'invite' };
    const container = await engine.start(tag, volume, port, env);
    containers.add(container);
    await answering(container, origin);
    return container;
  };
  try {
    const first = await begin();
    const [invite = ''] =
      /(?<=first invite to this relay: )([0-9A-Z]{4}-?){4}/.exec(await first.output()) ?? [];
    assert.notEqual(invite, '', 'the first invite is printed');
    await visit(['come', origin, madeAt, invite]);
    say('somebody registers by the first invite, and is sent something');
    await operate(first, origin, healthcheck);
    await stopped(first);
    say('stopped when it was asked to');

    const again = await begin();
    await visit(['fetch', origin, madeAt]);
    assert.doesNotMatch(await stopped(again), /first invite/);
    say('started again on the same volume: she signs in, and what was sent to her is there');
  } finally {
    for (const container of containers) await container.stop();
    await volume.remove();
  }
}

/**
 * Waits until it takes requests.
 *
 * @param {Container} container
 * @param {string} origin
 */
async function answering(container, origin) {
  const beganAt = Date.now();
  for (;;) {
    const response = await fetch(`${origin}/readyz`).catch(() => undefined);
    if (response?.status === 200) break;
    if (Date.now() - beganAt > startTimeoutMs) {
      throw new Problem(`The relay in the image does not answer:\n${await container.output()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, betweenAsksMs));
  }
  say(`answers ${seconds(Date.now() - beganAt)} after its start`);
}

/**
 * Does what a client does.
 *
 * @param {readonly string[]} args
 */
async function visit(args) {
  const script = inCheckout('relay', 'test', 'support', 'visit.ts');
  const { code, output } = await run(process.execPath, ['--import', 'tsx', script, ...args], {
    cwd: inCheckout(),
    timeoutMs: visitTimeoutMs,
  });
  assert.equal(code, 0, output);
}

/**
 * @param {Container} container
 * @returns {Promise<string>} what it said
 */
async function stopped(container) {
  const beganAt = Date.now();
  containers.delete(container);
  const { code, output } = await container.stop();
  assert.equal(code, 0, `it ends with 0:\n${output}`);
  assert.ok(Date.now() - beganAt < stopTimeoutMs, 'it ends in time');
  return output;
}

/**
 * @param {Container} container
 * @param {string} origin
 * @param {readonly string[]} healthcheck
 */
async function operate(container, origin, healthcheck) {
  const about = await (await fetch(`${origin}/v1/about`)).json();
  assert.equal(about.name, 'crypt2chat-relay');
  const document = await (await fetch(`${origin}/v1/openapi.json`)).json();
  assert.match(document.openapi, /^3\.1\./);
  say(`relay ${about.version} answers over HTTP`);

  const uid = await done(container, ['node', '-p', 'process.getuid()']);
  assert.equal(uid.trim(), '1000');
  for (const file of ['/x', '/relay/x', '/etc/x', '/usr/local/bin/x']) {
    const write = ['node', '-e', `fs.writeFileSync(${JSON.stringify(file)}, '')`];
    assert.match((await container.exec(write, true)).output, /EROFS/, `not even root can write ${file}`);
  }
  say(`runs as user ${uid.trim()}, on a root file system that nobody can write to`);

  await done(container, healthcheck);
  await done(container, ['relay', 'invites', 'make']);
  const stats = JSON.parse(await done(container, ['relay', 'stats', '--json']));
  assert.notEqual(stats.running, null);
  assert.deepEqual([stats.accounts, stats.waiting.envelopes], [1, 3]);
  await done(container, ['relay', 'backup', '/data/backup.db']);
  await done(container, ['relay', 'restore', '--verify', '/data/backup.db']);
  const doctor = await container.exec(['relay', 'doctor']);
  say(`its health check, invites, stats, backup and restore --verify do their work; relay doctor says:`);
  for (const line of doctor.output.trim().split('\n')) console.log(`        ${line}`);
  assert.equal(doctor.code, 0);
}

/**
 * @param {Container} container
 * @param {readonly string[]} args
 */
async function done(container, args) {
  const { code, output } = await container.exec(args);
  assert.equal(code, 0, `${args.join(' ')} ended with ${String(code)}:\n${output}`);
  return output;
}

/**
 * @param {Engine} engine
 * @param {string} tag
 */
async function tellFiles(engine, tag) {
  const { base } = await engine.inspect(tag);
  const [own, its] = [await engine.filesOf(tag), await engine.filesOf(base)];
  console.log(
    `the image is ${megabytes(bytesIn(own))}, of which its base ${base} is ${megabytes(bytesIn(its))}; beyond it:`,
  );
  for (const line of describeFiles(own, its)) console.log(`        ${line}`);
}

/** @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
      server.close(() => resolve(port));
    });
  });
}

/** @param {string} text */
function say(text) {
  console.log(`ok      ${text}`);
}

await main().catch(fail);
