/** Puts a result where readers find it: the tables into docs/benchmarks.md, the chart beside the other pictures. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chart } from './chart.ts';
import type { Result } from './result.ts';
import { tables } from './tables.ts';

const page = fileURLToPath(new URL('../../docs/benchmarks.md', import.meta.url));
const picture = fileURLToPath(new URL('../../docs/images/relay-bench.svg', import.meta.url));
const begin = '<!-- npm run bench -- relay --docs: from here -->';
const end = '<!-- to here -->';

export function writeDocs(result: Result): void {
  const text = readFileSync(page, 'utf8');
  const from = text.indexOf(begin);
  const to = text.indexOf(end, from);
  if (from < 0 || to < 0)
    throw new Error('docs/benchmarks.md has lost the marks between which its tables stand');
  const before = text.slice(0, from + begin.length);
  writeFileSync(page, `${before}\n\n${tables(result).join('\n')}\n\n${text.slice(to)}`);
  if (result.peers['fixed'] !== undefined) writeFileSync(picture, chart(result.peers['fixed']));
}
