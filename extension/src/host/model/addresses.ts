/** Addresses and relay URLs as people type, paste and click them. The engine checks them again. */
import { usernamePattern } from '../../ipc/index.ts';

const accountIdPattern = /^[A-Za-z0-9_-]{43}$/;

/** What is wrong with an address in an input box, as a sentence, or undefined. Nothing typed yet is not wrong. */
export function addressProblem(text: string): string | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  const [name = '', id, ...more] = trimmed.split('#');
  if (!usernamePattern.test(normaliseName(name))) {
    return 'A name has 2 to 32 small letters, digits, dots, dashes and underscores.';
  }
  if (more.length > 0 || (id !== undefined && !accountIdPattern.test(id))) {
    return 'An address is a name alone, or name#id as its owner copied it.';
  }
  return undefined;
}

export function normaliseName(text: string): string {
  return text.trim().toLowerCase().replace(/^@/, '');
}

/**
 * The address in `…/open?address=name%23id`. Only a whole one counts: a link names who is meant, and does not leave
 * that to the relay.
 */
export function addressInUri(path: string, query: string): string | undefined {
  if (path !== '/open') return undefined;
  const address = new URLSearchParams(query).get('address') ?? '';
  return address.includes('#') && addressProblem(address) === undefined ? address : undefined;
}

/** A name to begin with, made from the one that somebody has on this computer; empty where nothing fits. */
export function suggestName(systemName: string): string {
  const name = systemName
    .toLowerCase()
    .normalize('NFKD')
    .replace(/[^a-z0-9._-]/g, '')
    .replace(/^[._-]+/, '')
    .slice(0, 32);
  return usernamePattern.test(name) && name !== 'root' ? name : '';
}

/** A link out of a message that may be opened, after confirmation; undefined for everything else. */
export function openableLink(text: string): URL | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return undefined;
  return ['http:', 'https:', 'mailto:'].includes(url.protocol) ? url : undefined;
}
