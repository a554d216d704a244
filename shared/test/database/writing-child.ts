/**
 * Bundled by kill.test.ts: writes transactions until it is killed, and says after each which entry is safe. It begins
 * with what an earlier one left, and looks through it.
 */
import { writeSync } from 'node:fs';
import { addTransaction, openSample, type SampleOptions, verifyTransactions } from './sample.ts';

const say = (line: string): void => void writeSync(1, `${line}\n`);

async function main(): Promise<void> {
  const [file, journal] = process.argv.slice(2);
  say('opening');
  const options: SampleOptions = { cacheBytes: 16 * 1024, checkpointPages: 50 };
  if (journal === 'OFF') options.unsafeJournal = journal;
  const database = await openSample(file!, options);
  let last = verifyTransactions(database);
  say(`begins ${last}`);
  for (;;) {
    last = addTransaction(database, last);
    say(`safe ${last}`);
  }
}

main().catch((error: unknown) => {
  say(`failed ${error instanceof Error ? error.message : ''}`);
  process.exitCode = 1;
});
