/**
 * npm run demo: two people in two real VS Codes register with a relay, find each other and talk, without a hand on the
 * keyboard. Prints the conversation as each of them sees it, and leaves a picture of each window under docs/images.
 * The exit code is 0 only if both saw everything, in order.
 */
import { requireNode, requirePackages } from './prepare.mjs';

requireNode();
const { fail } = await import('./say.mjs');
try {
  await requirePackages();
  const { demo } = await import('./demo/demo.mjs');
  await demo();
} catch (error) {
  fail(error);
}
