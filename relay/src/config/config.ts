/**
 * From what the operator says, in the environment or in one file, to the relay's configuration. A name that is not
 * known or a value that does not fit stops the start with a sentence, so that a typing error is no silent default.
 */
import { readFileSync, statSync } from 'node:fs';
import * as v from 'valibot';
import { nearest } from './nearest.ts';
import { parseOptionFile } from './file.ts';
import { elsewhere, isOption, type Option, optionNames, options, prefix, type Values } from './options.ts';

const maxFileBytes = 64 * 1024;

export interface Config {
  readonly host: string;
  /** 0 takes any that is free. */
  readonly port: number;
  readonly dataFolder: string;
  /** PostgreSQL in place of a file in the folder. It holds a password. */
  readonly databaseUrl: string | undefined;
  readonly databaseConnections: number;
  /** The origin under which clients know this relay; undefined: `http://127.0.0.1:PORT`. */
  readonly origin: string | undefined;
  readonly registration: Values['CRYPT2CHAT_REGISTRATION'];
  readonly retentionDays: number;
  /** So many proxies stand in front, each of which appends to `X-Forwarded-For`. */
  readonly trustedProxies: number;
  /** `on`: beside everything else. */
  readonly metrics: Values['CRYPT2CHAT_METRICS'];
  readonly logLevel: Values['CRYPT2CHAT_LOG_LEVEL'];
  readonly envelopesPerMailbox: number;
  readonly entriesPerGroup: number;
  /** What may wait for all devices of an account together. */
  readonly bytesPerAccount: number;
  readonly bytesPerGroup: number;
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
  readonly nameLookupsPerHourPerAddress: number;
  readonly claimsPerHourPerAccount: number;
  /** Claims by one account of one other account's bundles. */
  readonly claimsPerHourPerTarget: number;
  readonly groupsPerHourPerAccount: number;
  /** With one access secret: who was removed has a rate of their own. */
  readonly requestsPerMinutePerGroup: number;
}

