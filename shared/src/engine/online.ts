/** The two loops of an account that is registered: what comes in, and what goes out. */
import { fromBase64url, toHex } from '../bytes/index.ts';
import { type CodedError, hasCode } from '../errors/index.ts';
import { Backoff } from './backoff.ts';
import { hasHead } from './contacts.ts';
import { markFork } from './conversations.ts';
import type { Core } from './core.ts';
import type { LogHead } from '../log/index.ts';
import { Loop } from './loop.ts';
import { GroupSync } from './groups/index.ts';
import { Outbox } from './outbox.ts';
import { tendPrekeys } from './prekey-keeper.ts';
import { finishRecovery, finishRegistration, refreshOwnLog } from './registration.ts';
import { type Events, type RelayClient, RelayError } from './relay-client.ts';
import { forgetEvery, forgetOld, pollOnce } from './sync.ts';
import { Typing } from './typing.ts';
import type { Connection } from './types.ts';
import { limits } from '../wire/index.ts';

/** The first poll only asks whether the relay is there, and what it has. */
const firstWaitSeconds = 0;
const tendEveryMs = 6 * 60 * 60 * 1000;
/** A poll that waits and is answered empty before this has not waited. Now and then that happens; not always. */
const tooSoonMs = 500;
const maxTooSoon = 5;
/** After a refusal that time alone does not change. */
const refusedRetryMs = 60_000;

export class Online {
  readonly relay: RelayClient;
  readonly typing: Typing;
  readonly #core: Core;
  readonly groups: GroupSync;
  readonly #outbox: Outbox;
  readonly #incoming: Loop;
  readonly #outgoing: Loop;
  readonly #groupIncoming: Loop;
  readonly #groupOutgoing: Loop;
  readonly #pollBackoff: Backoff;
  readonly #postBackoff: Backoff;
  readonly #groupPollBackoff: Backoff;
  readonly #groupWorkBackoff: Backoff;
  /** Ends the present poll of groups, which does not know of a group or an epoch that is new. */
  #groupPoll: { readonly abort: AbortController; readonly groups: string } | undefined;
  readonly #emptyBackoff: Backoff;
  readonly #onConnection: (connection: Connection) => void;
  readonly #unsubscribe: () => void;
  readonly #unsubscribeTouched: () => void;
  #reached = false;
  #tooSoon = 0;
  #groupsTooSoon = 0;
  /** Envelopes since old ones were last forgotten. */
  #received = 0;
  #tendAt = 0;

