/** Where things are in the checkout. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The top of the checkout, without a slash at its end. */
export const top = fileURLToPath(new URL('..', import.meta.url)).replace(/[\\/]$/, '');

/** @param {readonly string[]} parts */
export function inCheckout(...parts) {
  return join(top, ...parts);
}

/** @param {readonly string[]} parts */
export function isInCheckout(...parts) {
  return existsSync(inCheckout(...parts));
}
