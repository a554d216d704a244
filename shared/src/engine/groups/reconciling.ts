/**
 * A relay that was restored from a backup knows less of a group than its members (protocol §11.11): whoever has read
 * the links that it lost appends them again, under the keys of the epochs that they stood in. Nothing is told to the
 * relay that it was not told before.
 */
import { equalBytes } from '../../bytes/index.ts';
import { hasCode } from '../../errors/index.ts';
import {
  accessHashOf,
  type EpochName,
  type Group,
  openLink,
  parseEntry,
  readLink,
  sealLink,
} from '../../groups/index.ts';
import { envelopeIdBytes } from '../../wire/index.ts';
import type { Core } from '../core.ts';
import { type GroupRecord, type PastEpochRecord, pastEpochs } from '../group-records.ts';
import { groupOf } from '../group-summary.ts';
import type { GroupEntry, Relay } from '../relay-client.ts';
import { intend, intentsOf } from './committing.ts';
import { findGroup, linksOf, saveGroup, seqOf } from './group.ts';

/** A backup that is older than so many changes brings a group back no more. */
const maxPastEpochs = 64;
/** Of 64 entries: as many as a log holds, and half as many more. */
const maxReads = 3_000;

/** The epoch is over; the way to it stays for a while. */
export function keepPastEpoch({ vault }: Core, { id: group, keys }: GroupRecord, epoch: number): void {
  if (!keys) return;
  vault.put(pastEpochs, { group, epoch, access: keys.access, link: keys.link });
  const kept = vault.list(pastEpochs, { scope: group, limit: maxPastEpochs + 1 });
  if (kept.length > maxPastEpochs) vault.delete(pastEpochs, pastEpochs.key(kept[0]!));
}

/** How the log at the relay stands, in the latest epoch that it knows. */
interface Standing {
  readonly epoch: number;
  /** Link entries in all, and those of them that we have read. */
  readonly links: number;
  readonly linksRead: number;
  /** The last link of ours that it has. */
  readonly seq: number;
}

/**
 * Finds out what the relay lacks of the group's log, and appends it.
 * @returns whether the relay's log is now as ours, as far as we have read.
 * @throws RelayError what the relay says.
 */
export async function reconcile(
  core: Core,
  relay: Relay,
  id: Uint8Array,
  signal: AbortSignal,
): Promise<boolean> {
  const record = findGroup(core, id);
  const group = record && groupOf(record);
  if (!group || record.standing !== 'ready' || !record.keys || record.helper) return false;
  const { access, link } = record.keys;
  const ways = [
    ...core.vault.list(pastEpochs, { scope: id, limit: maxPastEpochs }),
    { group: id, epoch: group.epoch, access, link },
  ].map((way) => ({ ...way, access: way.access.slice(), link: way.link.slice() }));
  const found = await find(relay, record, group, ways, signal);
  if (!found) return false;
  const missing = linksOf(core, id, found.seq + 1);
  const plan = planOf(group, ways, found.epoch, missing);
  if (!plan) return false;
  // Before anything is appended: afterwards, nothing says any more that something was lost.
  if (plan.length > 0) core.transaction(() => intendWelcome(core, id));
  let { links, linksRead } = found;
  for (const { bytes, way, next } of plan) {
    await relay.appendGroupLink(
      id,
      { access: way.access },
      {
        epoch: way.epoch,
        links: links++,
        id: core.randomness.bytes(envelopeIdBytes),
        entry: sealLink(bytes, way, nameOf(group, way.epoch), core.randomness),
        ...(next && { opens: { accessHash: accessHashOf(next.access) } }),
      },
      signal,
    );
    if (next) linksRead = links;
  }
  return core.transaction(() => {
    const present = findGroup(core, id);
    // What was read meanwhile has been counted already.
    if (present?.standing !== 'ready' || present.place !== record.place) return false;
    const { trouble: _, ...rest } = present;
    saveGroup(core, { ...rest, linkCount: linksRead });
    return true;
  });
}

/** Whoever was to come in with what was lost comes in with this, once, and all have read the same again. */
function intendWelcome(core: Core, id: Uint8Array): void {
  const isIntended = intentsOf(core, id).some(({ change }) => change.kind === 'rotate' && change.welcome);
  if (!isIntended) intend(core, id, { kind: 'rotate', welcome: true });
}

