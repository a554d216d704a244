/** Bundled by broken-module.test.ts: overwrites SQLite's memory, and prints what the databases say then. */
import { hasCode } from '../../src/errors/index.ts';
import { loadSqlite } from '../../src/database/load.ts';
import { addEntry, openSample } from './sample.ts';

async function main(): Promise<void> {
  const [one, two] = process.argv.slice(2);
  const database = await openSample(one!);
  const other = await openSample(two!);
  for (const each of [database, other]) addEntry(each, 1);
  const sqlite = await loadSqlite();
  sqlite.bytes.fill(0xff);
  const codes: unknown[] = [];
  const note = (error: unknown): void => void codes.push(hasCode(error) ? error.code : String(error));
  for (const each of [database, other]) {
    try {
      addEntry(each, 2);
    } catch (error) {
      note(error);
    }
  }
  await openSample(one!).catch(note);
  database.close();
  console.log(JSON.stringify({ codes, isBroken: sqlite.isBroken }));
}

void main();
