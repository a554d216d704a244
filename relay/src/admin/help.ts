import { type Command, commonOptions, type OptionHelp } from './command.ts';

const width = 30;

export function generalHelp(commands: readonly Command[]): string[] {
  return [
    'relay: the relay of crypt2chat, and what its operator can do with it.',
    '',
    row('relay [serve]', 'run the relay'),
    ...commands.map((command) => row(usageOf(command), command.summary)),
    row('relay help COMMAND', 'more about a command'),
    row('relay --version', 'print the version'),
    '',
    'Commands talk to the relay that runs, through its socket in the data folder (CRYPT2CHAT_DATA), and open the',
    'database themselves where none runs. They need the same options as the relay, from the environment or a file.',
    '',
    ...optionLines(commonOptions),
    '',
    'Exit codes: 0 done; 1 not done, or something is wrong; 2 the command or an option is not right.',
  ];
}

export function helpOn(command: Command): string[] {
  const { summary, details, options = {} } = command;
  return [
    usageOf(command) + (Object.keys(options).length > 0 ? ' [OPTIONS]' : ''),
    '',
    `${summary.slice(0, 1).toUpperCase()}${summary.slice(1)}.`,
    ...(details === undefined ? [] : details.split('\n')),
    '',
    ...optionLines({ ...options, ...commonOptions }),
  ];
}

function usageOf({ name, words = [] }: Command): string {
  return ['relay', name, ...words].join(' ');
}

function optionLines(options: Readonly<Record<string, OptionHelp>>): string[] {
  return Object.entries(options).map(([name, { value, words }]) =>
    row(`  --${name}${value === undefined ? '' : ` ${value}`}`, words),
  );
}

function row(left: string, right: string): string {
  return `${left.padEnd(width)} ${right}`;
}
