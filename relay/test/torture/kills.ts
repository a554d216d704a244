/** Relays that are killed with SIGKILL at random moments under load, and PostgreSQL with them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { PostgresServer } from '../support/postgres.ts';
import type { ProcessOptions } from '../support/process.ts';
import { holds, type Verdict } from './ledger.ts';
import { Load } from './load.ts';
import { between, type Random, seededRandom } from './random.ts';
import { type Faults, Relays, withFaults, withoutLimits } from './relays.ts';

/** Of the rounds on one store, one in so many kills the relay while it starts. */
const inStart = 8;
const loadTimeoutMs = 6000;

export interface KillOptions {
  readonly count: number;
  readonly seed: number;
  readonly progress: (text: string) => void;
}

export interface Outcome extends Verdict {
  readonly kills: number;
  readonly serverKills: number;
  readonly epochs: number;
  readonly forks: number;
  /** What clients met that the relay may not answer: with what it has lost it no longer knows them. */
  readonly faults: readonly string[];
  /** Rounds in which nothing was acknowledged before the kill. */
  readonly idleRounds: number;
  readonly refusals: Readonly<Record<string, number>>;
}

/** @param faults that the relay's disk has */
export async function killOnSqlite(options: KillOptions, faults?: Faults): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'c2c-torture-'));
  const env = { ...withoutLimits, ...withFaults(faults && { ...faults, folder }), CRYPT2CHAT_DATA: folder };
  const relays = new Relays(() => ({ env }));
  const random = seededRandom(options.seed);
  try {
    return await killOver(relays, options, async (load, round) => {
      const [relay] = relays.running;
      await underLoad(random, load);
      await relays.end(relay!, 'SIGKILL');
      if (round % inStart === inStart - 1) await relays.killInStart(random);
      await relays.start();
      return 1 + (round % inStart === inStart - 1 ? 1 : 0);
    });
  } finally {
    await relays.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Two relays on one server, one of which is killed, or both; and `serverKills` times the server with all its
 * processes, which the relays survive.
 * @param commit `early`: the server may answer before a commit is durable
 */
export async function killOnPostgres(
  options: KillOptions & { readonly serverKills: number },
  commit?: 'early',
): Promise<Outcome> {
  const early = ['synchronous_commit=off', 'wal_writer_delay=400ms'];
  const server = new PostgresServer(commit && early);
  await server.start();
  const env = { ...withoutLimits, ...withFaults(commit && { commit }), DATABASE_URL: server.url };
  const relays = new Relays((): ProcessOptions => ({ env }));
  const random = seededRandom(options.seed);
  let serverKills = 0;
  try {
    await relays.start();
    const outcome = await killOver(
      relays,
      { ...options, count: options.count + options.serverKills },
      async (load, round) => {
        await underLoad(random, load);
        const rounds = options.count + options.serverKills;
        const isServersTurn =
          Math.floor(((round + 1) * options.serverKills) / rounds) >
          Math.floor((round * options.serverKills) / rounds);
        if (isServersTurn) {
          await server.kill();
          serverKills += 1;
          await server.start();
          return 0;
        }
        const victims = random() < 0.2 ? [...relays.running] : [relays.running[random() < 0.5 ? 0 : 1]!];
        await Promise.all(victims.map((relay) => relays.end(relay, 'SIGKILL')));
        await Promise.all(victims.map(() => relays.start()));
        return victims.length;
      },
    );
    return { ...outcome, serverKills };
  } finally {
    await relays.stop();
    await server.destroy();
  }
}

/** Until a random number was acknowledged and received, so that nobody starves, and a random time more. */
async function underLoad(random: Random, load: Load): Promise<void> {
  const { acknowledged, received } = load;
  const enough = between(random, 30, 90);
  const end = performance.now() + loadTimeoutMs;
  while (
    (load.acknowledged < acknowledged + enough || load.received < received + enough / 2) &&
    performance.now() < end
  )
    await delay(5);
  await delay(between(random, 0, 300));
}

/** @param killRound ends with a relay that runs. @returns how many it killed */
async function killOver(
  relays: Relays,
  { count, progress }: KillOptions,
  killRound: (load: Load, round: number) => Promise<number>,
): Promise<Outcome> {
  await relays.start();
  const load = new Load(relays);
  await load.begin();
  let kills = 0;
  let idleRounds = 0;
  for (let round = 0; round < count; round++) {
    const before = load.acknowledged;
    kills += await killRound(load, round);
    if (load.acknowledged === before) idleRounds += 1;
    progress(`${round + 1} of ${count} rounds, ${load.acknowledged} acknowledged`);
  }
  const faults = await load.end();
  return {
    ...load.judge(),
    kills,
    serverKills: 0,
    epochs: load.logs.reduce((sum, { epochs }) => sum + epochs, 0),
    forks: load.logs.reduce((sum, { forks }) => sum + forks, 0),
    faults,
    idleRounds,
    refusals: Object.fromEntries(relays.refusals),
  };
}

export function isWhole(outcome: Outcome): boolean {
  return holds(outcome) && outcome.forks === 0 && outcome.epochs > 0 && outcome.faults.length === 0;
}

export function describeOutcome(outcome: Outcome): string {
  const { kills, serverKills, acknowledged, lost, twice, disordered, damaged, epochs, forks } = outcome;
  const server = serverKills === 0 ? '' : `, ${serverKills} of PostgreSQL`;
  const refusals = Object.entries(outcome.refusals).map(([what, times]) => `${times} × ${what}`);
  return (
    `${kills} kills${server}, ${acknowledged} acknowledged, ${epochs} epochs; ${lost} lost, ${twice} twice, ` +
    `${disordered} out of order, ${damaged} damaged, ${forks} epochs with two winners ` +
    `(${outcome.idleRounds} rounds without load; clients met ${refusals.join(', ') || 'no refusal'})` +
    outcome.faults.map((fault) => `; ${fault}`).join('')
  );
}
