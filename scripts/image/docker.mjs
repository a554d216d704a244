/** Images by Docker. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { top } from '../checkout.mjs';
import { run } from '../processes.mjs';
import { Problem } from '../say.mjs';
import { filesBelow } from './files.mjs';
import { baseIn, secrets } from './recipe.mjs';

/** @returns {Promise<import('../image.mjs').Engine | undefined>} undefined where no Docker answers */
export async function docker() {
  const version = await run('docker', ['version', '--format', '{{.Server.Version}}'], {
    timeoutMs: 10_000,
  }).catch(() => undefined);
  if (version?.code !== 0) return undefined;
  return {
    name: `Docker ${version.output.trim()}`,
    unchecked: [],
    async build(tag) {
      await call(['build', '--tag', tag, ...secrets(), top]);
    },
    async makeVolume(tag) {
      const name = `${tag}-check-${String(process.pid)}`;
      await call(['volume', 'create', name]);
      return { name, remove: async () => void (await call(['volume', 'rm', '--force', name])) };
    },
    async start(tag, volume, port, env) {
      const hardened = ['--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'];
      const given = Object.entries(env).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
      const published = `127.0.0.1:${String(port)}:${String(port)}`;
      const place = ['--volume', `${volume.name}:/data`, '--publish', published];
      const id = (await call(['run', '--detach', ...hardened, ...given, ...place, tag])).trim();
      return {
        output: () => call(['logs', id]),
        exec: (args, asRoot = false) =>
          run('docker', ['exec', ...(asRoot ? ['--user', '0'] : []), id, ...args]),
        async stop() {
          await call(['stop', id]);
          const code = Number(await call(['inspect', '--format', '{{.State.ExitCode}}', id]));
          const output = await call(['logs', id]);
          await call(['rm', '--force', id]);
          return { code, output };
        },
      };
    },
    async inspect(tag) {
      const [{ Config: config }] = JSON.parse(await call(['image', 'inspect', tag]));
      return {
        base: await baseIn('Dockerfile'),
        user: config.User,
        healthcheck: config.Healthcheck.Test.slice(1),
      };
    },
    async filesOf(tag) {
      const folder = await mkdtemp(join(tmpdir(), 'crypt2chat-image-'));
      const id = (await call(['create', tag])).trim();
      try {
        await call(['export', '--output', join(folder, 'image.tar'), id]);
        const unpacked = join(folder, 'files');
        await run('mkdir', [unpacked]);
        await run('tar', ['-xf', join(folder, 'image.tar'), '-C', unpacked]);
        return filesBelow(unpacked);
      } finally {
        await call(['rm', '--force', id]);
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

/**
 * @param {readonly string[]} args
 * @returns {Promise<string>} what it printed
 */
async function call(args) {
  const { code, output } = await run('docker', args);
  if (code !== 0) throw new Problem(`docker ${args.join(' ')} says:\n${output.trim()}`);
  return output;
}
