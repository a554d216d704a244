import { fromBase64url, toBase64url } from '../bytes/index.ts';
import { CodedError } from '../errors/index.ts';
import { type AccountId, accountId } from './ids.ts';

const usernamePattern = /^[a-z0-9][a-z0-9._-]{1,31}$/;

/** A host in lower-case ASCII or a bracketed IPv6 address, then a port without leading zeros, if any. */
const originPattern =
  /^(https?):\/\/([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::([1-9][0-9]{0,4}))?$/;
const loopbackPattern = /^(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])$/;
const defaultPorts: Readonly<Record<string, number>> = { https: 443, http: 80 };
export const maxOriginBytes = 255;

/** What somebody typed, as {@link parseUsername} wants it: trimmed, in lower case, without a leading `@`. */
export function normaliseUsername(text: string): string {
  return text.trim().toLowerCase().replace(/^@/, '');
}

/** @throws CodedError `ERR_FORMAT` unless `text` is a username as it stands: `[a-z0-9][a-z0-9._-]{1,31}`. */
export function parseUsername(text: string): string {
  if (!usernamePattern.test(text)) throw new CodedError('ERR_FORMAT', 'not a username');
  return text;
}

/** Whether `text` is an origin in the one form in which it may stand in a log (docs/protocol.md §3). */
export function isRelayOrigin(text: string): boolean {
  if (text.length > maxOriginBytes) return false;
  const match = originPattern.exec(text);
  if (match === null) return false;
  const [, scheme = '', host = '', port] = match;
  if (scheme === 'http' && !loopbackPattern.test(host)) return false;
  return port === undefined || (Number(port) <= 65_535 && Number(port) !== defaultPorts[scheme]);
}

/**
 * The origin of the relay's address as somebody typed it: a host alone gets `https://`.
 * @returns `https://host[:port]`, or `http://` for a loopback host.
 * @throws CodedError `ERR_FORMAT`, also for an address with a path, a query or credentials.
 */
export function parseRelayOrigin(text: string): string {
  const trimmed = text.trim();
  const origin = bareOriginOf(trimmed.includes('://') ? trimmed : `https://${trimmed}`);
  if (origin === undefined || !isRelayOrigin(origin))
    throw new CodedError('ERR_FORMAT', "not a relay's address");
  return origin;
}

function bareOriginOf(text: string): string | undefined {
  try {
    const { href, origin } = new URL(text);
    // The whole text is compared, because an empty query leaves no trace in its field.
    return href === `${origin}/` ? origin : undefined;
  } catch {
    return undefined;
  }
}

/** `name#id` with the id in base64url: what people give each other. */
export function formatAddress(name: string, account: AccountId): string {
  return `${name}#${toBase64url(account)}`;
}

/**
 * Takes `name` or `name#id` as somebody typed or pasted it. A name alone is only the relay's word.
 * @throws CodedError `ERR_FORMAT`.
 */
export function parseAddress(text: string): { readonly name: string; readonly accountId?: AccountId } {
  const trimmed = text.trim();
  const hash = trimmed.indexOf('#');
  if (hash < 0) return { name: parseUsername(normaliseUsername(trimmed)) };
  const name = parseUsername(normaliseUsername(trimmed.slice(0, hash)));
  try {
    return { name, accountId: accountId(fromBase64url(trimmed.slice(hash + 1))) };
  } catch {
    throw new CodedError('ERR_FORMAT', 'not an address');
  }
}
