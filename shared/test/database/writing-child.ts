/**
 * Bundled by kill.test.ts: writes transactions until it is killed, or kills itself inside a large one, and says after
 * each which entry is safe. It begins with what an earlier one left, and looks through it.
 */
import { writeSync } from 'node:fs';
import { addTransaction, openSample, type SampleOptions, verifyTransactions } from './sample.ts';

const say = (line: string): void => void writeSync(1, `${line}\n`);

async function main(): Promise<void> {
  const [file, journal, death] = process.argv.slice(2);
  say('opening');
  const options: SampleOptions = { cacheBytes: 16 * 1024, checkpointPages: 50 };
  if (journal === 'OFF') options.unsafeJournal = journal;
  const database = await openSample(file!, options);
  let last = verifyTransactions(database);
  say(`begins ${last}`);
  const die = (): void => void process.kill(process.pid, 'SIGKILL');
  for (;;) {
    last = addTransaction(database, last, death === 'inside' ? die : undefined);
    say(`safe ${last}`);
  }
}

main().catch((error: unknown) => {
  say(`failed ${error instanceof Error ? error.message : ''}`);
  process.exitCode = 1;
});
