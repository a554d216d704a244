/**
 * From nothing to an open engine, and back: the lock, the secret, the vault and the engine's thread in one order.
 * The vault is touched only under the lock. An identity is never made where a vault stands; a vault without its secret
 * asks for the recovery phrase; whatever does not open stays as it is, and the state says why.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { EngineChange, EngineState, RelayAbout, Transport } from '@crypt2chat/shared/engine';
import { CodedError, hasCode } from '@crypt2chat/shared/errors';
import type { Randomness } from '@crypt2chat/shared/primitives';
import type { EngineEvent, EngineMethods, LockedReason, Params, Result } from '../../ipc/index.ts';
import { EngineClient } from './engine-client.ts';
import { applyChange } from './mirror.ts';
import type { VaultFolder } from './vault-folder.ts';
import { acquireVaultLock, askForVault, type VaultLock } from './vault-lock.ts';
import { ensureWrappingKey, readWrappingKey, type SecretStore } from './wrapping-key.ts';

export type SessionState =
  /** Nothing has been looked at yet. */
  | { readonly kind: 'asleep' }
  | { readonly kind: 'opening' }
  /** There is no vault: somebody may register, or recover an account. */
  | { readonly kind: 'fresh' }
  /** Another window has the vault. */
  | { readonly kind: 'elsewhere' }
  | { readonly kind: 'locked'; readonly reason: LockedReason }
  /** Without an account yet where registering has not come to its end. */
  | { readonly kind: 'open'; readonly engine: EngineState };

export interface SessionOptions {
  readonly folder: VaultFolder;
  readonly secrets: SecretStore;
  readonly randomness: Randomness;
  readonly transport: Transport;
  /** dist/worker.cjs and dist/sql-wasm-debug.wasm */
  readonly workerFile: string;
  readonly wasmFile: string;
  /** Takes codes, and nothing else. */
  readonly log: (code: string) => void;
  /** How long a lock that is held is waited for. */
  readonly patience?: Patience;
  /** After each crash of the thread it is started again this much later; when all are used up, only by the person. */
  readonly restartDelaysMs?: readonly number[];
}

export interface Patience {
  /** At the start: an extension host can outlive the window that it belonged to by some seconds. */
  readonly startMs: number;
  /** When the person asked for the chat: the other window finishes what it is writing. */
  readonly askedMs: number;
}

interface Listener {
  readonly onState: (state: SessionState) => void;
  readonly onChange: (change: EngineChange) => void;
}

const defaultPatience: Patience = { startMs: 10_000, askedMs: 10_000 };
/** How long a refused lock looks like mere loading before the view says where the chat is. */
const sayElsewhereAfterMs = 2_500;
const defaultRestartDelaysMs = [500, 3_000, 10_000];
/** A thread that ran for so long since it was started has earned all its restarts back. */
const restartForgivenAfterMs = 5 * 60_000;

