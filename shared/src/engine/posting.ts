/** From the outbox to the relay: in order, in batches, again and again until the relay has answered for each. */
import { equalBytes, toHex } from '../bytes/index.ts';
import { hasCode } from '../errors/index.ts';
import { activeDevice } from '../identity/index.ts';
import { limits } from '../wire/index.ts';
import { mustGet, refreshContact } from './contacts.ts';
import { advanceMessage, failMessage } from './conversations.ts';
import type { Core } from './core.ts';
import { contacts, messageKey, outbox, type ContactRecord, type OutboxRecord } from './records.ts';
import { type DeliveryRight, type RelayClient, RelayError } from './relay-client.ts';
import { resealFor } from './sessions.ts';
import type { RankPlace } from './vault/index.ts';

/** Envelopes that are looked at in one round. */
const envelopesPerRound = 256;
/** What is held for full mailboxes is passed over up to here; nothing more is sealed for those (see the outbox). */
const maxPages = 400;
/** One request stays well below what the relay takes. */
const maxBatchBytes = limits.requestBytes / 2;

/** What came of a batch for one device; `held` asks to leave that contact alone for a while. */
export type PostOutcome = 'posted' | 'again' | 'held';

export interface Batch {
  readonly account: Uint8Array;
  readonly device: Uint8Array;
  readonly envelopes: readonly OutboxRecord[];
}

/** The next envelopes in the outbox, by device, in order. What is held for some does not stand before the others. */
export function nextBatches(core: Core, isHeld: (account: Uint8Array) => boolean): Batch[] {
  const byDevice = new Map<
    string,
    { account: Uint8Array; device: Uint8Array; envelopes: OutboxRecord[]; bytes: number }
  >();
  for (const record of nextEnvelopes(core, isHeld)) {
    const key = toHex(record.device);
    let batch = byDevice.get(key);
    if (!batch)
      byDevice.set(
        key,
        (batch = { account: record.account, device: record.device, envelopes: [], bytes: 0 }),
      );
    if (batch.envelopes.length === limits.envelopesPerBatch || batch.bytes > maxBatchBytes) continue;
    batch.envelopes.push(record);
    batch.bytes += record.envelope.length;
  }
  return [...byDevice.values()];
}

function nextEnvelopes(core: Core, isHeld: (account: Uint8Array) => boolean): OutboxRecord[] {
  const found: OutboxRecord[] = [];
  let after: RankPlace | undefined;
  for (let page = 0; page < maxPages && found.length < envelopesPerRound; page++) {
    const records = core.vault.list(outbox, { limit: envelopesPerRound, ...(after && { after }) });
    found.push(...records.filter(({ account }) => !isHeld(account)));
    const last = records[records.length - 1];
    if (!last || records.length < envelopesPerRound) break;
    after = { rank: last.order, tie: last.id };
  }
  return found;
}

/** @throws CodedError when the relay cannot be reached, or asks to wait. */
export async function post(
  core: Core,
  relay: RelayClient,
  batch: Batch,
  signal: AbortSignal,
): Promise<PostOutcome> {
  const right = rightFor(mustGet(core, batch.account), batch.device);
  try {
    const sent = batch.envelopes.map(({ id, envelope }) => ({ id, envelope }));
    const { results } = await relay.deliver(batch.device, sent, right, signal);
    return core.transaction(() => settle(core, batch, results));
  } catch (error) {
    if (hasCode(error, 'ERR_CAPABILITY_INVALID') && right !== 'session') {
      forgetCapability(core, batch);
      return 'again';
    }
    if (hasCode(error, 'ERR_MAILBOX_UNKNOWN')) return deviceGone(core, relay, batch);
    if (isTooLarge(error)) return postSmaller(core, relay, batch, signal);
    throw error;
  }
}

/** The relay says it, or whatever stands before the relay, in a form of its own. */
function isTooLarge(error: unknown): boolean {
  if (hasCode(error, 'ERR_TOO_LARGE', 'ERR_REQUEST_INVALID')) return true;
  return error instanceof RelayError && error.status === 413;
}

/** Half of it, down to the one envelope that is refused by itself: that one is given up. */
async function postSmaller(
  core: Core,
  relay: RelayClient,
  batch: Batch,
  signal: AbortSignal,
): Promise<PostOutcome> {
  const [first, ...others] = batch.envelopes;
  if (first && others.length === 0) {
    core.transaction(() => {
      drop(core, first, 'ERR_TOO_LARGE');
    });
    return 'posted';
  }
  const half = batch.envelopes.slice(0, Math.ceil(batch.envelopes.length / 2));
  return post(core, relay, { ...batch, envelopes: half }, signal);
}

export function rightFor(contact: ContactRecord, device: Uint8Array): DeliveryRight {
  const known = contact.capabilities.find((one) => equalBytes(one.device, device));
  return known ? { capability: known.capability } : 'session';
}

function settle(core: Core, batch: Batch, results: readonly string[]): PostOutcome {
  const there = batch.envelopes.filter((_, i) => results[i] === 'stored' || results[i] === 'duplicate');
  for (const { id, conversation, message } of there) {
    core.vault.delete(outbox, id);
    if (message && core.vault.count(outbox, messageKey(conversation, message)) === 0) {
      advanceMessage(core, conversation, message, 'sent');
    }
  }
  return there.length === batch.envelopes.length ? 'posted' : 'held';
}

function forgetCapability(core: Core, { account, device }: Batch): void {
  core.transaction(() => {
    const contact = mustGet(core, account);
    const capabilities = contact.capabilities.filter((one) => !equalBytes(one.device, device));
    core.vault.put(contacts, { ...contact, capabilities });
  });
}

/** The log says whether the device was revoked: then its envelopes go, and what they held is sealed for the others. */
async function deviceGone(
  core: Core,
  relay: RelayClient,
  { account, device, envelopes }: Batch,
): Promise<PostOutcome> {
  const contact = await refreshContact(core, relay, account);
  if (activeDevice(core.identityOf(contact), device)) return 'held';
  core.transaction(() => {
    for (const { id, conversation } of envelopes) {
      core.vault.delete(outbox, id);
      resealFor(core, conversation, device);
    }
  });
  return 'again';
}

function drop(core: Core, { id, conversation, message }: OutboxRecord, code: string): void {
  core.vault.delete(outbox, id);
  if (message) failMessage(core, conversation, message, code);
}