interface Step {
  readonly bytes: Uint8Array;
  /** To the epoch that the link stands in, and to the one that it opens, where it opens one. */
  readonly way: PastEpochRecord;
  readonly next?: PastEpochRecord;
}

/** @returns nothing where the way to an epoch in between is not known. */
function planOf(
  group: Group,
  ways: readonly PastEpochRecord[],
  from: number,
  missing: readonly Uint8Array[],
): readonly Step[] | undefined {
  const steps: Step[] = [];
  let epoch = from;
  for (const bytes of missing) {
    const opened = group.epochLinks[epoch + 1];
    const isOpening = opened !== undefined && equalBytes(readLink(bytes).hash, opened);
    const way = wayTo(ways, epoch);
    const next = isOpening ? wayTo(ways, epoch + 1) : undefined;
    if (!way || (isOpening && !next)) return undefined;
    steps.push({ bytes, way, ...(next && { next }) });
    if (isOpening) epoch++;
  }
  return steps;
}

function wayTo(ways: readonly PastEpochRecord[], epoch: number): PastEpochRecord | undefined {
  return ways.find((way) => way.epoch === epoch);
}

function nameOf(group: Group, epoch: number): EpochName {
  return { group: group.group, epoch, link: group.epochLinks[epoch]! };
}

/** @returns nothing where the relay's log goes on otherwise than ours. */
async function find(
  relay: Relay,
  record: GroupRecord,
  group: Group,
  ways: readonly PastEpochRecord[],
  signal: AbortSignal,
): Promise<Standing | undefined> {
  for (const way of ways.toReversed()) {
    try {
      const { epoch, place, links } = await relay.groupWelcome(record.id, { access: way.access }, signal);
      if (epoch !== way.epoch) return undefined;
      return await readOn(relay, record, group, way, { place, links }, signal);
    } catch (error) {
      if (hasCode(error, 'ERR_GROUP_UNKNOWN')) return beginAgain(relay, group, ways, signal);
      if (!hasCode(error, 'ERR_ACCESS_INVALID')) throw error;
    }
  }
  return undefined;
}

/** The relay does not know the group at all: it begins with what it had at first, but for the welcome. */
async function beginAgain(
  relay: Relay,
  { group: id }: Group,
  ways: readonly PastEpochRecord[],
  signal: AbortSignal,
): Promise<Standing | undefined> {
  const first = wayTo(ways, 0);
  if (!first) return undefined;
  const accessHash = accessHashOf(first.access);
  await relay.createGroup({ id, accessHash, welcome: new Uint8Array() }, signal);
  return { epoch: 0, links: 0, linksRead: 0, seq: 0 };
}

async function readOn(
  relay: Relay,
  record: GroupRecord,
  group: Group,
  way: PastEpochRecord,
  from: { readonly place: number; readonly links: number },
  signal: AbortSignal,
): Promise<Standing | undefined> {
  let { place: after, links } = from;
  let linksRead = links;
  let seq = seqOf(group, group.epochLinks[way.epoch]!);
  if (seq === undefined) return undefined;
  for (let reads = 0; reads < maxReads; reads++) {
    const asked = { id: record.id, access: way.access, after };
    const [events] = await relay.groupEvents([asked], 0, signal);
    for (const entry of events?.entries ?? []) {
      // The log goes on otherwise than ours, or in no order.
      if (entry.opens || entry.place <= after) return undefined;
      after = entry.place;
      if (!entry.link) continue;
      links++;
      if (entry.place <= record.place) linksRead++;
      seq = Math.max(seq, linkAt(entry, group, way) ?? 0);
    }
    if (!events?.more || events.entries.length === 0) break;
  }
  return { epoch: way.epoch, links, linksRead, seq };
}

/** Which of our links the entry holds. */
function linkAt({ entry }: GroupEntry, group: Group, way: PastEpochRecord): number | undefined {
  try {
    return seqOf(group, readLink(openLink(parseEntry(entry).body, way, nameOf(group, way.epoch))).hash);
  } catch (error) {
    if (hasCode(error)) return undefined;
    throw error;
  }
}
