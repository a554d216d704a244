/** The two loops of groups: one reads their logs by a long poll of its own, one does what is to be done in them. */
import { equalBytes, toHex } from '../../bytes/index.ts';
import { hasCode } from '../../errors/index.ts';
import { limits } from '../../wire/index.ts';
import { isAhead } from '../backoff.ts';
import { isFull } from '../conversations.ts';
import type { Core } from '../core.ts';
import { commits, type GroupRecord, shareKeyOf, type ShareRecord } from '../group-records.ts';
import { groupOf } from '../group-summary.ts';
import { Holds } from '../holds.ts';
import type { GroupEvents, Relay } from '../relay-client.ts';
import { advanceCommit, beginCommit, type CommitOutcome, intentsOf } from './committing.ts';
import { doubtKeys } from './doubting.ts';
import { conversationOfGroup, findGroup, listGroups, saveGroup } from './group.ts';
import { earlierShareMs, invitationsOf, join, locate } from './joining.ts';
import { fetchUpdates } from './logs.ts';
import { readEntries } from './reading.ts';
import { reconcile } from './reconciling.ts';
import { succeedStuckGroup } from './succession.ts';
import { tend } from './tending.ts';
import { GroupTyping } from './typing.ts';
import { postEntries, sealGroup, untilProven } from './writing.ts';

/** Entries that are read in one transaction: one fsync for all, and no long stop of everything else. */
const entriesPerStep = 16;
/** Steps in one group before it is the next one's turn. */
const maxSteps = 200;
/** A share may be there a moment before its link is. */
const soonMs = 300;
/** The welcome of a share that is not there yet is asked for ever more rarely, up to this. */
const maxJoinWaitMs = 60_000;
const maxJoins = 2_000;
/** A link that came before ours is read so soon, or else the relay counts its links otherwise than we do. */
const staleMs = 10_000;
const maxStaleMs = 60_000;
/** So often it is looked whether the shares of a link have gone: some 20 seconds. Who lacks one can ask for the keys. */
const maxWaits = 64;

interface Stale {
  readonly linkCount: number;
  /** It has been asked how many links there are. */
  readonly isRecounted: boolean;
  readonly times: number;
  readonly until: number;
}

export class GroupSync {
  readonly typing: GroupTyping;
  readonly #core: Core;
  readonly #relay: Relay;
  readonly #isHeld: (account: Uint8Array) => boolean;
  /** Groups, by their ids in hexadecimal, and of each the reading and the reconciling. */
  readonly #holds: Holds;
  readonly #waited = new Map<string, number>();
  /** Groups in which a link of ours came too late, and what came before it is still to be read. */
  readonly #stale = new Map<string, Stale>();
  /** When the relay is asked again for the welcome of a share, by the share. */
  readonly #joinAt = new Map<string, number>();

  /** @param isHeld whether what is for an account cannot be delivered at present. */
  constructor(core: Core, relay: Relay, isHeld: (account: Uint8Array) => boolean) {
    this.#core = core;
    this.#relay = relay;
    this.#isHeld = isHeld;
    this.#holds = new Holds(core);
    this.typing = new GroupTyping(core, relay);
  }

  /** Everything that was held back is tried again at once. */
  release(): void {
    this.#holds.releaseAll();
    this.#joinAt.clear();
  }