export class Session {
  readonly #options: SessionOptions;
  readonly #listeners = new Set<Listener>();
  #state: SessionState = { kind: 'asleep' };
  #lock: VaultLock | undefined;
  #client: EngineClient | undefined;
  /** Everything that opens or closes, one after the other. */
  #queue: Promise<unknown> = Promise.resolve();
  #starting: Promise<void> | undefined;
  readonly #closing = new AbortController();
  #restarts = 0;
  #openedAtMs = 0;
  #restartTimer: NodeJS.Timeout | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  get #patience(): Patience {
    return this.#options.patience ?? defaultPatience;
  }

  get state(): SessionState {
    return this.#state;
  }

  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Opens what there is, once; later calls only wait for it. Never throws: what went wrong is in the state. */
  async start(): Promise<SessionState> {
    this.#starting ??= this.#enqueue(() => this.#open(this.#patience.startMs));
    await this.#starting.catch(() => undefined);
    return this.#state;
  }

  /**
   * Tries again because the person asked: to open what would not open, or to have the chat in this window. Whoever has
   * it then finishes what it is writing and hands over. Never throws.
   */
  async retry(): Promise<SessionState> {
    this.#restarts = 0;
    this.#starting = this.#enqueue(async () => {
      if (this.#state.kind === 'open') return;
      if (this.#state.kind === 'elsewhere') await this.#askForVault();
      await this.#open(this.#patience.askedMs);
    });
    await this.#starting.catch(() => undefined);
    return this.#state;
  }

  /** Asks a relay about itself. Needs no vault, and makes none. */
  checkRelay(relay: string): Promise<RelayAbout> {
    return this.#enqueue(() => this.#thread().call('checkRelay', { relay }));
  }

  /**
   * Makes the vault where there is none, then the account.
   * @throws CodedError what `register` of the engine throws; `ERR_NOT_OPEN`, `ERR_SECRETS_UNAVAILABLE`.
   */
  async register(registration: Params<EngineMethods['register']>): Promise<void> {
    await this.#enqueue(() => this.#ensureVault());
    await this.call('register', registration);
  }

  /** The same for an account that has its phrase. */
  async recover(recovery: Params<EngineMethods['recover']>): Promise<void> {
    await this.#enqueue(() => this.#ensureVault());
    await this.call('recover', recovery);
  }

  /**
   * Opens a vault that lost its secret, and wraps it under the one that SecretStorage now keeps.
   * @throws CodedError `ERR_PHRASE_INVALID`, `ERR_PHRASE_WRONG`, `ERR_NOT_OPEN`, `ERR_SECRETS_UNAVAILABLE`, and what a vault says.
   */
  unlock(phrase: string): Promise<void> {
    return this.#enqueue(async () => {
      if (this.#state.kind !== 'locked') throw notOpen();
      await this.#takeLock(0);
      try {
        if (!(await this.#options.folder.exists())) throw notOpen();
        const wrappingKey = await ensureWrappingKey(this.#options.secrets, this.#options.randomness, true);
        this.#opened(await this.#thread().call('reopen', { phrase, wrappingKey }));
      } catch (error) {
        await this.#letGo();
        throw error;
      }
    });
  }

  /**
   * Puts the vault aside, where its files stay, and begins without one.
   * @param at names the folder. @returns the folder, or undefined where there was no vault.
   * @throws CodedError `ERR_NOT_OPEN` when another window has it; `ERR_DATABASE_IO`, `ERR_SECRETS_UNAVAILABLE`.
   */
  startOver(at: Date): Promise<string | undefined> {
    return this.#enqueue(async () => {
      if (!this.#lock) await this.#takeLock(0);
      try {
        await this.#endThread();
        // A secret that is not one would stand in the way of the next vault.
        const secret = await readWrappingKey(this.#options.secrets);
        if (secret.kind === 'corrupt') {
          await ensureWrappingKey(this.#options.secrets, this.#options.randomness, true);
        }
        return await this.#options.folder.setAside(at.toISOString().replace(/[^0-9TZ]/g, ''));
      } finally {
        await this.#letGo();
        await this.#open(0);
      }
    });
  }

  /** Calls the engine. @throws CodedError `ERR_NOT_OPEN` while there is none, and what the engine says. */
  async call<Name extends keyof EngineMethods>(
    name: Name,
    params: Params<EngineMethods[Name]>,
  ): Promise<Result<EngineMethods[Name]>> {
    if (this.#state.kind !== 'open' || !this.#client) throw notOpen();
    return this.#client.call(name, params);
  }

  /** Lets the engine finish, then frees the lock. Nothing can be opened afterwards. Never throws. */
  async close(): Promise<void> {
    this.#closing.abort();
    clearTimeout(this.#restartTimer);
    this.#listeners.clear();
    await this.#queue.catch(() => undefined);
    await this.#letGo();
  }

  async #open(retryForMs: number): Promise<void> {
    const { folder, secrets } = this.#options;
    try {
      this.#set({ kind: 'opening' });
      await folder.prepare();
      if (!(await folder.exists())) return this.#set(await this.#withoutVault());
      await this.#takeLock(retryForMs);
      const secret = await readWrappingKey(secrets);
      if (secret.kind === 'present') {
        this.#opened(await this.#thread().call('open', { wrappingKey: secret.key }));
        return;
      }
      await this.#letGo();
      this.#set({ kind: 'locked', reason: lockedBySecret[secret.kind] });
    } catch (error) {
      await this.#letGo();
      this.#set(this.#stateOf(error));
    }
  }

  async #withoutVault(): Promise<SessionState> {
    const { kind } = await readWrappingKey(this.#options.secrets);
    if (kind === 'present' || kind === 'absent') return { kind: 'fresh' };
    return { kind: 'locked', reason: lockedBySecret[kind] };
  }

  /** First the secret, seen to be kept, and only then the vault that needs it. */
  async #ensureVault(): Promise<void> {
    if (this.#state.kind === 'open') return;
    if (this.#state.kind !== 'fresh') throw notOpen();
    const { folder, secrets, randomness } = this.#options;
    try {
      await this.#takeLock(0);
      if (await folder.exists()) {
        // Another window was faster. What it made is opened like any other.
        await this.#letGo();
        return await this.#open(0);
      }
      const wrappingKey = await ensureWrappingKey(secrets, randomness);
      this.#opened(await this.#thread().call('create', { wrappingKey }));
    } catch (error) {
      await this.#letGo();
      throw error;
    }
  }

  /** Says to the window that has the vault that this one belongs to the same person: it has the same secret. */
  async #askForVault(): Promise<void> {
    const secret = await readWrappingKey(this.#options.secrets);
    if (secret.kind !== 'present') return;
    const prove = (token: Uint8Array) => handOverProof(secret.key, token);
    await askForVault(this.#options.folder.file, prove).catch(() => undefined);
  }

  async #onAsked(token: Uint8Array, proof: Uint8Array): Promise<void> {
    const secret = await readWrappingKey(this.#options.secrets);
    if (secret.kind !== 'present' || !timingSafeEqual(proof, handOverProof(secret.key, token))) return;
    await this.#enqueue(() => this.#giveUpVault());
  }

  async #giveUpVault(): Promise<void> {
    clearTimeout(this.#restartTimer);
    await this.#letGo();
    this.#set({ kind: 'elsewhere' });
  }

  /** @throws CodedError `ERR_NOT_OPEN`, with the state set to `elsewhere`. */
  async #takeLock(retryForMs: number): Promise<void> {
    if (this.#lock) return;
    const lock = await acquireVaultLock(this.#options.folder.file, {
      retryForMs,
      signal: this.#closing.signal,
      onRefused: (afterMs) => {
        if (afterMs >= sayElsewhereAfterMs) this.#set({ kind: 'elsewhere' });
      },
      onAsked: (token, proof) => void this.#onAsked(token, proof).catch(() => undefined),
      onLost: () => {
        this.#options.log('ERR_DATABASE_BUSY');
        void this.#enqueue(() => this.#giveUpVault()).catch(() => undefined);
      },
    });
    if (!lock) {
      this.#set({ kind: 'elsewhere' });
      throw notOpen();
    }
    this.#lock = lock;
  }

  #thread(): EngineClient {
    if (this.#client) return this.#client;
    const { folder, workerFile, wasmFile, transport, log } = this.#options;
    const client: EngineClient = new EngineClient({
      workerFile,
      settings: { vaultFile: folder.file, wasmFile },
      transport,
      onEvent: (event) => {
        if (client === this.#client) this.#onEvent(event);
      },
      onFault: log,
      onCrash: () => {
        if (client === this.#client) this.#onCrash();
      },
    });
    this.#client = client;
    return client;
  }

  #onEvent(event: EngineEvent): void {
    if (event.type === 'fault') return this.#options.log(event.code);
    if (this.#state.kind !== 'open') return;
    this.#state = { kind: 'open', engine: applyChange(this.#state.engine, event.change) };
    for (const { onChange } of [...this.#listeners]) onChange(event.change);
  }

  #opened(engine: EngineState): void {
    this.#openedAtMs = performance.now();
    this.#set({ kind: 'open', engine });
  }

  #onCrash(): void {
    this.#client = undefined;
    if (this.#state.kind !== 'open') return;
    if (performance.now() - this.#openedAtMs > restartForgivenAfterMs) this.#restarts = 0;
    const { restartDelaysMs = defaultRestartDelaysMs } = this.#options;
    const delayMs = restartDelaysMs[this.#restarts++];
    this.#set({ kind: 'opening' });
    this.#options.log('ERR_ENGINE_STOPPED');
    if (delayMs === undefined) {
      void this.#enqueue(async () => {
        await this.#letGo();
        this.#set({ kind: 'locked', reason: 'engine-stopped' });
      }).catch(() => undefined);
      return;
    }
    this.#restartTimer = setTimeout(() => {
      this.#starting = this.#enqueue(() => this.#open(0));
      void this.#starting.catch(() => undefined);
    }, delayMs);
  }

  async #endThread(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client?.close();
  }

  async #letGo(): Promise<void> {
    await this.#endThread();
    const lock = this.#lock;
    this.#lock = undefined;
    await lock?.release();
  }

  #set(state: SessionState): void {
    this.#state = state;
    for (const { onState } of [...this.#listeners]) onState(state);
  }

  #stateOf(error: unknown): SessionState {
    if (hasCode(error, 'ERR_NOT_OPEN', 'ERR_DATABASE_BUSY')) return { kind: 'elsewhere' };
    const code = hasCode(error) ? error.code : 'ERR_ENGINE_INTERNAL';
    this.#options.log(code);
    return { kind: 'locked', reason: lockedByCode.get(code) ?? 'engine-stopped' };
  }

  #enqueue<T>(work: () => Promise<T>): Promise<T> {
    const run = this.#queue.then(() => {
      if (this.#closing.signal.aborted) throw notOpen();
      return work();
    });
    this.#queue = run.catch(() => undefined);
    return run;
  }
}

/** Of the other window's right to the vault, for the holder of this token. 32 bytes. */
function handOverProof(wrappingKey: Uint8Array, token: Uint8Array): Uint8Array {
  return createHmac('sha256', wrappingKey).update('crypt2chat/v1/hand-over\0').update(token).digest();
}

const lockedBySecret = {
  absent: 'secret-lost',
  corrupt: 'secret-corrupt',
  unavailable: 'secret-unavailable',
} as const;

const lockedByCode = new Map<string, LockedReason>([
  ['ERR_VAULT_SECRET_WRONG', 'secret-lost'],
  ['ERR_VAULT_CORRUPT', 'vault-corrupt'],
  ['ERR_DATABASE_CORRUPT', 'vault-corrupt'],
  ['ERR_DATABASE_NEWER', 'vault-newer'],
  ['ERR_DATABASE_IO', 'vault-unwritable'],
  ['ERR_DATABASE_FULL', 'vault-unwritable'],
  ['ERR_DATABASE_READ_ONLY', 'vault-unwritable'],
]);

function notOpen(): CodedError {
  return new CodedError('ERR_NOT_OPEN', 'the chat is not open in this window');
}
