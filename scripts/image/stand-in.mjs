/**
 * A base for the image where no registry can be reached: Debian by debootstrap, Node.js from its npm package, npm as
 * it is on this machine, and the user `node` of the real one. It stands in for the real base and is called like it.
 */
import { cp, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { inCheckout } from '../checkout.mjs';
import { run } from '../processes.mjs';
import { Problem, showing } from '../say.mjs';
import { node24 } from '../tools/node24.mjs';

const release = 'bookworm';

/**
 * @param {object} options
 * @param {(args: readonly string[]) => Promise<string>} options.call buildah
 * @param {string} options.base its name
 */
export async function makeStandIn({ call, base }) {
  const known = JSON.parse(await call(['images', '--json', '--all'])) ?? [];
  if (
    known.some((/** @type {{ names?: string[] }} */ { names }) => names?.some((name) => name.endsWith(base)))
  )
    return;
  await showing(`Making a stand-in for ${base}`, async () => {
    const container = (await call(['from', 'scratch'])).trim();
    const root = (await call(['mount', container])).trim();
    await must('debootstrap', ['--variant=minbase', release, root]);
    await must('chroot', [root, 'groupadd', '--gid', '1000', 'node']);
    await must('chroot', [root, 'useradd', '--uid', '1000', '--gid', 'node', '--create-home', 'node']);
    await cp(await node24(), join(root, 'usr/local/bin/node'));
    await cp(await npmFolder(), join(root, 'usr/local/lib/node_modules/npm'), { recursive: true });
    await must('ln', ['-s', '../lib/node_modules/npm/bin/npm-cli.js', join(root, 'usr/local/bin/npm')]);
    await must('chroot', [root, 'apt-get', 'clean']);
    await call([
      'config',
      '--env',
      'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      container,
    ]);
    await call(['commit', '--rm', container, `docker.io/library/${base}`]);
  });
}

/** @returns {Promise<string>} the npm that comes with the Node at hand */
async function npmFolder() {
  const { output } = await run('npm', ['root', '--global'], { cwd: inCheckout() });
  return dirname(await realpath(join(output.trim(), 'npm', 'package.json')));
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 */
async function must(command, args) {
  const { code, output } = await run(command, args).catch((error) => {
    if (error.code === 'ENOENT')
      throw new Problem(`A stand-in for the base takes ${command}. On Debian: apt install ${command}`);
    throw error;
  });
  if (code !== 0) throw new Problem(`${command} says:\n${output.trim().split('\n').slice(-15).join('\n')}`);
}
