#!/usr/bin/env node
/**
 * The relay as a program: `relay` or `relay serve` runs it, everything else is a command of its operator. Exit code 2
 * for a configuration or a command that is wrong, 1 for everything else that keeps it from being done, 0 when it is
 * done, and after a stop that was asked for.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chooseBackends, systemRandomness } from '@crypt2chat/shared/primitives';
import { systemClock } from '@crypt2chat/shared/clock';
import { runCommandLine } from './admin/index.ts';
import { type Config, ConfigError, readConfig } from './config/index.ts';
import { explain } from './explain.ts';
import type { MadeInvite } from './invites.ts';
import { createLog, type Log } from './log.ts';
import { describe } from './middleware/index.ts';
import { type Service, startService } from './service.ts';

/** Answers that are on their way get so long when the storage has failed. */
const fatalDelayMs = 200;

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  const served = serveArgs(args);
  if (served !== undefined) return serve(served);
  chooseBackends();
  const { env, stdout, stderr } = process;
  // Whoever reads on the other side of a pipe may have seen enough.
  stdout.on('error', () => undefined);
  const wasm = wasmBesideBundle();
  const around = { env, stdout, stderr, wasm, clock: systemClock, randomness: systemRandomness };
  process.exitCode = await runCommandLine(args, around);
}

/** What stands behind `serve`, which may be left out; undefined for every other command. */
function serveArgs(args: readonly string[]): readonly string[] | undefined {
  const [first] = args;
  if (first === 'serve') return args.includes('--help') ? undefined : args.slice(1);
  return first === undefined || first.startsWith('--config') ? args : undefined;
}

async function serve(args: readonly string[]): Promise<void> {
  const config = configOrComplaint(args);
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

function configOrComplaint(args: readonly string[]): Config | undefined {
  try {
    const { values } = parseArgs({ args: [...args], options: { config: { type: 'string' } } });
    return readConfig(process.env, values.config);
  } catch (error) {
    const isExpected = error instanceof ConfigError || (error instanceof Error && 'code' in error);
    if (!isExpected) throw error;
    process.stderr.write(`${error.message}\n`);
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

void main();
