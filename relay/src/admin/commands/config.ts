import * as v from 'valibot';
import {
  adviceOn,
  ConfigError,
  gather,
  type Option,
  optionNames,
  options,
  readConfig,
} from '../../config/index.ts';
import type { Command, Invocation } from '../command.ts';

export const configCommands: readonly Command[] = [
  {
    name: 'config check',
    words: ['[FILE]'],
    summary: 'say in words what is wrong with the options',
    details: 'In FILE, or where --config or CRYPT2CHAT_CONFIG say, and in the environment.',
    async run(invocation) {
      try {
        const config = readConfig(invocation.around.env, invocation.words[0] ?? invocation.configFile);
        const advice = adviceOn(config);
        return { lines: [...advice, 'The options can be used.'], json: { problems: [], advice } };
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        return { lines: error.lines, json: { problems: error.lines, advice: [] }, exitCode: 2 };
      }
    },
  },
  {
    name: 'config list',
    summary: 'print all options, with their values',
    async run(invocation) {
      const rows = listed(invocation);
      const lines = rows.flatMap(({ name, value, from, unit, effect }) => [
        `${name}=${value}${from === 'default' ? '' : ` (${from})`}`,
        `    ${unit === '' ? '' : `${unit}: `}${effect}`,
      ]);
      return { lines, json: rows };
    },
  },
];

function listed({ around, configFile }: Invocation) {
  const { given } = gather(around.env, configFile);
  return optionNames.map((name) => {
    const { schema, otherwise = '', unit, effect, isSecret }: Option = options[name];
    const found = given.find((one) => one.name === name);
    const shown = isSecret === true && found !== undefined ? '…' : found?.value;
    return {
      name,
      value: shown ?? v.getDefault(schema) ?? otherwise.replaceAll('`', ''),
      from: found === undefined ? 'default' : (found.place ?? 'environment'),
      unit,
      effect: effect.replaceAll('`', ''),
    };
  });
}
