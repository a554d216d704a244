/**
 * For tests of this and other packages: a real relay on a real port of the loopback interface, over a real file.
 * Only the clock, the randomness and the configuration may be put in.
 */
import { systemRandomness, type Randomness } from '@crypt2chat/shared/primitives';
import { type Clock, systemClock } from '@crypt2chat/shared/clock';
import { type Config, parseConfig, type Rates } from './config/index.ts';
import { createLog } from './log.ts';
import type { HttpTimeouts } from './http-server.ts';
import { startService } from './service.ts';
import type { Store } from './store/index.ts';

export type { Clock, Config, Rates };

export interface RelayOptions {
  /** A folder of the test's own. The same one again is the same relay after a restart. */
  readonly dataFolder: string;
  readonly clock?: Clock;
  readonly randomness?: Randomness;
  /** 0, the default, takes any that is free. Accounts name their relay's origin: give the old port at a restart. */
  readonly port?: number;
  /** Over the defaults, except that rates are not limited unless they are given here. */
  readonly config?: Partial<Omit<Config, 'dataFolder' | 'port' | 'rates'>> & {
    readonly rates?: Partial<Rates>;
  };
  /** Shorter ones, for tests of slow clients. */
  readonly timeouts?: HttpTimeouts;
  /** Gets each log line, without its end. */
  readonly onLogLine?: (line: string) => void;
  /** Gets the first invite's code, where registration is by invite. */
  readonly onFirstInvite?: (code: string) => void;
  /** The storage failed; by default that is thrown where nobody catches it. */
  readonly onFatal?: (error: unknown) => void;
}

export interface RunningRelay {
  readonly origin: string;
  readonly port: number;
  readonly store: Store;
  waitingPolls(): number;
  /** As SIGTERM does it. */
  stop(): Promise<void>;
  isStopped(): boolean;
}

const unlimited: Rates = {
  requestsPerMinutePerAddress: 0,
  requestsPerMinutePerAccount: 0,
  signInsPerMinutePerAddress: 0,
  registrationsPerHourPerAddress: 0,
  nameLookupsPerHourPerAddress: 0,
  claimsPerHourPerAccount: 0,
  claimsPerHourPerTarget: 0,
  groupsPerHourPerAccount: 0,
  requestsPerMinutePerGroup: 0,
};

export async function startRelay(options: RelayOptions): Promise<RunningRelay> {
  const { rates, ...overrides } = options.config ?? {};
  const config: Config = {
    ...parseConfig({}),
    ...overrides,
    rates: { ...unlimited, ...rates },
    dataFolder: options.dataFolder,
    port: options.port ?? 0,
  };
  const { onLogLine } = options;
  const log = createLog(onLogLine === undefined ? 'silent' : config.logLevel, {
    write: (line) => onLogLine?.(line.trimEnd()),
  });
  const service = await startService({
    config,
    log,
    clock: options.clock ?? systemClock,
    randomness: options.randomness ?? systemRandomness,
    timeouts: options.timeouts,
    onFirstInvite: ({ code }) => options.onFirstInvite?.(code),
    onFatal:
      options.onFatal ??
      ((error) => {
        throw error;
      }),
  });
  let isStopped = false;
  return {
    origin: service.origin,
    port: Number(new URL(service.url).port),
    store: service.store,
    waitingPolls: () => service.waitingPolls(),
    isStopped: () => isStopped,
    async stop() {
      await service.stop();
      isStopped = true;
    },
  };
}
