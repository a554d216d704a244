/**
 * The power goes at any moment of a database's life, from its making through checkpoints, a second opening with a
 * migration, and its closing. Whatever the disk may hold then, the next opening must find a sound database with all
 * that was acknowledged and no part of a transaction.
 *
 * POWER_LOSSES sets how many moments are tried (150).
 */
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasCode } from '../../src/errors/index.ts';
import { useFolder } from './folder.ts';
import { crashAfter, RecordingDisk } from './power-loss-disk.ts';
import { countFrom, seed, seededRandom } from './rounds.ts';
import { addTransaction, openSample, type SampleOptions, schema, verifyTransactions } from './sample.ts';

const laterSchema = [
  ...schema,
  'ALTER TABLE entries ADD COLUMN more INTEGER; CREATE INDEX later ON entries (more)',
];
/** Of what was not yet safe, all is gone, or half, or nothing, or some other part. */
const keepRates = [() => 0, () => 0.5, () => 1, (random: () => number) => random()];

type Findings = { images: number; unusable: number; lost: number };

describe('a database after a loss of power', () => {
  const { at, open } = useFolder();

  const record = async (options: SampleOptions): Promise<RecordingDisk> => {
    mkdirSync(at('life'));
    const disk = new RecordingDisk(at('life'));
    const some = { ...options, fileSystem: disk, cacheBytes: 16 * 1024, checkpointPages: 20 };
    let last = 0;
    for (const history of [schema, laterSchema]) {
      const database = await openSample(at('life/test.db'), { ...some, schema: history });
      for (let i = 0; i < 14; i++) {
        last = addTransaction(database, last);
        if (options.durableAt === 'flush') {
          const flushed = last;
          const flush = database.flush();
          // Written while the flush is under way, and safe with the next one.
          if (i % 2 === 1) last = addTransaction(database, last);
          await flush;
          disk.acknowledge(flushed);
        } else disk.acknowledge(last);
        if (i === 9) database.checkpoint();
      }
      database.close();
    }
    return disk;
  };

  const look = async (options: SampleOptions, images: number): Promise<Findings> => {
    const { steps } = await record(options);
    const making = steps.findIndex(({ kind }) => kind === 'acknowledge');
    const random = seededRandom(seed);
    const findings: Findings = { images, unusable: 0, lost: 0 };
    for (let i = 0; i < images; i++) {
      // A third of them while the database is being made, which is over soon.
      const last = i % 3 === 0 ? making : steps.length;
      const moment = Math.floor(random() * (last + 1));
      const keep = keepRates[i % keepRates.length]!(random);
      const { files, acknowledged } = crashAfter(steps.slice(0, moment), keep, random);
      mkdirSync(at('image'));
      for (const [name, bytes] of files) writeFileSync(join(at('image'), name), bytes);
      try {
        const database = await openSample(at('image/test.db'), { schema: laterSchema });
        const last = verifyTransactions(database);
        database.abandon();
        if (last < acknowledged) findings.lost += 1;
      } catch (error) {
        if (!hasCode(error) && !(error instanceof Error)) throw error;
        findings.unusable += 1;
      }
      rmSync(at('image'), { recursive: true });
    }
    return findings;
  };

  const images = countFrom('POWER_LOSSES', 150);
  const timeoutMs = 20_000 + images * 1000;

  for (const durableAt of ['commit', 'flush'] as const) {
    it(`is sound and has all that was acknowledged, durable at ${durableAt}`, async () => {
      const { unusable, lost } = await look({ durableAt }, images);
      console.log(
        `      ${images} losses of power: ${unusable} unusable, ${lost} lost entries (CRASH_SEED=${seed})`,
      );
      assert.deepEqual({ unusable, lost }, { unusable: 0, lost: 0 });
    }).timeout(timeoutMs);
  }

  it('is begun anew where the first page of all was cut off', async () => {
    const { steps } = await record({});
    const firstWrite = steps.findIndex((step) => step.kind === 'change' && step.name === 'test.db');
    // All names stay, and all sectors but the first one of the database file.
    let calls = 0;
    const { files } = crashAfter(steps.slice(0, firstWrite + 1), 0.5, () => (calls++ < 2 ? 0.9 : 0));
    assert.equal(files.get('test.db')?.[0], 0);
    for (const [name, bytes] of files) writeFileSync(at(name), bytes);
    assert.equal(verifyTransactions(await open({ schema: laterSchema })), 0);
  });

  describe('is seen to have lost something, so that the test can tell,', () => {
    const controls: Record<string, SampleOptions> = {
      'where the log is not synced': { unsafeSynchronous: 'OFF' },
      'where the log is synced at checkpoints only': { unsafeSynchronous: 'NORMAL' },
    };
    for (const [name, options] of Object.entries(controls)) {
      it(name, async () => {
        const { unusable, lost } = await look(options, 40);
        assert(unusable + lost > 0);
      }).timeout(60_000);
    }
  });
});