  constructor(core: Core, relay: RelayClient, onConnection: (connection: Connection) => void) {
    this.#core = core;
    this.relay = relay;
    this.#onConnection = onConnection;
    this.typing = new Typing(core, relay);
    this.#outbox = new Outbox(core, relay);
    this.groups = new GroupSync(core, relay, (account) => this.#outbox.isHeld(account));
    this.#pollBackoff = new Backoff(core.randomness);
    this.#postBackoff = new Backoff(core.randomness);
    this.#emptyBackoff = new Backoff(core.randomness);
    this.#groupPollBackoff = new Backoff(core.randomness);
    this.#groupWorkBackoff = new Backoff(core.randomness);
    this.#incoming = new Loop(core.clock, (signal) => this.#receive(signal));
    this.#outgoing = new Loop(core.clock, (signal) => this.#send(signal));
    this.#groupIncoming = new Loop(core.clock, (signal) => this.#readGroups(signal));
    this.#groupOutgoing = new Loop(core.clock, (signal) => this.#workInGroups(signal));
    this.#unsubscribe = core.subscribe((change) => {
      if (change.kind !== 'message' || !change.arrived) return;
      this.typing.clear(fromBase64url(change.message.conversation));
      this.groups.typing.clear(change.message.conversation, change.message.author);
    });
    this.#unsubscribeTouched = core.onTouched((conversation) => {
      this.#outbox.touch(conversation);
      if (this.#reached) this.#wakeOutgoing();
    });
  }

  start(): void {
    this.#onConnection({ state: 'connecting' });
    this.#incoming.wake();
  }

  /** Tries again at once what waits for its time. */
  retryNow(): void {
    this.#pollBackoff.reset();
    this.#postBackoff.reset();
    this.#groupPollBackoff.reset();
    this.#groupWorkBackoff.reset();
    this.#outbox.release();
    this.groups.release();
    this.#incoming.wake();
    if (this.#reached) this.#wakeOutgoing();
  }

  /** Something may be to be sent, or a group to be read that was not there before. */
  #wakeOutgoing(): void {
    this.#outgoing.wake();
    this.#groupOutgoing.wake();
    this.#wakeReading();
  }

  #wakeReading(): void {
    if (this.#groupPoll && this.#groupPoll.groups !== keyOf(this.groups.readable()))
      this.#groupPoll.abort.abort();
    if (!this.#groupPoll) this.#groupIncoming.wake();
  }

  async stop(): Promise<void> {
    this.#unsubscribe();
    this.#unsubscribeTouched();
    this.typing.stop();
    this.groups.typing.stop();
    const loops = [this.#incoming, this.#outgoing, this.#groupIncoming, this.#groupOutgoing];
    await Promise.all(loops.map((loop) => loop.stop()));
  }

  async #receive(signal: AbortSignal): Promise<number | undefined> {
    try {
      await this.#finishAccount();
      const wait = this.#reached ? limits.pollWaitSeconds : firstWaitSeconds;
      const beganAt = this.#core.clock.now();
      const events = await pollOnce(this.#core, this.relay, wait, signal);
      for (const envelope of events.ephemeral) this.typing.receive(envelope);
      this.#received += events.envelopes.length;
      if (this.#received >= forgetEvery) {
        this.#received = 0;
        forgetOld(this.#core);
      }
      if (!events.more) await this.#tend(signal);
      this.#pollBackoff.reset();
      if (!this.#reached) {
        this.#reached = true;
        this.#onConnection({ state: 'online' });
        this.#outbox.release();
        this.groups.release();
        this.#wakeOutgoing();
      }
      return this.#pauseMs(events, wait > 0 && this.#core.clock.now() - beganAt < tooSoonMs);
    } catch (error) {
      return this.#afterFailure(error, this.#pollBackoff, signal, true);
    }
  }

  /** A relay that answers every poll at once with nothing does not keep this computer busy. */
  #pauseMs({ envelopes, ephemeral }: Events, soon: boolean): number {
    if (soon && envelopes.length === 0 && ephemeral.length === 0) {
      return ++this.#tooSoon > maxTooSoon ? this.#emptyBackoff.nextMs() : 0;
    }
    this.#tooSoon = 0;
    this.#emptyBackoff.reset();
    return 0;
  }

  async #send(signal: AbortSignal): Promise<number | undefined> {
    try {
      const nextMs = await this.#outbox.run(signal);
      this.#postBackoff.reset();
      return nextMs;
    } catch (error) {
      return this.#afterFailure(error, this.#postBackoff, signal, false);
    }
  }

  /** A poll of its own, without a session: the relay does not learn whose groups these are. */
  async #readGroups(signal: AbortSignal): Promise<number | undefined> {
    const groups = this.groups.readable();
    if (groups.length === 0) return undefined;
    const abort = new AbortController();
    this.#groupPoll = { abort, groups: keyOf(groups) };
    const beganAt = this.#core.clock.now();
    try {
      const either = AbortSignal.any([signal, abort.signal]);
      const { more, news } = await this.groups.read(groups, limits.pollWaitSeconds, either);
      const isSoon = !more && !news && this.#core.clock.now() - beganAt < tooSoonMs;
      this.#groupsTooSoon = isSoon ? this.#groupsTooSoon + 1 : 0;
      if (this.#groupsTooSoon > maxTooSoon) return this.#groupPollBackoff.nextMs();
      this.#groupPollBackoff.reset();
      return 0;
    } catch (error) {
      if (abort.signal.aborted && !signal.aborted) return 0;
      return this.#afterFailure(error, this.#groupPollBackoff, signal, false);
    } finally {
      this.#groupPoll = undefined;
    }
  }

  async #workInGroups(signal: AbortSignal): Promise<number | undefined> {
    try {
      const nextMs = await this.groups.work(signal);
      this.#groupWorkBackoff.reset();
      // A group that was left alone for a while may be read again.
      this.#wakeReading();
      return nextMs;
    } catch (error) {
      return this.#afterFailure(error, this.#groupWorkBackoff, signal, false);
    }
  }

  /** A registration or recovery that was interrupted is completed before anything else. */
  async #finishAccount(): Promise<void> {
    const { stage } = this.#core.requireAccount();
    if (stage === 'registering') await finishRegistration(this.#core, this.relay);
    if (stage === 'recovering') await finishRecovery(this.#core, this.relay);
  }

  async #tend(signal: AbortSignal): Promise<void> {
    const core = this.#core;
    const now = core.clock.now();
    const claims = core.takeOwnHeads();
    const due = now >= this.#tendAt;
    try {
      if (due || claims.length > 0) await this.#followOwnLog(claims);
    } catch (error) {
      // A relay that does not answer does not get rid of the question.
      for (const { account, head } of claims) core.noteOwnHead(account, head);
      throw error;
    }
    if (!core.takePrekeySpent() && !due) return;
    forgetOld(core);
    await tendPrekeys(core, this.relay, signal);
    this.#tendAt = now + tendEveryMs;
  }

  /** Who has seen a state of our log that the relay does not show us was shown another log. */
  async #followOwnLog(
    claims: readonly { readonly account: Uint8Array; readonly head: LogHead }[],
  ): Promise<void> {
    const own = await refreshOwnLog(this.#core, this.relay);
    for (const { account, head } of claims) {
      if (!hasHead(own, head)) markFork(this.#core, account);
    }
  }

  /** What is not a coded answer is a defect, and is not hidden. */
  #afterFailure(error: unknown, backoff: Backoff, signal: AbortSignal, polling: boolean): number | undefined {
    if (signal.aborted) return undefined;
    if (!isOutside(error)) throw error;
    const asked = error instanceof RelayError ? error.retryAfterMs : undefined;
    const refused = error instanceof RelayError && error.status === 403;
    const waitMs = backoff.nextMs(asked ?? (refused ? refusedRetryMs : 0));
    if (polling) {
      this.#reached = false;
      this.#onConnection({ state: 'offline', code: error.code, retryAt: this.#core.clock.now() + waitMs });
    }
    return waitMs;
  }
}

/** Which logs a poll reads, and with which keys. How far they have been read does not matter to it. */
function keyOf(groups: readonly { readonly id: Uint8Array; readonly access: Uint8Array }[]): string {
  return groups.map(({ id, access }) => `${toHex(id)} ${toHex(access)}`).join();
}

/** The relay and what it serves; not our own vault, and not our own mistakes. */
function isOutside(error: unknown): error is CodedError {
  return hasCode(error) && !error.code.startsWith('ERR_DATABASE') && error.code !== 'ERR_VAULT_CORRUPT';
}
