/**
 * Every option of the relay, in one table: what it may be, what it is when nobody says anything, in which unit, and
 * what it does. The operator's guide shows the same table, and a test compares the two.
 */
import * as v from 'valibot';
import { parseRelayOrigin } from '@crypt2chat/shared/identity';
import { limits } from '@crypt2chat/shared/wire';

/** What all names begin with, so that one of ours with a typing error can be told from somebody else's variable. */
export const prefix = 'CRYPT2CHAT_';

/** What belongs to the primitives, which read it themselves: no option of the relay, and no mistake either. */
export const elsewhere: readonly string[] = ['CRYPT2CHAT_CRYPTO'];

export interface Option {
  /** From the text to the value. The schema's own messages end the sentence "NAME must be …". */
  readonly schema: v.OptionalSchema<v.GenericSchema<string, unknown>, string | undefined>;
  /** Empty where the value says it itself. */
  readonly unit: string;
  readonly effect: string;
  /** In place of the default, where what happens without the option is no fixed value. */
  readonly otherwise?: string;
  /** The value is not repeated when it does not fit. */
  readonly isSecret?: boolean;
}

function wholeNumber(from: number, to: number) {
  const rule = `a whole number from ${from} to ${to}`;
  return v.pipe(
    v.string(),
    v.regex(/^(0|[1-9][0-9]{0,15})$/, rule),
    v.transform(Number),
    v.minValue(from, rule),
    v.maxValue(to, rule),
  );
}

function text(what: string, maxLength: number) {
  return v.pipe(v.string(), v.minLength(1, what), v.maxLength(maxLength, what));
}

function oneOf<const Words extends readonly [string, ...string[]]>(words: Words) {
  return v.picklist(words, `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`);
}

/** 0: no limit. */
const count = wholeNumber(0, 1_000_000_000);

const origin = v.pipe(
  v.string(),
  v.check(isOrigin, 'an origin such as https://chat.example.org (http:// for a loopback address only)'),
);

const databaseUrl = v.pipe(
  v.string(),
  v.check(isDatabaseUrl, 'a URL such as postgres://user:password@host:5432/database'),
);

const metrics = v.pipe(
  v.string(),
  v.check(
    (text) => text === 'off' || text === 'on' || metricsPlace(text) !== undefined,
    'off, on, a port such as 9464, or an address and a port such as 0.0.0.0:9464',
  ),
  v.transform((text) => (text === 'off' || text === 'on' ? text : metricsPlace(text)!)),
);

