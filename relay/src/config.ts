/**
 * The relay's options: environment variables that begin with `CRYPT2CHAT_`, and nothing else. A name that is not
 * known or a value that does not fit stops the start with a sentence, so that a typing error is not a silent default.
 */
import * as v from 'valibot';
import { parseRelayOrigin } from '@crypt2chat/shared/identity';
import { limits } from '@crypt2chat/shared/wire';

const prefix = 'CRYPT2CHAT_';

function wholeNumber(from: number, to: number) {
  return v.pipe(
    v.string(),
    v.regex(/^(0|[1-9][0-9]{0,15})$/, `a whole number from ${from} to ${to}`),
    v.transform(Number),
    v.minValue(from, `a whole number from ${from} to ${to}`),
    v.maxValue(to, `a whole number from ${from} to ${to}`),
  );
}

const originRule = 'an origin such as https://chat.example.org (http:// for a loopback address only)';
const rate = wholeNumber(0, 1_000_000_000);

/** What each variable may be (without the prefix), and what it is when it is absent. */
const options = {
  HOST: v.optional(
    v.pipe(v.string(), v.minLength(1, 'an address or a host name'), v.maxLength(255)),
    '127.0.0.1',
  ),
  PORT: v.optional(wholeNumber(0, 65_535), '8787'),
  DATA: v.optional(v.pipe(v.string(), v.minLength(1, 'a folder'), v.maxLength(4096)), './data'),
  ORIGIN: v.optional(v.pipe(v.string(), v.check(isOrigin, originRule))),
  REGISTRATION: v.optional(v.picklist(['open', 'closed'], 'open or closed'), 'open'),
  RETENTION_DAYS: v.optional(wholeNumber(1, 3650), String(limits.retentionDays)),
  TRUST_PROXY: v.optional(wholeNumber(0, 8), '0'),
  LOG_LEVEL: v.optional(
    v.picklist(['debug', 'info', 'warn', 'error', 'silent'], 'debug, info, warn, error or silent'),
    'info',
  ),
  ENVELOPES_PER_MAILBOX: v.optional(wholeNumber(1, 1_000_000), String(limits.envelopesPerMailbox)),
  WAITING_POLLS: v.optional(wholeNumber(1, 1_000_000), '5000'),
  REQUESTS_PER_MINUTE_PER_ADDRESS: v.optional(rate, '6000'),
  REQUESTS_PER_MINUTE_PER_ACCOUNT: v.optional(rate, '1200'),
  SIGN_INS_PER_MINUTE_PER_ADDRESS: v.optional(rate, '240'),
  REGISTRATIONS_PER_HOUR_PER_ADDRESS: v.optional(rate, '100'),
  CLAIMS_PER_HOUR_PER_ACCOUNT: v.optional(rate, '600'),
  CLAIMS_PER_HOUR_PER_TARGET: v.optional(rate, '30'),
};

/** What belongs to the primitives, which read it themselves: no option of the relay, and no mistake either. */
const elsewhere = ['CRYPTO'];

const schema = v.strictObject(options);

export interface Config {
  readonly host: string;
  /** 0 takes any that is free. */
  readonly port: number;
  readonly dataFolder: string;
  /** The origin under which clients know this relay; undefined: `http://127.0.0.1:PORT`. */
  readonly origin: string | undefined;
  readonly registration: 'open' | 'closed';
  readonly retentionDays: number;
  /** So many proxies stand in front, each of which appends to `X-Forwarded-For`. */
  readonly trustedProxies: number;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  readonly envelopesPerMailbox: number;
  readonly waitingPolls: number;
  readonly rates: Rates;
}

/** Requests allowed in the time that the name says; so many may come at once. 0: no limit. */
export interface Rates {
  readonly requestsPerMinutePerAddress: number;
  readonly requestsPerMinutePerAccount: number;
  /** What makes the relay check a signature: sessions and links. */
  readonly signInsPerMinutePerAddress: number;
  readonly registrationsPerHourPerAddress: number;
  readonly claimsPerHourPerAccount: number;
  /** Claims by one account of one other account's bundles. */
  readonly claimsPerHourPerTarget: number;
}

/** What the operator has to be told, one line each. */
export class ConfigError extends Error {
  readonly lines: readonly string[];

  constructor(lines: readonly string[]) {
    super(lines.join('\n'));
    this.name = 'ConfigError';
    this.lines = lines;
  }
}

/** @throws ConfigError with a line for each option that is unknown or does not fit. */
export function parseConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const given: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    const option = name.slice(prefix.length);
    if (name.startsWith(prefix) && value !== undefined && !elsewhere.includes(option)) given[option] = value;
  }
  const unknown = Object.keys(given).filter((name) => !Object.hasOwn(options, name));
  const lines = unknown.map((name) => `${prefix}${name} is not an option of the relay.`);
  for (const name of unknown) Reflect.deleteProperty(given, name);
  const parsed = v.safeParse(schema, given);
  if (!parsed.success) {
    const wrong = new Map(parsed.issues.map((issue) => [String(issue.path?.[0].key), issue.message]));
    for (const [name, message] of wrong) lines.push(`${prefix}${name} must be ${message}.`);
  }
  if (!parsed.success || lines.length > 0) throw new ConfigError(lines);
  const values = parsed.output;
  return {
    host: values.HOST,
    port: values.PORT,
    dataFolder: values.DATA,
    origin: values.ORIGIN,
    registration: values.REGISTRATION,
    retentionDays: values.RETENTION_DAYS,
    trustedProxies: values.TRUST_PROXY,
    logLevel: values.LOG_LEVEL,
    envelopesPerMailbox: values.ENVELOPES_PER_MAILBOX,
    waitingPolls: values.WAITING_POLLS,
    rates: {
      requestsPerMinutePerAddress: values.REQUESTS_PER_MINUTE_PER_ADDRESS,
      requestsPerMinutePerAccount: values.REQUESTS_PER_MINUTE_PER_ACCOUNT,
      signInsPerMinutePerAddress: values.SIGN_INS_PER_MINUTE_PER_ADDRESS,
      registrationsPerHourPerAddress: values.REGISTRATIONS_PER_HOUR_PER_ADDRESS,
      claimsPerHourPerAccount: values.CLAIMS_PER_HOUR_PER_ACCOUNT,
      claimsPerHourPerTarget: values.CLAIMS_PER_HOUR_PER_TARGET,
    },
  };
}

function isOrigin(text: string): boolean {
  try {
    return parseRelayOrigin(text) === text;
  } catch {
    return false;
  }
}