  /**
   * The groups whose logs can be read now, and how far they have been. Another answer means that a poll is out of date.
   * One that is a request is read no further than what strangers may leave, until it is accepted.
   */
  readable(): { readonly id: Uint8Array; readonly access: Uint8Array; readonly after: number }[] {
    const isWaiting = (record: GroupRecord): boolean => {
      const conversation = conversationOfGroup(this.#core, record);
      return conversation?.status === 'request' && isFull(this.#core, conversation);
    };
    return listGroups(this.#core)
      .filter(
        (record) =>
          record.standing === 'ready' &&
          !record.unlocated &&
          !this.#holds.isHeld(`read ${toHex(record.id)}`) &&
          !isWaiting(record),
      )
      .flatMap(({ id, keys, place }) => (keys ? [{ id, access: keys.access.slice(), after: place }] : []))
      .slice(0, limits.groupsPerPoll);
  }

  /** @returns whether there is more, and whether there was anything. @throws CodedError when the relay cannot be reached, or asks to wait. */
  async read(
    groups: ReturnType<GroupSync['readable']>,
    waitSeconds: number,
    signal: AbortSignal,
  ): Promise<{ readonly more: boolean; readonly news: boolean }> {
    let more = false;
    let news = false;
    for (const events of await this.#relay.groupEvents(groups, waitSeconds, signal)) {
      const asked = groups.find(({ id }) => equalBytes(id, events.id));
      if (!asked) continue;
      await this.#take(events, asked.access);
      more ||= events.more;
      news ||= events.entries.length > 0 || events.ephemeral.length > 0;
    }
    return { more, news };
  }

  async #take({ id, status, entries, ephemeral }: GroupEvents, access: Uint8Array): Promise<void> {
    const core = this.#core;
    if (status !== 'ok') {
      this.#refused(id, access);
      return;
    }
    this.#holds.release(`read ${toHex(id)}`);
    this.#holds.release(`reconcile ${toHex(id)}`);
    this.#allowed(id);
    for (let at = 0; at < entries.length; at += entriesPerStep) {
      readEntries(core, id, entries.slice(at, at + entriesPerStep));
      // Lets what a person does come in between.
      await new Promise((resolve) => setImmediate(resolve));
    }
    // What the relay refused before, of an epoch that was over, may go now.
    if (entries.length > 0) this.#holds.release(toHex(id));
    const record = findGroup(core, id);
    if (record) for (const envelope of ephemeral) this.typing.receive(record, envelope);
  }

  #allowed(id: Uint8Array): void {
    const core = this.#core;
    const record = findGroup(core, id);
    if (record?.standing !== 'ready' || record.trouble !== 'ERR_ACCESS_INVALID') return;
    const { trouble: _, ...rest } = record;
    core.transaction(() => saveGroup(core, rest));
  }

  /** The relay does not let us read with the keys that we have: those that were given to us may be wrong. */
  #refused(id: Uint8Array, access: Uint8Array): void {
    const core = this.#core;
    this.#holds.hold(`read ${toHex(id)}`);
    core.transaction(() => {
      const record = findGroup(core, id);
      if (!record?.keys || !equalBytes(record.keys.access, access)) return;
      if (record.helper) doubtKeys(core, record);
      else if (record.trouble === undefined) saveGroup(core, { ...record, trouble: 'ERR_ACCESS_INVALID' });
    });
  }

