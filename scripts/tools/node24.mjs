/** Node 24, which code-server asks for: the Node at hand where it is one, else the platform's package from npm. */
import { join } from 'node:path';
import { Problem } from '../say.mjs';
import { fetchTool } from './fetch.mjs';

/** @returns {Promise<string>} the path of the executable */
export async function node24() {
  if (process.versions.node.startsWith('24.')) return process.execPath;
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) {
    throw new Problem(
      'VS Code in the browser needs Node 24 here. Install it (https://nodejs.org) and run the same command with it,\n' +
        'or install desktop VS Code (https://code.visualstudio.com).',
    );
  }
  const folder = await fetchTool({
    name: 'node24',
    version: '24.21.0',
    title: 'Node 24 for VS Code in the browser',
    size: '53 MB, 190 MB on disk',
  });
  return join(folder, 'node_modules', `node-linux-${process.arch}`, 'bin', 'node');
}
