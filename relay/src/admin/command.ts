import type { Writable } from 'node:stream';
import type { ParseArgsConfig } from 'node:util';
import type { Clock } from '@crypt2chat/shared/clock';
import type { Randomness } from '@crypt2chat/shared/primitives';
import type { Config } from '../config/index.ts';
import { AdminError } from './admin-error.ts';
import type { Reach } from './reach.ts';

/** Where a command runs. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly randomness: Randomness;
  /** Path of SQLite's WebAssembly module, where it does not stand in node_modules. */
  readonly wasm: string | undefined;
  readonly stdout: Writable;
  readonly stderr: Writable;
}

/** A command as it was typed. */
export interface Invocation {
  /** What stands behind the command's name and is no option. */
  readonly words: readonly string[];
  /** The text of `--name TEXT`. */
  text(name: string): string | undefined;
  /** Whether `--name` was given. */
  has(name: string): boolean;
  readonly around: Surroundings;
  /** The file of options, if one was named. */
  readonly configFile: string | undefined;
  /** @throws ConfigError */
  config(): Config;
  reach(): Reach;
}

/** What a command says: in lines for people, or as one JSON value. */
export interface Outcome {
  readonly lines: readonly string[];
  readonly json: unknown;
  /** 0 where it is left out. */
  readonly exitCode?: 0 | 1 | 2;
}

export interface Command {
  /** One word or two. */
  readonly name: string;
  /** Other names for the same. */
  readonly aliases?: readonly string[];
  /** What has to stand behind the name, each word for one; those in brackets may be left out. */
  readonly words?: readonly string[];
  readonly options?: Readonly<Record<string, OptionHelp>>;
  /** What it does, in a line that begins with a verb. */
  readonly summary: string;
  /** What else there is to know. */
  readonly details?: string;
  run(invocation: Invocation): Promise<Outcome>;
}

export interface OptionHelp {
  /** A word for its value; without one it has none. */
  readonly value?: string;
  readonly words: string;
}

/** Options that every command takes. */
export const commonOptions: Readonly<Record<string, OptionHelp>> = {
  config: { value: 'FILE', words: 'options from a file; without it, the one that CRYPT2CHAT_CONFIG names' },
  json: { words: 'print one JSON value' },
  help: { words: 'print this' },
};

export function parseArgsOptions(command: Command): NonNullable<ParseArgsConfig['options']> {
  const all = Object.entries({ ...command.options, ...commonOptions });
  return Object.fromEntries(
    all.map(([name, { value }]) => [name, { type: value === undefined ? 'boolean' : 'string' }]),
  );
}

/** The first word. Commands that need one are not run without. */
export function wordOf({ words }: Invocation): string {
  return words[0]!;
}

/** @throws AdminError with exit code 2 where the text is no whole number within the bounds */
export function numberIn(text: string, what: string, from: number, to: number): number {
  const number = /^[0-9]{1,15}$/.test(text) ? Number(text) : NaN;
  if (!(number >= from && number <= to)) {
    throw new AdminError(`${what} is a whole number from ${from} to ${to}, not ${JSON.stringify(text)}.`, 2);
  }
  return number;
}