  /**
   * Does what can be done now, in all groups.
   * @returns after how many milliseconds there will be more to do.
   * @throws CodedError when the relay cannot be reached or asks to wait: nothing goes, in no group.
   */
  async work(signal: AbortSignal): Promise<number | undefined> {
    const waits: number[] = [];
    for (const { id } of listGroups(this.#core)) {
      if (signal.aborted) return undefined;
      const key = toHex(id);
      if (!this.#holds.isHeld(key)) {
        try {
          const waitMs = await this.#workIn(id, signal);
          if (waitMs !== undefined) waits.push(waitMs);
          this.#holds.release(key);
        } catch (error) {
          if (!isAboutGroup(error)) throw error;
          this.#holds.hold(key);
        }
      }
    }
    const heldMs = this.#holds.nextMs();
    if (heldMs !== undefined) waits.push(heldMs);
    return waits.length === 0 ? undefined : Math.max(0, Math.min(...waits));
  }

  async #workIn(id: Uint8Array, signal: AbortSignal): Promise<number | undefined> {
    const core = this.#core;
    const waits: (number | undefined)[] = [await this.#joinOrLocate(id, signal)];
    const isDenied = findGroup(core, id)?.trouble === 'ERR_ACCESS_INVALID';
    if (isDenied && !this.#holds.isHeld(`reconcile ${toHex(id)}`)) await this.#reconcile(id, signal);
    for (let step = 0; step < maxSteps && !signal.aborted; step++) {
      const outcome = await this.#advance(id, signal);
      if (outcome === 'waiting') waits.push(soonMs);
      const waitMs = await this.#untilRead(id, signal);
      if (waitMs !== undefined) waits.push(waitMs);
      else if (outcome === 'nothing' && (await this.#begin(id, signal))) continue;
      const hasMore = sealGroup(core, id);
      if (!(await postEntries(core, this.#relay, id, signal)) && !hasMore) break;
    }
    waits.push(await succeedStuckGroup(core, this.#relay, id, signal));
    const record = findGroup(core, id);
    if (record)
      waits.push(
        core.transaction(() => tend(core, record)),
        untilProven(core, record),
      );
    const known = waits.filter((wait) => wait !== undefined);
    return known.length === 0 ? undefined : Math.min(...known);
  }

  /**
   * Shares are waited for by the number of times that they might have gone, not by the clock: a computer that slept
   * in between must not append a link that nobody has a share of.
   */
  async #advance(id: Uint8Array, signal: AbortSignal): Promise<CommitOutcome> {
    const key = toHex(id);
    const waited = this.#waited.get(key) ?? 0;
    const options = { isHeld: this.#isHeld, isLate: waited >= maxWaits };
    const outcome = await advanceCommit(this.#core, this.#relay, id, options, signal);
    if (outcome === 'waiting') this.#waited.set(key, waited + 1);
    else this.#waited.delete(key);
    if (outcome === 'appended') this.#stale.delete(key);
    if (outcome === 'stale') {
      const linkCount = linkCountOf(this.#core, id);
      const before = this.#stale.get(key);
      const times = before?.linkCount === linkCount ? before.times + 1 : 0;
      const until = this.#core.clock.now() + Math.min(staleMs * 2 ** times, maxStaleMs);
      this.#stale.set(key, { linkCount, times, until, isRecounted: false });
    }
    return outcome;
  }

  /** @returns how long to wait for a link that came before ours; a relay that never shows one counts otherwise. */
  async #untilRead(id: Uint8Array, signal: AbortSignal): Promise<number | undefined> {
    const { clock } = this.#core;
    const key = toHex(id);
    const stale = this.#stale.get(key);
    if (!stale || stale.isRecounted || linkCountOf(this.#core, id) !== stale.linkCount) return undefined;
    if (isAhead(stale.until, clock.now())) return stale.until - clock.now();
    const heldMs = this.#holds.leftMs(`reconcile ${key}`);
    if (heldMs !== undefined) return heldMs;
    await this.#reconcile(id, signal);
    this.#stale.set(key, { ...stale, isRecounted: true, linkCount: linkCountOf(this.#core, id) });
    return undefined;
  }

  /** Ever more rarely, until the group is read again. */
  async #reconcile(id: Uint8Array, signal: AbortSignal): Promise<void> {
    const key = toHex(id);
    this.#holds.hold(`reconcile ${key}`);
    if (await reconcile(this.#core, this.#relay, id, signal)) this.#holds.release(`read ${key}`);
  }

  async #joinOrLocate(id: Uint8Array, signal: AbortSignal): Promise<number | undefined> {
    const core = this.#core;
    const record = findGroup(core, id);
    if (!record) return undefined;
    if (record.unlocated && record.standing === 'ready') await locate(core, this.#relay, record, signal);
    let waitMs: number | undefined;
    for (const share of invitationsOf(core, record)) {
      const key = toHex(shareKeyOf(share));
      const restMs = (this.#joinAt.get(key) ?? 0) - core.clock.now();
      if (restMs > 0 && restMs <= maxJoinWaitMs) {
        waitMs = Math.min(waitMs ?? Infinity, restMs);
        continue;
      }
      this.#joinAt.delete(key);
      const againMs = await this.#join(share, signal);
      if (againMs === 'in') return undefined;
      if (againMs === 'refused') continue;
      if (this.#joinAt.size >= maxJoins) this.#joinAt.clear();
      this.#joinAt.set(key, core.clock.now() + againMs);
      waitMs = Math.min(waitMs ?? Infinity, againMs);
    }
    return waitMs;
  }

  /** @returns after how many milliseconds the share is to be tried again, where it is. */
  async #join(share: ShareRecord, signal: AbortSignal): Promise<'in' | 'refused' | number> {
    const { clock } = this.#core;
    const age = () => Math.max(0, clock.now() - share.at);
    try {
      const outcome = await join(this.#core, this.#relay, share, signal);
      return outcome === 'early' ? Math.max(soonMs, earlierShareMs - age()) : outcome;
    } catch (error) {
      if (!hasCode(error, 'ERR_ACCESS_INVALID', 'ERR_GROUP_UNKNOWN')) throw error;
      // The link comes right behind its shares, or never.
      return Math.max(soonMs, Math.min(age(), maxJoinWaitMs));
    }
  }

  /** @returns whether a commit has been begun. */
  async #begin(id: Uint8Array, signal: AbortSignal): Promise<boolean> {
    const core = this.#core;
    const record = findGroup(core, id);
    const group = record && groupOf(record);
    if (!group || record.standing !== 'ready' || core.vault.get(commits, id)) return false;
    if (record.trouble === 'ERR_ACCESS_INVALID') return false;
    if (intentsOf(core, id).length === 0) return false;
    const updates = await fetchUpdates(core, this.#relay, group, signal);
    return core.transaction(() => {
      const present = findGroup(core, id);
      return present !== undefined && beginCommit(core, present, updates);
    });
  }
}

function linkCountOf(core: Core, id: Uint8Array): number {
  return findGroup(core, id)?.linkCount ?? 0;
}

/** What the relay says of one group, or what is wrong with what it serves for it, concerns no other. */
function isAboutGroup(error: unknown): boolean {
  return hasCode(
    error,
    'ERR_GROUP_UNKNOWN',
    'ERR_GROUP_EXISTS',
    'ERR_GROUP_FULL',
    'ERR_EPOCH_STALE',
    'ERR_ACCESS_INVALID',
    'ERR_ACCOUNT_UNKNOWN',
    'ERR_TOO_LARGE',
    'ERR_REQUEST_INVALID',
    'ERR_LOG_FORK',
    'ERR_LOG_INVALID',
    'ERR_NEWER_VERSION',
    'ERR_FORMAT',
  );
}
