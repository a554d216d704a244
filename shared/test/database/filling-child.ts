/** Bundled by full-disk.test.ts: writes entries until that fails, and prints how far it came and what it met. */
import { hasCode } from '../../src/errors/index.ts';
import { addEntry, openSample } from './sample.ts';

const codeOf = (work: () => unknown): string => {
  try {
    work();
    return 'none';
  } catch (error) {
    return hasCode(error) ? error.code : String(error);
  }
};

async function main(): Promise<void> {
  const database = await openSample(process.argv[2]!);
  let acknowledged = 0;
  const code = codeOf(() => {
    for (let i = 1; i < 100_000; i++) {
      addEntry(database, i);
      acknowledged = i;
    }
  });
  console.log(JSON.stringify({ acknowledged, code, later: codeOf(() => database.get('SELECT 1 AS one')) }));
}

void main();
