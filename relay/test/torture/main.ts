/**
 * The tortures of the relay: `main.ts NAME COUNT SEED`. What was found goes to standard output, how far it is to
 * standard error, a line each that begins with `… `; the exit code is 0 only if all of it holds.
 *
 * Each begins or ends with a control: a relay with a fault that it has not, which must be noticed.
 */
import { fillDisk, turnClock } from './disk-and-clock.ts';
import { describeOutcome, isWhole, killOnPostgres, killOnSqlite, type Outcome } from './kills.ts';
import { sendMalformed } from './requests.ts';
import { soak } from './soak.ts';

interface Run {
  readonly count: number;
  readonly seed: number;
  readonly progress: (text: string) => void;
}

const controlKills = 8;

/** @returns whether `outcome` shows that something was lost */
function noticed(name: string, what: string, outcome: Outcome): boolean {
  const isNoticed = outcome.lost + outcome.faults.length > 0;
  say(`${name}, control, ${what}: ${describeOutcome(outcome)}; ${isNoticed ? 'noticed' : 'NOT NOTICED'}`);
  return isNoticed;
}

function judged(name: string, outcome: Outcome): boolean {
  say(`${name}: ${describeOutcome(outcome)}`);
  return isWhole(outcome);
}

const tortures: Readonly<Record<string, (run: Run) => Promise<boolean>>> = {
  async relay(run) {
    const control = await killOnSqlite({ ...run, count: controlKills }, { disk: 'lying' });
    const isNoticed = noticed('relay', 'fsync returns before the bytes are written', control);
    return judged('relay', await killOnSqlite(run)) && isNoticed;
  },
  async 'relay-postgres'(run) {
    const control = await killOnPostgres({ ...run, count: 1, serverKills: 5 }, 'early');
    const isNoticed = noticed('relay-postgres', 'COMMIT is answered before it is durable', control);
    const serverKills = Math.ceil(run.count / 13);
    return judged('relay-postgres', await killOnPostgres({ ...run, serverKills })) && isNoticed;
  },
  async 'relay-power'(run) {
    const control = await killOnSqlite({ ...run, count: controlKills }, { disk: 'lying', keep: 0.5 });
    const isNoticed = noticed('relay-power', 'the disk says too early that it has the bytes', control);
    let isWholeAll = true;
    for (const [i, keep] of [0, 0.5, 0.9].entries()) {
      const count = Math.ceil(run.count / 3);
      const outcome = await killOnSqlite({ ...run, count, seed: run.seed + i }, { disk: 'volatile', keep });
      isWholeAll = judged(`relay-power, ${keep * 100} % of what is not synced stays`, outcome) && isWholeAll;
    }
    return isWholeAll && isNoticed;
  },
  'relay-full-disk': (run) => told('relay-full-disk', fillDisk(run)),
  'relay-clock': (run) => told('relay-clock', turnClock(run)),
  requests: (run) => told('requests', sendMalformed(run)),
  soak: ({ count, progress }) => told('soak', soak({ minutes: count, say, progress })),
};

async function told(name: string, found: Promise<{ holds: boolean; text: string }>): Promise<boolean> {
  const { holds, text } = await found;
  say(`${name}: ${text}`);
  return holds;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

const [name = '', count = '', seed = ''] = process.argv.slice(2);
const torture = tortures[name];
if (torture === undefined) throw new TypeError(`there is no torture ${name}`);
say(`${name}: seed ${seed}`);
const progress = (text: string): void => void process.stderr.write(`… ${text}\n`);
process.exitCode = (await torture({ count: Number(count), seed: Number(seed), progress })) ? 0 : 1;
