import { equalBytes } from '../bytes/index.ts';
import { CodedError } from '../errors/index.ts';
import { verify } from '../primitives/index.ts';
import {
  invalidLog,
  type LinkBytes,
  type LinkFormat,
  logLabel,
  type LogHead,
  type ParsedLink,
  parseLink,
} from './link.ts';

/** A kind of log: the form of its links, and what each may do. */
export interface LogKind<Body, State> extends LinkFormat<Body> {
  /**
   * What `link` makes of `state` (undefined before the first link), and the keys that must sign it besides its
   * signer. Called before the signatures are checked, because it is cheap and they are not; what it returns
   * counts only when they hold.
   * @throws CodedError `ERR_LOG_INVALID` where the rules forbid the link.
   */
  apply(state: State | undefined, link: ParsedLink<Body>): Applied<State>;
}

export interface Applied<State> {
  readonly state: State;
  /** Ed448 keys, in the order of their signatures. */
  readonly cosigners: readonly Uint8Array[];
}

/** A verified log: what its links add up to, and their hashes. The links themselves are not kept. */
export interface Log<State> {
  readonly state: State;
  readonly head: LogHead;
  /** The head's time. */
  readonly at: number;
  /** One hash per link, from the first. */
  readonly hashes: readonly Uint8Array[];
}

/**
 * Verifies a whole log from its first link. One or two signature checks per link (some 5 ms each).
 * @throws CodedError `ERR_LOG_INVALID`, `ERR_NEWER_VERSION`.
 */
export function verifyLog<Body, State>(kind: LogKind<Body, State>, links: readonly LinkBytes[]): Log<State> {
  return append(kind, undefined, parseLinks(kind, links));
}

/**
 * Extends a verified log by links that follow its head. Links that it already holds may come again (their
 * signatures are not looked at); from the first that differs on, they must be a valid log to count as a fork, so
 * that nobody raises the alarm with bytes that no key of the account signed. Where they begin after the place of
 * the fork, what stands before is unknown and that cannot be judged: then any difference is a fork.
 * @returns `known` itself where there is nothing new.
 * @throws CodedError `ERR_LOG_FORK`; `ERR_LOG_INVALID`, also for a log that is another one or leaves a gap;
 *   `ERR_NEWER_VERSION`.
 */
export function extendLog<Body, State>(
  kind: LogKind<Body, State>,
  known: Log<State>,
  links: readonly LinkBytes[],
): Log<State> {
  const parsed = parseLinks(kind, links);
  const first = parsed[0];
  if (first === undefined) return known;
  if (parsed.some((link, i) => link.seq !== first.seq + i)) throw invalidLog('the links are not in order');
  for (const link of parsed) {
    const hash = known.hashes[link.seq];
    if (hash !== undefined && !equalBytes(hash, link.hash)) throw conflict(kind, parsed, link.seq);
  }
  const fresh = parsed.filter((link) => link.seq >= known.hashes.length);
  const next = fresh[0];
  if (next === undefined) return known;
  if (next.seq === known.hashes.length && next.prev !== null && !equalBytes(next.prev, known.head.hash)) {
    throw conflict(kind, parsed, next.seq);
  }
  return append(kind, known, fresh);
}

function conflict<Body, State>(
  kind: LogKind<Body, State>,
  links: readonly ParsedLink<Body>[],
  seq: number,
): CodedError {
  if (seq === 0) return invalidLog('another log');
  // Throws its own error: what does not verify is not a fork.
  if (links[0]?.seq === 0) append(kind, undefined, links.slice(0, seq + 1));
  return new CodedError('ERR_LOG_FORK', 'the log is not the one that was known');
}

function parseLinks<Body, State>(
  kind: LogKind<Body, State>,
  links: readonly LinkBytes[],
): ParsedLink<Body>[] {
  if (links.length > kind.maxLinks) throw invalidLog('too many links');
  return links.map((link) => parseLink(kind, link));
}

function append<Body, State>(
  kind: LogKind<Body, State>,
  known: Log<State> | undefined,
  links: readonly ParsedLink<Body>[],
): Log<State> {
  let log = known;
  for (const link of links) log = appendOne(kind, log, link);
  if (log === undefined) throw invalidLog('no links');
  return log;
}

function appendOne<Body, State>(
  kind: LogKind<Body, State>,
  log: Log<State> | undefined,
  link: ParsedLink<Body>,
): Log<State> {
  const follows =
    log === undefined
      ? link.seq === 0 && link.prev === null
      : link.seq === log.head.seq + 1 && link.prev !== null && equalBytes(link.prev, log.head.hash);
  if (!follows) throw invalidLog('the link does not follow');
  if (log !== undefined && link.at < log.at) throw invalidLog('the time decreases');
  const { state, cosigners } = kind.apply(log?.state, link);
  const keys = [link.signer, ...cosigners];
  if (keys.length !== link.signatures.length) throw invalidLog('not the signatures that the link needs');
  for (const [i, key] of keys.entries()) {
    if (!verify(key, logLabel(kind.name), link.unsigned, link.signatures[i]!))
      throw invalidLog('a signature is wrong');
  }
  return {
    state,
    head: { seq: link.seq, hash: link.hash },
    at: link.at,
    hashes: [...(log?.hashes ?? []), link.hash],
  };
}
