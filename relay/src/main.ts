/**
 * The relay as a program: environment, configuration, listen. Exit code 2 for a configuration that is wrong, 1 for
 * everything else that keeps it from running, 0 after a stop that was asked for.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hasCode } from '@crypt2chat/shared/errors';
import { chooseBackends, systemRandomness } from '@crypt2chat/shared/primitives';
import { systemClock } from '@crypt2chat/shared/clock';
import { type Config, ConfigError, readConfig } from './config/index.ts';
import type { MadeInvite } from './invites.ts';
import { createLog, type Log } from './log.ts';
import { describe } from './middleware/index.ts';
import { type Service, startService } from './service.ts';
import { FolderInUseError } from './store/index.ts';

/** Answers that are on their way get so long when the storage has failed. */
const fatalDelayMs = 200;

async function main(): Promise<void> {
  const config = configOrComplaint();
  if (config === undefined) return;
  const log = createLog(config.logLevel);
  process.on('uncaughtException', (error) => die(log, error));
  process.on('unhandledRejection', (error) => die(log, error));
  let service: Service;
  try {
    chooseBackends();
    service = await startService({
      config,
      log,
      clock: systemClock,
      randomness: systemRandomness,
      wasm: wasmBesideBundle(),
      onFirstInvite: showFirstInvite,
      onFatal: (error) => die(log, error),
    });
  } catch (error) {
    log.error(describe(error), explain(error));
    process.exitCode = 1;
    return;
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      log.info({ signal }, 'stopping');
      service.stop().then(
        () => {
          log.info({}, 'stopped');
          process.exit(0);
        },
        (error: unknown) => die(log, error),
      );
    });
  }
  // Whoever reads this may send a signal at once.
  log.info({ url: service.url, origin: service.origin }, 'listening');
}

function configOrComplaint(): Config | undefined {
  try {
    return readConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.lines.join('\n')}\n`);
    process.exitCode = 2;
    return undefined;
  }
}

/** On standard error: the log on standard output names nobody and holds no secret. */
function showFirstInvite({ code, expiresAt }: MadeInvite): void {
  const day = new Date(expiresAt).toISOString().slice(0, 10);
  process.stderr.write(`The first invite to this relay: ${code}\n`);
  process.stderr.write(`It lets one person in, until ${day}. More: relay invites make\n`);
}

/** The build puts SQLite's module beside the bundle; from the sources it is found in node_modules. */
function wasmBesideBundle(): string | undefined {
  const file = join(dirname(fileURLToPath(import.meta.url)), 'sql-wasm-debug.wasm');
  return existsSync(file) ? file : undefined;
}

/** A supervisor starts the relay again, and opening the database tells what is durable. */
function die(log: Log, error: unknown): void {
  log.error(describe(error), 'the relay cannot go on');
  process.exitCode = 1;
  setTimeout(() => process.exit(1), fatalDelayMs);
}

function explain(error: unknown): string {
  if (error instanceof FolderInUseError) return error.message;
  if (hasCode(error)) {
    switch (error.code) {
      case 'ERR_DATABASE_NEWER':
        return 'The database was written by a newer version of the relay. Run that version, or restore a backup.';
      case 'ERR_DATABASE_CORRUPT':
        return 'The database is damaged. Restore a backup.';
      case 'ERR_DATABASE_READ_ONLY':
        return 'The data folder cannot be written.';
      case 'ERR_DATABASE_FULL':
        return 'There is no room left for the database.';
      case 'ERR_DATABASE_UNSUPPORTED':
        return 'This is not a database that the relay can use.';
      case 'ERR_DATABASE_LOGIN':
        return 'The database server does not let this user into this database: see DATABASE_URL.';
      case 'ERR_STORAGE_UNAVAILABLE':
        return 'The database server does not answer: see DATABASE_URL.';
      default:
        return 'The database cannot be opened.';
    }
  }
  if (error instanceof Error && 'code' in error) {
    if (error.code === 'EADDRINUSE') return 'Something else listens on this address and port.';
    if (error.code === 'EACCES') return 'The system does not allow this address, port or folder.';
  }
  return 'The relay could not start.';
}

void main();
