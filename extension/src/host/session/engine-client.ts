/**
 * The host's side of one engine thread: starts it, carries calls to it, does its HTTP, and says when it ended. A client
 * lives as long as its thread; whoever owns it makes another one when it crashed.
 */
import { Worker } from 'node:worker_threads';
import type { Transport } from '@crypt2chat/shared/engine';
import {
  createEnginePeer,
  type EngineEvent,
  type EngineMethods,
  type EnginePeer,
  type Params,
  type Result,
} from '../../ipc/index.ts';

/** What the thread is started with. */
export interface WorkerSettings {
  readonly vaultFile: string;
  readonly wasmFile: string;
}

export interface EngineClientOptions {
  /** dist/worker.cjs */
  readonly workerFile: string;
  readonly settings: WorkerSettings;
  readonly transport: Transport;
  readonly onEvent: (event: EngineEvent) => void;
  /** A fault of ours, by its code; it goes to the log. */
  readonly onFault: (code: string) => void;
  /** Called once, when the thread ended without having been asked to. */
  readonly onCrash: () => void;
}

/** Past this, a thread that was asked to close is ended as it is. What it had committed stays; the rest is replayed. */
const closeTimeoutMs = 2_500;

export class EngineClient {
  readonly #worker: Worker;
  readonly #peer: EnginePeer;
  #ending = false;

  constructor(options: EngineClientOptions) {
    const { workerFile, settings, transport, onEvent, onFault, onCrash } = options;
    // Its output would end up in the host's log unread; it is dropped, because it is not ours to vouch for.
    this.#worker = new Worker(workerFile, { workerData: settings, stdout: true, stderr: true, execArgv: [] });
    this.#worker.stdout.resume();
    this.#worker.stderr.resume();
    this.#peer = createEnginePeer({
      handlers: { request: (request, signal) => transport.request(request, signal) },
      post: (frame) => this.#worker.postMessage(frame),
      onEvent,
      onFault,
    });
    this.#worker.on('message', (data: unknown) => this.#peer.receive(data));
    this.#worker.on('messageerror', () => onFault('ERR_IPC_INVALID'));
    this.#worker.on('error', () => onFault('ERR_ENGINE_STOPPED'));
    this.#worker.once('exit', () => {
      this.#peer.end();
      if (!this.#ending) onCrash();
    });
    this.#worker.unref();
  }

  /** Rejects with the engine's code, or with one of ExtensionErrorCode. */
  call<Name extends keyof EngineMethods>(
    name: Name,
    params: Params<EngineMethods[Name]>,
  ): Promise<Result<EngineMethods[Name]>> {
    return this.#peer.call(name, params);
  }

  /** Lets the engine finish its transaction and close the vault; resolves when the thread has ended. Never rejects. */
  async close(): Promise<void> {
    this.#ending = true;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, closeTimeoutMs);
    });
    await Promise.race([this.#peer.call('close', undefined).catch(() => undefined), late]);
    clearTimeout(timer);
    await this.#worker.terminate();
    this.#peer.end();
  }
}
