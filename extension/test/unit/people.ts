/** Sessions of several people on one computer, with a real relay between them; ended together. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningRelay, startRelay } from '@crypt2chat/relay/testing';
import type { EngineChange } from '@crypt2chat/shared/engine';
import { systemRandomness } from '@crypt2chat/shared/primitives';
import {
  FetchTransport,
  type SecretStore,
  Session,
  type SessionState,
  VaultFolder,
} from '../../src/host/session/index.ts';
import { bundleWorker } from './worker-bundle.ts';

export type Secrets = SecretStore & { readonly values: Map<string, string> };

/** What VS Code offers, on a Map. */
export function memorySecrets(): Secrets {
  const values = new Map<string, string>();
  return {
    values,
    get: async (name) => values.get(name),
    store: async (name, value) => {
      values.set(name, value);
    },
  };
}

export class People {
  readonly relay: RunningRelay;
  readonly workerFile: string;
  /** What all sessions logged. */
  readonly logged: string[] = [];
  readonly #folder: string;
  readonly #wasmFile: string;
  readonly #sessions: Session[] = [];
  #names = 0;

  private constructor(folder: string, relay: RunningRelay, worker: { workerFile: string; wasmFile: string }) {
    this.#folder = folder;
    this.relay = relay;
    this.workerFile = worker.workerFile;
    this.#wasmFile = worker.wasmFile;
  }

  static async gather(): Promise<People> {
    const folder = await mkdtemp(join(tmpdir(), 'crypt2chat-people-'));
    const worker = await bundleWorker(folder);
    return new People(folder, await startRelay({ dataFolder: join(folder, 'relay') }), worker);
  }

  async leave(): Promise<void> {
    await this.closeSessions();
    await this.relay.stop();
    await rm(this.#folder, { recursive: true, maxRetries: 5 });
  }

  async closeSessions(): Promise<void> {
    await Promise.all(this.#sessions.splice(0).map((session) => session.close()));
  }

  newStorage(): Promise<string> {
    return mkdtemp(join(this.#folder, 'storage-'));
  }

  newName(): string {
    return `person-${++this.#names}`;
  }

  /** Another window, perhaps onto the same storage. */
  session(
    storage: string,
    secrets: SecretStore,
    more: { readonly workerFile?: string; readonly askedMs?: number } = {},
  ): Session {
    const session = new Session({
      folder: new VaultFolder(storage),
      secrets,
      randomness: systemRandomness,
      transport: new FetchTransport(globalThis.fetch),
      workerFile: more.workerFile ?? this.workerFile,
      wasmFile: this.#wasmFile,
      log: (code) => this.logged.push(code),
      patience: { startMs: 0, askedMs: more.askedMs ?? 20_000 },
      restartDelaysMs: [10, 20, 30],
    });
    this.#sessions.push(session);
    return session;
  }

  /** Somebody with an account. */
  async register(storage?: string, secrets?: SecretStore, workerFile?: string): Promise<Session> {
    const session = this.session(storage ?? (await this.newStorage()), secrets ?? memorySecrets(), {
      workerFile: workerFile ?? this.workerFile,
    });
    await session.start();
    await session.register({ relay: this.relay.origin, username: this.newName() });
    await until(session, hasAccount);
    return session;
  }
}

export function hasAccount(state: SessionState): boolean {
  return state.kind === 'open' && state.engine.account !== undefined;
}

export function addressOf({ state }: Session): string | undefined {
  return state.kind === 'open' ? state.engine.account?.address : undefined;
}

/** Waits for a state that `accept` likes; the test's own timeout is the limit. */
export function until(session: Session, accept: (state: SessionState) => boolean): Promise<SessionState> {
  return new Promise((resolve) => {
    let unsubscribe: () => void = () => undefined;
    const look = () => {
      if (!accept(session.state)) return;
      unsubscribe();
      resolve(session.state);
    };
    unsubscribe = session.subscribe({ onState: look, onChange: look });
    look();
  });
}

/** The next change that `accept` likes. */
export function change(session: Session, accept: (change: EngineChange) => boolean): Promise<EngineChange> {
  return new Promise((resolve) => {
    const unsubscribe = session.subscribe({
      onState: () => undefined,
      onChange: (each) => {
        if (!accept(each)) return;
        unsubscribe();
        resolve(each);
      },
    });
  });
}
