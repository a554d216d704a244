/**
 * npm run demo [-- --group]: two people in two real VS Codes register with a relay, find each other and talk, without a
 * hand on the keyboard; with --group three people make a group, add one and remove one. Prints the conversation as each
 * of them sees it, and leaves a picture of each window under docs/images. The exit code is 0 only if all saw everything,
 * in order.
 */
import { parseArgs } from 'node:util';
import { requireNode, requirePackages } from './prepare.mjs';

requireNode();
const { fail } = await import('./say.mjs');
try {
  const { values } = parseArgs({ options: { group: { type: 'boolean' } } });
  await requirePackages();
  if (values.group === true) await (await import('./demo/group-demo.mjs')).groupDemo();
  else await (await import('./demo/demo.mjs')).demo();
} catch (error) {
  fail(error);
}
