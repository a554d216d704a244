/**
 * npm start [-- OPTIONS]: a relay on this machine and two VS Codes, Alice's and Bob's, that are ready to register
 * with it.
 *
 *   --relay         the relay alone
 *   --bob           the relay and Bob: Alice is the window that F5 opens
 *   --port PORT     of the relay (8787); VS Code in the browser takes the two ports after it
 *   --data FOLDER   where relay and profiles are kept (.crypt2chat)
 *   --browser       VS Code in the browser, even where a desktop could be had
 */
import { requireNode, requirePackages } from './prepare.mjs';

requireNode();
const { fail } = await import('./say.mjs');
try {
  await requirePackages();
  const { startEverything } = await import('./start/start-everything.mjs');
  await startEverything(process.argv.slice(2));
} catch (error) {
  fail(error);
  const { stopAll } = await import('./processes.mjs');
  await stopAll();
}
