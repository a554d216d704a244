/**
 * A process that writes is killed with SIGKILL, again and again, on one file. Nothing that it called safe may be
 * missing afterwards, and no part of a transaction may be there.
 *
 * KILL_ROUNDS sets how often (15).
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { bundle } from './bundle.ts';
import { useFolder } from './folder.ts';
import { countFrom, seed, seededRandom } from './rounds.ts';
import { openSample, verifyTransactions } from './sample.ts';

const roundTimeoutMs = 30_000;

type Round = { began: number | undefined; safe: number; failed: boolean };

/** Lets a child write until it has said `lines` lines, and kills it. */
function killAfter(lines: number, args: readonly string[]): Promise<Round> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: roundTimeoutMs,
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (output.split('\n').length > lines) child.kill('SIGKILL');
    });
    child.on('error', reject);
    child.on('close', () => {
      // What stands after the last line feed was not said.
      const said = output.slice(0, output.lastIndexOf('\n') + 1);
      const numbers = (word: string): number[] =>
        [...said.matchAll(new RegExp(`^${word} (\\d+)$`, 'gm'))].map(([, digits]) => Number(digits));
      const [began] = numbers('begins');
      resolve({ began, safe: numbers('safe').at(-1) ?? began ?? 0, failed: /^failed/m.test(said) });
    });
  });
}

describe('a process that is killed while it writes', () => {
  const { at } = useFolder();

  /** @returns how many entries were called safe, and in how many rounds something was lost or damaged */
  const killOver = async (rounds: number, journal: string): Promise<{ safe: number; losses: number }> => {
    const random = seededRandom(seed);
    const path = await bundle('writing-child.ts', at(''), 'esm');
    let safe = 0;
    let losses = 0;
    for (let round = 0; round < rounds; round++) {
      // Of five, one dies as it opens the file, two inside a transaction, and two wherever they happen to be.
      const lines = round % 5 === 4 ? 1 : 3 + Math.floor(random() * 25);
      const death = round % 5 < 2 ? 'inside' : 'anywhere';
      const result = await killAfter(lines, [path, at(), journal, death]);
      if (result.failed || (result.began ?? safe) < safe) losses += 1;
      if (result.failed) break;
      safe = Math.max(safe, result.safe);
    }
    try {
      const database = await openSample(at());
      if (verifyTransactions(database) < safe) losses += 1;
      database.close();
    } catch {
      losses += 1;
    }
    return { safe, losses };
  };

  it('loses nothing that it called safe', async () => {
    const rounds = countFrom('KILL_ROUNDS', 15);
    const { safe, losses } = await killOver(rounds, 'WAL');
    console.log(`      ${rounds} kills, ${safe} entries called safe, ${losses} losses (CRASH_SEED=${seed})`);
    assert(safe > rounds * 2);
    assert.equal(losses, 0);
  }).timeout(countFrom('KILL_ROUNDS', 15) * roundTimeoutMs);

  it('is seen to damage a database without a journal: the test can tell', async () => {
    const { losses } = await killOver(5, 'OFF');
    assert(losses > 0);
  }).timeout(5 * roundTimeoutMs);
});
