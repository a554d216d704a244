import pg from 'pg';
import type { Clock } from '@crypt2chat/shared/clock';
import type { Log } from '../log.ts';
import { CodedError, hasCode } from '@crypt2chat/shared/errors';
import { clientOptions, type Run, runOn, session } from './postgres-connections.ts';
import { nameOf } from './postgres-failures.ts';

const againMs = 1000;
/** A connection that died without anybody having said so is found out by a question that gets no answer. */
const askEveryMs = 10_000;
const answerWithinMs = 5000;

interface ListeningOptions {
  readonly url: string;
  /** A name that needs no quotes. */
  readonly channel: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Before a connection counts. */
  readonly enter: (run: Run) => Promise<void>;
  /** It cannot be entered again. */
  readonly onFatal: (error: unknown) => void;
  readonly heard: (payload: string) => void;
  /** Notices may have been missed: the connection was lost, and there is a new one now. */
  readonly missed: () => void;
}

/** The one connection of a process that listens for notices. When it is lost, it is made again for as long as it takes. */
export class Listening {
  readonly #options: ListeningOptions;
  #client: pg.Client | undefined;
  #isClosed = false;
  #cancelTimer = (): void => undefined;

  private constructor(options: ListeningOptions) {
    this.#options = options;
  }

  /** @throws what the first connection fails with */
  static async open(options: ListeningOptions): Promise<Listening> {
    const listening = new Listening(options);
    await listening.#connect();
    return listening;
  }

  /** Whether what is said now would be heard. */
  get hears(): boolean {
    return this.#client !== undefined;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelTimer();
    await this.#client?.end();
  }

  async #connect(): Promise<void> {
    const { url, channel, enter, heard } = this.#options;
    const client = new pg.Client(clientOptions(url));
    client.on('notification', ({ payload }) => heard(payload ?? ''));
    // An error is followed by the end.
    client.on('error', () => undefined);
    await client.connect();
    try {
      await client.query(session);
      await client.query(`LISTEN ${channel}`);
      await enter(runOn(client));
      if (this.#isClosed) throw new CodedError('ERR_CLOSED', 'closed meanwhile');
    } catch (error) {
      await client.end();
      throw error;
    }
    client.on('end', () => this.#lose());
    this.#client = client;
    this.#askRegularly(client);
  }

  #askRegularly(client: pg.Client): void {
    this.#cancelTimer = this.#options.clock.setTimer(askEveryMs, () => {
      const question = { text: 'SELECT 1', query_timeout: answerWithinMs };
      client.query(question).then(
        () => {
          if (this.#client === client && !this.#isClosed) this.#askRegularly(client);
        },
        // Without an answer in time, the driver ends the connection.
        () => undefined,
      );
    });
  }

  #lose(): void {
    this.#client = undefined;
    this.#cancelTimer();
    if (this.#isClosed) return;
    this.#options.log.warn({}, 'the connection that listens to other processes is lost');
    void this.#reconnect();
  }

  async #reconnect(): Promise<void> {
    const { clock, log, missed, onFatal } = this.#options;
    let reason = '';
    while (!this.#isClosed) {
      try {
        await this.#connect();
        log.info({}, 'other processes are heard again');
        missed();
        return;
      } catch (error) {
        if (hasCode(error, 'ERR_CLOSED')) return;
        if (hasCode(error, 'ERR_DATABASE_REPLACED')) return onFatal(error);
        if (nameOf(error) !== reason)
          log.warn({ reason: nameOf(error) }, 'other processes are not heard yet');
        reason = nameOf(error);
        await new Promise<void>((resolve) => (this.#cancelTimer = clock.setTimer(againMs, resolve)));
      }
    }
  }
}
