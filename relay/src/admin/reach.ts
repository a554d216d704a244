import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '@crypt2chat/shared/clock';
import type { Randomness } from '@crypt2chat/shared/primitives';
import type { Config } from '../config/index.ts';
import { createLog } from '../log.ts';
import { explain } from '../explain.ts';
import { databaseFile, FolderInUseError, openStore, type Store } from '../store/index.ts';
import { AdminError } from './admin-error.ts';
import { askRelay, perform } from './channel.ts';
import type { ArgsOf, OperationName, ResultOf } from './operations.ts';

export interface ReachOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly wasm?: string | undefined;
}

/**
 * The relay that a command is about: the one that runs, through its socket; else its data, which are opened at the
 * first call and closed by `close`. While they are open, no relay can start.
 */
export class Reach {
  readonly #options: ReachOptions;
  #store: Store | undefined;

  constructor(options: ReachOptions) {
    this.#options = options;
  }

  /** @throws AdminError */
  async call<Name extends OperationName>(operation: Name, args: ArgsOf<Name>): Promise<ResultOf<Name>> {
    const { dataFolder, databaseUrl } = this.#options.config;
    if (this.#store === undefined && databaseUrl === undefined) {
      const result = await askRelay(dataFolder, operation, args);
      if (result !== undefined) return result;
    }
    const store = await this.open();
    const result = await perform({ ...this.#options, store }, operation, args);
    // As it comes through the socket.
    return JSON.parse(JSON.stringify(result)) as ResultOf<Name>;
  }

  /** The data themselves. @throws AdminError where a relay runs, or they cannot be opened. */
  async open(): Promise<Store> {
    const { dataFolder, databaseUrl } = this.#options.config;
    if (databaseUrl === undefined && !existsSync(join(dataFolder, databaseFile))) {
      throw new AdminError(`There is no database in ${dataFolder}. Is CRYPT2CHAT_DATA right?`);
    }
    try {
      this.#store ??= await openStore({
        ...this.#options,
        log: createLog('silent'),
        // What the command asked for fails by itself.
        onFatal: () => undefined,
      });
      return this.#store;
    } catch (error) {
      throw new AdminError(
        error instanceof FolderInUseError ? 'A relay runs here: stop it first.' : explain(error),
      );
    }
  }

  async close(): Promise<void> {
    await this.#store?.close();
  }
}
