import { randomBytes } from 'node:crypto';
import { createReadStream, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { hasCode } from '@crypt2chat/shared/errors';
import { explain } from '../../explain.ts';
import { FolderInUseError, restoreBackup, RestoreError, verifyBackup } from '../../store/index.ts';
import { AdminError } from '../admin-error.ts';
import { type Command, type Invocation, type Outcome, wordOf } from '../command.ts';
import type { ResultOf } from '../operations.ts';
import { countText, momentText, sizeText } from '../text.ts';

export const dataCommands: readonly Command[] = [
  {
    name: 'stats',
    summary: 'print how much there is of everything',
    async run(invocation) {
      const stats = await invocation.reach().call('stats', {});
      return { lines: statsLines(stats), json: stats };
    },
  },
  {
    name: 'backup',
    words: ['FILE'],
    summary: 'write a consistent copy of the database, while the relay runs',
    details: [
      'FILE must not be there. It is written by the relay, so a path is one that the relay sees. A dash writes the',
      'copy to standard output. While it is made, the relay answers nothing else.',
    ].join('\n'),
    async run(invocation) {
      const file = wordOf(invocation);
      if (file === '-') return backupToOutput(invocation);
      const { bytes } = await invocation.reach().call('backup', { file: resolve(file) });
      return { lines: [`Wrote ${file}, ${sizeText(bytes)}.`], json: { file: resolve(file), bytes } };
    },
  },
  {
    name: 'restore',
    words: ['[FILE]'],
    options: {
      verify: { words: 'only look through the backup, and leave everything as it is' },
      replace: { words: 'move the database that is there aside' },
      'in-place': { words: 'without FILE: the data were set back by other means' },
    },
    summary: 'put a backup in the place of the database, while no relay runs',
    details: [
      'The backup is looked through first: the file, its rows, and the signatures of all identity logs. It begins a',
      'new life: one-time keys that may have been given out since are void, everybody signs in again and brings new',
      'ones, and no reading position of the old life counts. --in-place does only that, for data that were set back',
      'by a snapshot, a copied folder or pg_restore.',
    ].join('\n'),
    async run(invocation) {
      const [file] = invocation.words;
      const isInPlace = invocation.has('in-place');
      if ((file === undefined) !== isInPlace)
        throw new AdminError('Give the backup’s FILE, or --in-place.', 2);
      if (file === undefined) return beginAnewInPlace(invocation);
      return restore(invocation, resolve(file));
    },
  },
  {
    name: 'migrate',
    summary: 'bring the database to the newest schema',
    details: 'A relay does the same when it starts. This is for who wants to see it done before.',
    async run(invocation) {
      const { schemaVersion } = await invocation.reach().call('stats', {});
      return {
        lines: [`The database has schema ${schemaVersion}, the newest that there is.`],
        json: { schemaVersion },
      };
    },
  },
];

function statsLines(stats: ResultOf<'stats'>): string[] {
  const { running, waiting } = stats;
  const runs = running && [
    `running    since ${momentText(running.since)}`,
    `polls      ${running.waitingPolls} wait`,
    `memory     ${sizeText(running.memory)}`,
  ];
  return [
    ...(runs ?? [`running    ${relaysText(stats.relays)}`]),
    `accounts   ${stats.accounts}, of which ${stats.blockedAccounts} blocked`,
    `devices    ${stats.devices} active`,
    `sessions   ${stats.sessions}`,
    `waiting    ${countText(waiting.envelopes, 'envelope')}, ${sizeText(waiting.bytes)}`,
    `groups     ${stats.groups}, with ${countText(stats.groupMessages, 'message')}`,
    `invites    ${stats.invites} good`,
    `database   ${sizeText(stats.databaseBytes)}, schema ${stats.schemaVersion}`,
  ];
}

function relaysText(relays = 0): string {
  return relays === 0 ? 'no' : countText(relays, 'relay');
}

async function backupToOutput(invocation: Invocation): Promise<Outcome> {
  const { stdout, stderr } = invocation.around;
  const file = resolve(join(invocation.config().dataFolder, `backup-${randomBytes(4).toString('hex')}.db`));
  try {
    const { bytes } = await invocation.reach().call('backup', { file });
    await pipeline(createReadStream(file), stdout, { end: false });
    stderr.write(`Wrote ${sizeText(bytes)}.\n`);
    return { lines: [], json: undefined };
  } finally {
    rmSync(file, { force: true });
  }
}

async function restore(invocation: Invocation, backup: string): Promise<Outcome> {
  const { clock, randomness, wasm } = invocation.around;
  const config = invocation.config();
  const options = { backup, folder: config.dataFolder, clock, randomness, wasm };
  const isOnlyLook = invocation.has('verify');
  if (config.databaseUrl !== undefined && !isOnlyLook) {
    throw new AdminError(
      'The data are in PostgreSQL: bring them back with pg_restore, then say restore --in-place.',
    );
  }
  try {
    const report = isOnlyLook
      ? await verifyBackup(options)
      : await restoreBackup({ ...options, replace: invocation.has('replace') });
    const { problems, stats } = report;
    if (problems.length > 0) {
      const end = isOnlyLook ? 'This backup is not well.' : 'This backup is not well: nothing was changed.';
      return { lines: [...problems, end], json: report, exitCode: 1 };
    }
    const found = `${countText(stats.accounts, 'account')}, ${countText(stats.waiting.envelopes, 'envelope')}`;
    if (isOnlyLook) return { lines: [`This backup is well: ${found}.`], json: report };
    const lines = [`Restored: ${found}. The relay can start.`];
    if (report.aside !== undefined) lines.push(`The earlier database is ${report.aside}.`);
    return { lines, json: report };
  } catch (error) {
    throw new AdminError(whyNotRestored(error));
  }
}

function whyNotRestored(error: unknown): string {
  if (error instanceof RestoreError) return error.message;
  if (error instanceof FolderInUseError) return 'A relay runs here: stop it first.';
  if (hasCode(error, 'ERR_DATABASE_CORRUPT')) return 'This backup is damaged.';
  if (hasCode(error, 'ERR_DATABASE_NEWER')) return 'This backup was made by a newer version of the relay.';
  if (hasCode(error, 'ERR_DATABASE_UNSUPPORTED')) return 'This is not a backup of a relay.';
  return explain(error);
}

async function beginAnewInPlace(invocation: Invocation): Promise<Outcome> {
  const store = await invocation.reach().open();
  await store.beginAnew();
  return { lines: ['The data begin a new life. The relay can start.'], json: {} };
}
