/** Relay processes that come and go, and clients that go to whichever is there. */
import { randomInt } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { type ProcessOptions, type RelayProcess, startProcess } from '../support/process.ts';
import { Client, NoAnswer, type Reply } from './client.ts';
import { between, pick, type Random } from './random.ts';

const faultsFile = fileURLToPath(new URL('../../../scripts/torture/faults.cjs', import.meta.url));
/** A start on a busy machine, with a log to recover. */
const giveUpMs = 600_000;
const betweenTriesMs = 25;

export const origin = 'https://relay.example';

/** See scripts/torture/faults.cjs. */
export interface Faults {
  readonly disk?: 'volatile' | 'lying';
  readonly folder?: string;
  readonly keep?: number;
  readonly commit?: 'early';
  readonly control?: string;
}

export function withFaults(faults: Faults | undefined): Record<string, string> {
  if (faults === undefined) return {};
  return { NODE_OPTIONS: `--require ${faultsFile}`, RELAY_FAULTS: JSON.stringify(faults) };
}

/** What no torture wants to meet. */
export const withoutLimits: Readonly<Record<string, string>> = {
  CRYPT2CHAT_ORIGIN: origin,
  CRYPT2CHAT_ENTRIES_PER_GROUP: '10000000',
  CRYPT2CHAT_CLAIMS_PER_HOUR_PER_ACCOUNT: '0',
  CRYPT2CHAT_CLAIMS_PER_HOUR_PER_TARGET: '0',
  CRYPT2CHAT_GROUPS_PER_HOUR_PER_ACCOUNT: '0',
  CRYPT2CHAT_NAME_LOOKUPS_PER_HOUR_PER_ADDRESS: '0',
};

export class Relays {
  readonly client = new Client();
  /** Answers that made a client come again, by status or code. */
  readonly refusals = new Map<string, number>();
  readonly running: RelayProcess[] = [];
  readonly #options: () => ProcessOptions;
  #isOver = false;

  /** @param options asked for at each start */
  constructor(options: () => ProcessOptions) {
    this.#options = options;
  }

  async start(): Promise<RelayProcess> {
    const relay = await startProcess(this.#options());
    this.running.push(relay);
    return relay;
  }

  /** Kills one while it starts, unless it was quick. */
  async killInStart(random: Random): Promise<void> {
    const afterMs = between(random, 0, 900);
    const options = this.#options();
    const onSpawn: ProcessOptions['onSpawn'] = (child) => {
      setTimeout(() => child.kill('SIGKILL'), afterMs);
    };
    const started = await startProcess({ ...options, onSpawn }).catch(() => undefined);
    await started?.ended;
  }

  /** @returns the exit code */
  async end(relay: RelayProcess, signal: NodeJS.Signals): Promise<number | null> {
    const index = this.running.indexOf(relay);
    if (index >= 0) this.running.splice(index, 1);
    return relay.end(signal);
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    this.client.close();
    await Promise.all(this.running.splice(0).map((relay) => relay.end('SIGTERM')));
  }

  /**
   * The answer that a client gets that comes again, here or at the next one, until there is one that is not the
   * relay's own trouble.
   * @throws Error when nobody answers for ten minutes; NoAnswer after `stop`
   */
  async persist(act: (url: string) => Promise<Reply>): Promise<Reply> {
    const end = performance.now() + giveUpMs;
    for (;;) {
      if (this.#isOver) throw new NoAnswer('there are no relays any more');
      try {
        if (this.running.length > 0) {
          const { origin: url } = pick(() => randomInt(2 ** 32) / 2 ** 32, this.running);
          const reply = await act(url);
          if (reply.status < 500 && reply.status !== 429) return reply;
          this.#count(reply.code ?? String(reply.status));
        }
      } catch (error) {
        if (!(error instanceof NoAnswer)) throw error;
        this.#count('no answer');
      }
      if (performance.now() > end) throw new Error('nobody answers any more');
      await delay(betweenTriesMs);
    }
  }

  #count(what: string): void {
    this.refusals.set(what, (this.refusals.get(what) ?? 0) + 1);
  }
}
