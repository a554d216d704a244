/** Puts a result where readers find it: the tables into docs/benchmarks.md, the chart beside the other pictures. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { chart } from './chart.ts';
import type { Result } from './result.ts';
import { tables } from './tables.ts';

const page = fileURLToPath(new URL('../../docs/benchmarks.md', import.meta.url));
const picture = fileURLToPath(new URL('../../docs/images/relay-bench.svg', import.meta.url));
const begin = '<!-- npm run bench -- relay --docs: from here -->';
const end = '<!-- to here -->';

export async function writeDocs(result: Result): Promise<void> {
  const text = readFileSync(page, 'utf8');
  const from = text.indexOf(begin);
  const to = text.indexOf(end, from);
  if (from < 0 || to < 0)
    throw new Error('docs/benchmarks.md has lost the marks between which its tables stand');
  const before = text.slice(0, from + begin.length);
  const { fixed } = result.peers;
  const seen = fixed === undefined ? [] : ['![Messages accepted per second](images/relay-bench.svg)', ''];
  const whole = `${before}\n\n${[...seen, ...tables(result)].join('\n')}\n\n${text.slice(to)}`;
  writeFileSync(page, await format(whole, { ...(await resolveConfig(page)), filepath: page }));
  if (fixed !== undefined) writeFileSync(picture, chart(fixed));
}
