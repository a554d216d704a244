/** code-server: VS Code 1.139 that runs in a browser, from npm. */
import { join } from 'node:path';
import { npm } from '../npm.mjs';
import { fetchTool, quietly } from './fetch.mjs';
import { node24 } from './node24.mjs';

const title = 'VS Code for the browser (code-server)';

/** @returns {Promise<{ node: string, entry: string }>} the Node to run it with, and its script */
export async function codeServer() {
  const node = await node24();
  const folder = await fetchTool({
    name: 'code-server',
    version: '4.139.1',
    title,
    size: 'about 150 MB, 620 MB on disk',
    finish: async (folder) => {
      // Its own install script would do this, and compile native modules that nothing here needs.
      const vscode = join(folder, 'node_modules', 'code-server', 'lib', 'vscode');
      for (const cwd of [vscode, join(vscode, 'extensions')])
        await npm(['install', ...quietly], { cwd, what: title });
    },
  });
  return { node, entry: join(folder, 'node_modules', 'code-server', 'out', 'node', 'entry.js') };
}
