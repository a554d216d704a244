/** From the words of a command line to what is printed: finds the command, reads its options, prints its outcome. */
import { parseArgs } from 'node:util';
import { ConfigError, nearest, readConfig } from '../config/index.ts';
import { explain } from '../explain.ts';
import { version } from '../version.ts';
import { AdminError } from './admin-error.ts';
import {
  type Command,
  type Invocation,
  type Outcome,
  parseArgsOptions,
  type Surroundings,
} from './command.ts';
import { commands } from './commands/index.ts';
import { generalHelp, helpOn } from './help.ts';
import { Reach } from './reach.ts';

const allNames = commands.map(({ name }) => name);

/** @returns the exit code: 0, 1 where something is wrong, 2 where the command or the configuration is. */
export async function runCommandLine(args: readonly string[], around: Surroundings): Promise<number> {
  try {
    return await run(args, around);
  } catch (error) {
    const isExpected = error instanceof AdminError || error instanceof ConfigError;
    around.stderr.write(`${isExpected ? error.message : explain(error, unforeseen(error))}\n`);
    if (error instanceof ConfigError) return 2;
    return error instanceof AdminError ? error.exitCode : 1;
  }
}

/** Whoever runs the command may see all data: here, unlike in the log, the whole error is of use. */
function unforeseen(error: unknown): string {
  return `This should not happen.\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}

async function run(args: readonly string[], around: Surroundings): Promise<number> {
  const [first] = args;
  if (first === '--version') return print(around, [version]);
  if (first === '--help' || first === 'serve') return print(around, generalHelp(commands));
  if (first === 'help') return print(around, helpFor(args.slice(1)));
  const { command, rest } = find(args);
  if (rest.includes('--help')) return print(around, helpOn(command));
  const { values, positionals } = parse(command, rest);
  checkWords(command, positionals);
  let opened: Reach | undefined;
  const configFile = textIn(values, 'config');
  const config = () => readConfig(around.env, configFile);
  const invocation: Invocation = {
    words: positionals,
    text: (name) => textIn(values, name),
    has: (name) => values[name] === true,
    around,
    configFile,
    config,
    reach() {
      opened ??= new Reach({ ...around, config: config() });
      return opened;
    },
  };
  try {
    return show(around, await command.run(invocation), values['json'] === true);
  } finally {
    await opened?.close();
  }
}

function find(args: readonly string[]): { command: Command; rest: readonly string[] } {
  for (const length of [2, 1]) {
    const name = args.slice(0, length).join(' ');
    const command = commands.find((one) => one.name === name || one.aliases?.includes(name) === true);
    if (command !== undefined) return { command, rest: args.slice(length) };
  }
  throw new AdminError(`${unknownText(args)} relay help lists what there is.`, 2);
}

function unknownText(args: readonly string[]): string {
  const [first = '', second = ''] = args;
  const within = commands.filter(({ name }) => name.startsWith(`${first} `)).map(({ name }) => name);
  if (within.length > 0) return `relay ${first} is one of: ${within.join(', ')}.`;
  const meant = nearest(`${first} ${second}`.trim(), allNames) ?? nearest(first, allNames);
  return `There is no command ${JSON.stringify(first)}.${meant === undefined ? '' : ` Is it ${meant}?`}`;
}

function parse(command: Command, rest: readonly string[]) {
  try {
    return parseArgs({ args: [...rest], options: parseArgsOptions(command), allowPositionals: true });
  } catch (error) {
    // What it says of an option is written for people.
    const [said = ''] = (error instanceof Error ? error.message : '').split('. ');
    throw new AdminError(`${said}. More: relay ${command.name} --help`, 2);
  }
}

function checkWords({ name, words = [] }: Command, given: readonly string[]): void {
  const needed = words.filter((word) => !word.startsWith('[')).length;
  if (given.length >= needed && given.length <= words.length) return;
  const meant = nearest(`${name} ${given[0] ?? ''}`, allNames);
  const hint = meant === undefined || given.length === 0 ? '' : ` Is relay ${meant} meant?`;
  throw new AdminError(`It is: relay ${[name, ...words].join(' ')}.${hint}`, 2);
}

function textIn(values: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = values[name];
  return typeof value === 'string' ? value : undefined;
}

function helpFor(words: readonly string[]): readonly string[] {
  return words.length === 0 ? generalHelp(commands) : helpOn(find(words).command);
}

function show(around: Surroundings, { lines, json, exitCode = 0 }: Outcome, asJson: boolean): number {
  if (!asJson) print(around, lines);
  else if (json !== undefined) print(around, [JSON.stringify(json, undefined, 2)]);
  return exitCode;
}

function print({ stdout }: Surroundings, lines: readonly string[]): 0 {
  if (lines.length > 0) stdout.write(`${lines.join('\n')}\n`);
  return 0;
}
