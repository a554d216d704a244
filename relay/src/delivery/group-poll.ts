/** One poll over several logs of groups. */
import { toHex } from '@crypt2chat/shared/bytes';
import { limits } from '@crypt2chat/shared/wire';
import type { GroupAccess, GroupEntry, GroupRead, GroupReading, Store } from '../store/index.ts';
import type { Client, WaitingRoom } from './waiting-room.ts';

/** Of entries and what is around them, so that with the frames of 256 groups an answer has 4 MiB; beside it there are
 * ephemeral envelopes, as in a mailbox's. */
const maxAnswerBytes = 4 * 1024 * 1024 - 64 * 1024;
/** Of one epoch: each device may have one, and one that it has left without the relay's noticing. */
const maxPollsPerEpoch = 2 * limits.groupDevices;

export interface GroupPollRequest {
  /** Each group once. */
  readonly reads: readonly GroupRead[];
  readonly waitMs: number;
  readonly client: Client;
}

export interface GroupPollAnswer {
  readonly groupId: Uint8Array;
  readonly status: 'ok' | 'unknown' | 'denied';
  readonly entries: readonly GroupEntry[];
  readonly ephemeral: readonly Uint8Array[];
  readonly more: boolean;
}

/** What is in the news for who has this access secret, and for nobody else. */
export function groupTopic({ groupId, accessHash }: GroupAccess): string {
  return `${toHex(groupId)}/${toHex(accessHash)}`;
}

/**
 * @param turn any number. Where an answer has no room for all that is there, it says who comes first, so that a group
 *   with much to say does not keep the others from being heard.
 */
export async function pollGroups(
  store: Store,
  room: WaitingRoom,
  { reads, waitMs, client }: GroupPollRequest,
  turn: number,
): Promise<readonly GroupPollAnswer[]> {
  const byTopic = new Map(reads.map((read) => [groupTopic(read), read]));
  const wait = { topics: [...byTopic.keys()], maxPerTopic: maxPollsPerEpoch, waitMs, client };
  return room.hold(wait, async (waiter, news) => {
    const due = rotate([...news], turn);
    const found = await store.readGroups(
      due.map((topic) => byTopic.get(topic)!),
      { maxEntries: limits.envelopesPerBatch, maxBytes: maxAnswerBytes },
    );
    const readings = new Map(due.map((topic, i) => [topic, found[i]!]));
    const answers = [...byTopic].flatMap(([topic, { groupId }]) =>
      answerOf(groupId, readings.get(topic), waiter.ephemeralOf(topic)),
    );
    return answers.length === 0 && waiter.canSleep ? undefined : answers;
  });
}

function rotate<T>(items: readonly T[], turn: number): T[] {
  const start = turn % Math.max(1, items.length);
  return [...items.slice(start), ...items.slice(0, start)];
}

/** Nothing where there is nothing to say. */
function answerOf(
  groupId: Uint8Array,
  reading: GroupReading = { entries: [], more: false },
  ephemeral: readonly Uint8Array[],
): GroupPollAnswer[] {
  if (typeof reading === 'string')
    return [{ groupId, status: reading, entries: [], ephemeral: [], more: false }];
  const { entries, more } = reading;
  if (entries.length === 0 && ephemeral.length === 0 && !more) return [];
  return [{ groupId, status: 'ok', entries, ephemeral, more }];
}