export const options = {
  CRYPT2CHAT_HOST: {
    schema: v.optional(text('an address or a host name', 255), '127.0.0.1'),
    unit: 'address',
    effect: 'where it listens; `0.0.0.0` and `::` are all addresses',
  },
  CRYPT2CHAT_PORT: {
    schema: v.optional(wholeNumber(0, 65_535), '8787'),
    unit: '',
    effect: 'where it listens; `0` takes any port that is free',
  },
  CRYPT2CHAT_ORIGIN: {
    schema: v.optional(origin),
    unit: 'URL',
    otherwise: '`http://127.0.0.1:PORT`',
    effect: 'the address that people type; it stands in every account, so it is for good',
  },
  CRYPT2CHAT_TRUST_PROXY: {
    schema: v.optional(wholeNumber(0, 8), '0'),
    unit: 'proxies',
    effect: 'so many stand in front and append to `X-Forwarded-For`',
  },
  CRYPT2CHAT_DATA: {
    schema: v.optional(text('a folder', 4096), './data'),
    unit: 'folder',
    effect: 'holds the database and the socket of the command line; made with mode 0700',
  },
  DATABASE_URL: {
    schema: v.optional(databaseUrl),
    unit: 'URL',
    otherwise: 'SQLite in the folder',
    effect: 'a PostgreSQL database, which any number of relays may share',
    isSecret: true,
  },
  CRYPT2CHAT_DATABASE_CONNECTIONS: {
    schema: v.optional(wholeNumber(2, 1000), '10'),
    unit: 'sockets',
    effect: 'so many to PostgreSQL at the most, and one more that listens',
  },
  CRYPT2CHAT_REGISTRATION: {
    schema: v.optional(oneOf(['open', 'invite', 'closed']), 'open'),
    unit: '',
    effect: 'who may make an account: `open` anybody, `invite` who has an invite code, `closed` nobody',
  },
  CRYPT2CHAT_RETENTION_DAYS: {
    schema: v.optional(wholeNumber(1, 3650), String(limits.retentionDays)),
    unit: 'days',
    effect: 'how long an envelope or a message of a group is kept, and its id remembered',
  },
  CRYPT2CHAT_ENVELOPES_PER_MAILBOX: {
    schema: v.optional(wholeNumber(1, 1_000_000), String(limits.envelopesPerMailbox)),
    unit: 'envelopes',
    effect: 'a full mailbox refuses new envelopes; senders try again',
  },
  CRYPT2CHAT_ENTRIES_PER_GROUP: {
    schema: v.optional(wholeNumber(1, 10_000_000), String(limits.entriesPerGroup)),
    unit: 'entries',
    effect: 'messages that a group may hold and, apart from them, links; a full one refuses more',
  },
  CRYPT2CHAT_MEGABYTES_PER_ACCOUNT: {
    schema: v.optional(wholeNumber(1, 1_000_000), '256'),
    unit: 'MB',
    effect: 'what may wait for all devices of an account together; beyond it, as with a full mailbox',
  },
  CRYPT2CHAT_MEGABYTES_PER_GROUP: {
    schema: v.optional(wholeNumber(1, 1_000_000), '256'),
    unit: 'MB',
    effect: 'messages that a group may hold and, apart from them, links; a full one refuses more',
  },
  CRYPT2CHAT_WAITING_POLLS: {
    schema: v.optional(wholeNumber(1, 1_000_000), '5000'),
    unit: 'polls',
    effect: 'polls that can wait at the same time; a device has two where it is in groups',
  },
  CRYPT2CHAT_REQUESTS_PER_MINUTE_PER_ADDRESS: {
    schema: v.optional(count, '6000'),
    unit: 'requests',
    effect: 'all requests; `0` here and below: no limit',
  },
  CRYPT2CHAT_REQUESTS_PER_MINUTE_PER_ACCOUNT: {
    schema: v.optional(count, '1200'),
    unit: 'requests',
    effect: 'requests with a session',
  },
  CRYPT2CHAT_SIGN_INS_PER_MINUTE_PER_ADDRESS: {
    schema: v.optional(count, '240'),
    unit: 'requests',
    effect: 'sessions and links, which cost a signature check',
  },
  CRYPT2CHAT_REGISTRATIONS_PER_HOUR_PER_ADDRESS: {
    schema: v.optional(count, '100'),
    unit: 'requests',
    effect: 'attempts to make an account',
  },
  CRYPT2CHAT_NAME_LOOKUPS_PER_HOUR_PER_ADDRESS: {
    schema: v.optional(count, '1000'),
    unit: 'requests',
    effect: 'who has this name: what somebody needs who tries out names; asking by id is not counted',
  },
  CRYPT2CHAT_CLAIMS_PER_HOUR_PER_ACCOUNT: {
    schema: v.optional(count, '600'),
    unit: 'requests',
    effect: 'claims of prekey bundles',
  },
  CRYPT2CHAT_CLAIMS_PER_HOUR_PER_TARGET: {
    schema: v.optional(count, '30'),
    unit: 'requests',
    effect: 'claims by one account, of the bundles of one other',
  },
  CRYPT2CHAT_GROUPS_PER_HOUR_PER_ACCOUNT: {
    schema: v.optional(count, '60'),
    unit: 'requests',
    effect: 'new groups',
  },
  CRYPT2CHAT_REQUESTS_PER_MINUTE_PER_GROUP: {
    schema: v.optional(count, '6000'),
    unit: 'requests',
    effect: 'requests of one group, from all its members; polls do not count',
  },
  CRYPT2CHAT_METRICS: {
    schema: v.optional(metrics, 'off'),
    unit: '',
    effect:
      'figures for Prometheus at `/metrics`: `off`; `on` for whoever reaches the relay; a port, or `address:port`, for a place of its own',
  },
  CRYPT2CHAT_LOG_LEVEL: {
    schema: v.optional(oneOf(['debug', 'info', 'warn', 'error', 'silent']), 'info'),
    unit: '',
    effect: '`debug`, `info`, `warn`, `error` or `silent`; requests that went well are `debug`',
  },
} satisfies Record<string, Option>;

export type OptionName = keyof typeof options;
export type Values = { readonly [Name in OptionName]: v.InferOutput<(typeof options)[Name]['schema']> };

export const optionNames = Object.keys(options) as readonly OptionName[];

export function isOption(name: string): name is OptionName {
  return Object.hasOwn(options, name);
}

/** `9464`, `127.0.0.1:9464`, `[::]:9464` */
function metricsPlace(text: string): { readonly host: string; readonly port: number } | undefined {
  const [, bracketed, plain, digits] =
    /^(?:(?:\[([0-9a-f:.]+)\]|([a-z0-9.-]+)):)?([1-9][0-9]{0,4})$/i.exec(text) ?? [];
  const port = Number(digits);
  return port <= 65_535 ? { host: bracketed ?? plain ?? '127.0.0.1', port } : undefined;
}

function isOrigin(value: string): boolean {
  try {
    return parseRelayOrigin(value) === value;
  } catch {
    return false;
  }
}

function isDatabaseUrl(value: string): boolean {
  return URL.canParse(value) && ['postgres:', 'postgresql:'].includes(new URL(value).protocol);
}