/** One option as somebody wrote it down. */
export interface Given {
  readonly name: string;
  readonly value: string;
  /** Where; undefined for the environment. */
  readonly place?: string;
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

type Environment = Readonly<Record<string, string | undefined>>;

/** The file's path comes from here, so it is no option. */
const fileVariable = `${prefix}CONFIG`;

/**
 * The environment over the file, the file over the defaults.
 * @param file by default what `CRYPT2CHAT_CONFIG` names, if anything.
 * @throws ConfigError with a line for each thing that is wrong.
 */
export function readConfig(env: Environment, file = env[fileVariable]): Config {
  const { given, complaints } = gather(env, file);
  return assemble(given, complaints);
}

/** What somebody wrote down, right or wrong: the environment over the file. @throws ConfigError for the file itself. */
export function gather(env: Environment, file = env[fileVariable]): { given: Given[]; complaints: string[] } {
  const fromEnv = givenIn(env);
  if (file === undefined) return { given: fromEnv, complaints: [] };
  const { given, complaints } = parseOptionFile(readOptionFile(file));
  const inFile = given.filter(({ name }) => !fromEnv.some((over) => over.name === name));
  return { given: [...inFile, ...fromEnv], complaints };
}

/** @throws ConfigError with a line for each option that is unknown or does not fit. */
export function parseConfig(env: Environment): Config {
  return assemble(givenIn(env), []);
}

/** Of the environment only what is ours: the prefix, and the few names that others use as well. */
function givenIn(env: Environment): Given[] {
  return Object.entries(env).flatMap(([name, value]) => {
    const isOurs = name.startsWith(prefix) || isOption(name);
    return isOurs && value !== undefined && name !== fileVariable ? [{ name, value }] : [];
  });
}

function readOptionFile(file: string): string {
  try {
    if (statSync(file).size > maxFileBytes)
      throw new ConfigError([`${file} is too large to be a file of options.`]);
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    throw new ConfigError([
      code === 'ENOENT' ? `There is no file ${file}.` : `The file ${file} cannot be read (${String(code)}).`,
    ]);
  }
}

function assemble(given: readonly Given[], complaints: readonly string[]): Config {
  const lines = [...complaints];
  const known: Record<string, Given> = {};
  for (const one of given) {
    if (elsewhere.includes(one.name)) continue;
    if (isOption(one.name)) known[one.name] = one;
    else lines.push(unknown(one));
  }
  const values: Record<string, unknown> = {};
  for (const name of optionNames) {
    const option: Option = options[name];
    const parsed = v.safeParse(option.schema, known[name]?.value, { abortPipeEarly: true });
    if (parsed.success) values[name] = parsed.output;
    else lines.push(unfit(known[name], option, parsed.issues[0].message));
  }
  if (lines.length > 0) throw new ConfigError(lines);
  return configOf(values as Values);
}

function unknown({ name, place }: Given): string {
  const meant = nearest(name, optionNames);
  const hint = meant === undefined ? '' : ` Is ${meant} meant?`;
  return `${name} is not an option of the relay${inBrackets(place)}.${hint}`;
}

function unfit(given: Given | undefined, option: Option, rule: string): string {
  const { name = '', value = '', place } = given ?? {};
  const found = option.isSecret === true ? '' : `, not ${JSON.stringify(value.slice(0, 100))}`;
  return `${name} must be ${rule}${found}${inBrackets(place)}.`;
}

function inBrackets(place: string | undefined): string {
  return place === undefined ? '' : ` (${place})`;
}

function configOf(values: Values): Config {
  return {
    host: values.CRYPT2CHAT_HOST,
    port: values.CRYPT2CHAT_PORT,
    dataFolder: values.CRYPT2CHAT_DATA,
    databaseUrl: values.DATABASE_URL,
    databaseConnections: values.CRYPT2CHAT_DATABASE_CONNECTIONS,
    origin: values.CRYPT2CHAT_ORIGIN,
    registration: values.CRYPT2CHAT_REGISTRATION,
    retentionDays: values.CRYPT2CHAT_RETENTION_DAYS,
    trustedProxies: values.CRYPT2CHAT_TRUST_PROXY,
    metrics: values.CRYPT2CHAT_METRICS,
    logLevel: values.CRYPT2CHAT_LOG_LEVEL,
    envelopesPerMailbox: values.CRYPT2CHAT_ENVELOPES_PER_MAILBOX,
    entriesPerGroup: values.CRYPT2CHAT_ENTRIES_PER_GROUP,
    bytesPerAccount: values.CRYPT2CHAT_MEGABYTES_PER_ACCOUNT * 1_000_000,
    bytesPerGroup: values.CRYPT2CHAT_MEGABYTES_PER_GROUP * 1_000_000,
    waitingPolls: values.CRYPT2CHAT_WAITING_POLLS,
    rates: {
      requestsPerMinutePerAddress: values.CRYPT2CHAT_REQUESTS_PER_MINUTE_PER_ADDRESS,
      requestsPerMinutePerAccount: values.CRYPT2CHAT_REQUESTS_PER_MINUTE_PER_ACCOUNT,
      signInsPerMinutePerAddress: values.CRYPT2CHAT_SIGN_INS_PER_MINUTE_PER_ADDRESS,
      registrationsPerHourPerAddress: values.CRYPT2CHAT_REGISTRATIONS_PER_HOUR_PER_ADDRESS,
      nameLookupsPerHourPerAddress: values.CRYPT2CHAT_NAME_LOOKUPS_PER_HOUR_PER_ADDRESS,
      claimsPerHourPerAccount: values.CRYPT2CHAT_CLAIMS_PER_HOUR_PER_ACCOUNT,
      claimsPerHourPerTarget: values.CRYPT2CHAT_CLAIMS_PER_HOUR_PER_TARGET,
      groupsPerHourPerAccount: values.CRYPT2CHAT_GROUPS_PER_HOUR_PER_ACCOUNT,
      requestsPerMinutePerGroup: values.CRYPT2CHAT_REQUESTS_PER_MINUTE_PER_GROUP,
    },
  };
}
