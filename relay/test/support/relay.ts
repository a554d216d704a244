/**
 * Relays for tests: each in a folder of its own, or in a schema of its own where RELAY_TEST_STORE is `postgres`, and
 * all of them gone at the end of the test.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { manualClock, type ManualClock } from '@crypt2chat/shared/testing';
import { type RelayOptions, type RunningRelay, startRelay } from '../../src/testing.ts';
import { Person } from './people.ts';
import { makeSchema, type Schema } from './postgres.ts';

/** What is about the folder has nothing to look at then. */
export const isOnPostgres = process.env['RELAY_TEST_STORE'] === 'postgres';

export class Bench {
  readonly folder = mkdtempSync(join(tmpdir(), 'c2c-relay-'));
  readonly clock: ManualClock = manualClock();
  readonly logLines: string[] = [];
  readonly #running = new Set<RunningRelay>();
  #schema: Schema | undefined;

  async start({ config, ...options }: Partial<RelayOptions> = {}): Promise<RunningRelay> {
    if (isOnPostgres) this.#schema ??= await makeSchema();
    const relay = await startRelay({
      dataFolder: this.folder,
      clock: this.clock,
      onLogLine: (line) => this.logLines.push(line),
      ...options,
      config: { ...(this.#schema && { databaseUrl: this.#schema.url }), ...config },
    });
    this.#running.add(relay);
    return relay;
  }

  /** Somebody who is registered and signed in. */
  async person(relay: RunningRelay, username: string): Promise<Person> {
    const person = new Person(relay.origin, username, this.clock.now());
    const { status } = await person.register();
    assert.equal(status, 201);
    return person.signIn();
  }

  /**
   * Moves the clock on while one relay runs and nobody polls, and waits for what was due by then to have set its next
   * time: the sweep, and the question to a database whether it is there.
   */
  async advance(ms: number): Promise<void> {
    const isIdle = () => this.clock.timers === (isOnPostgres ? 2 : 1);
    await until(isIdle, 'what was due before is done');
    this.clock.advance(ms);
    await until(isIdle, 'what was due is done');
  }

  async end(): Promise<void> {
    for (const relay of this.#running) await relay.stop();
    await this.#schema?.drop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Waits until `condition` holds. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  timeoutMs = 20_000,
): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!(await condition())) {
    assert.ok(Date.now() < end, `waited in vain: ${what}`);
    await delay(2);
  }
}
