/**
 * Sessions with other devices: which of two is used, what a new one replaces (protocol §6.4), and how one is begun.
 */
import { compareBytes, equalBytes } from '../bytes/index.ts';
import { decodeCbor, encodeCbor } from '../cbor/index.ts';
import { CodedError } from '../errors/index.ts';
import { accountId, activeDevice, deviceId, type DeviceId, type VerifiedBundle } from '../identity/index.ts';
import { decodeRatchet, encodeRatchet, startAsInitiator, type RatchetState } from '../ratchet/index.ts';
import { handshakeSchema, initiate, maxRound, type Handshake } from '../x3dh/index.ts';
import { announceConversation } from './conversations.ts';
import type { Core } from './core.ts';
import {
  outgoing,
  outgoingScope,
  sessions,
  sessionScope,
  type ContactRecord,
  type SessionRecord,
} from './records.ts';

/** Of two devices; a third session puts the least preferred out. */
const sessionsPerPair = 2;
/** Messages that are sealed again at the most when a session is replaced. */
const maxResealed = 10_000;

/** The sessions with one device, the one that sends first. */
export function sessionsWith(core: Core, account: Uint8Array, device: Uint8Array): SessionRecord[] {
  return core.vault.list(sessions, { scope: sessionScope(account, device), limit: 8 }).sort(byPreference);
}

/** The higher round sends; of equal rounds, the lower handshake hash. */
function byPreference(a: SessionRecord, b: SessionRecord): number {
  return b.round - a.round || compareBytes(a.id, b.id);
}

/** States are immutable values: what a record was decoded to holds for as long as the record does. */
const decoded = new WeakMap<Uint8Array, RatchetState>();

export function ratchetOf({ ratchet }: SessionRecord): RatchetState {
  let state = decoded.get(ratchet);
  if (!state) decoded.set(ratchet, (state = decodeRatchet(ratchet)));
  return state;
}

export function withRatchet(session: SessionRecord, ratchet: RatchetState): SessionRecord {
  return { ...session, ratchet: encodeRatchet(ratchet) };
}

/**
 * Stores a session that was just begun. Where it replaces one of a lower round, what was sealed in that one and not
 * confirmed is to be sealed again; and so it is for a device that is new, because the one before it may be gone.
 */
export function addSession(core: Core, session: SessionRecord, conversation: Uint8Array): void {
  const before = sessionsWith(core, session.account, session.device);
  core.vault.put(sessions, session);
  const after = [...before, session].sort(byPreference);
  for (const { id } of after.slice(sessionsPerPair)) core.vault.delete(sessions, id);
  if (before.every(({ round }) => round < session.round)) resealFor(core, conversation, session.device);
}

/** Everything unconfirmed of the conversation is sealed anew for `device`. */
export function resealFor(core: Core, conversation: Uint8Array, device: Uint8Array): void {
  for (const waiting of [true, false]) {
    for (const entry of core.vault.list(outgoing, {
      scope: outgoingScope(conversation, waiting),
      limit: maxResealed,
    })) {
      const sealedIn = entry.sealedIn.filter((one) => !equalBytes(one.device, device));
      if (waiting && sealedIn.length === entry.sealedIn.length) continue;
      core.vault.put(outgoing, { ...entry, sealedIn, waiting: true });
    }
  }
  announceConversation(core, conversation);
}

/** The handshake that an initiator repeats until the peer has answered. */
export function openingHandshake(opening: NonNullable<SessionRecord['opening']>): Handshake {
  return decodeCbor(handshakeSchema, opening.handshake, 4096);
}

/** Begins a session with a device whose bundle was verified. */
export function beginSession(
  core: Core,
  contact: ContactRecord,
  device: DeviceId,
  bundle: VerifiedBundle,
): SessionRecord {
  const account = core.requireAccount();
  const keys = activeDevice(core.identityOf(contact), device)?.keys;
  if (!keys) throw new CodedError('ERR_BUNDLE_INVALID', 'not an active device');
  const highest = sessionsWith(core, contact.account, device)[0]?.round;
  // A peer may have named the last round there is; then the handshake hashes decide.
  const round = highest === undefined ? 0 : Math.min(highest + 1, maxRound);
  const begun = initiate({
    ours: { accountId: core.identityOf(account).accountId, device: core.deviceOf(account) },
    theirs: { accountId: accountId(contact.account), deviceId: deviceId(device), keys, bundle },
    round,
    randomness: core.randomness,
  });
  const ratchet = startAsInitiator({ ...begun, randomness: core.randomness });
  return {
    id: begun.handshakeHash,
    account: contact.account,
    device,
    round,
    ratchet: encodeRatchet(ratchet),
    opening: {
      handshake: encodeCbor({ ...begun.handshake }),
      sealingKey: { id: bundle.sealingKey.id, key: bundle.sealingKey.key },
    },
    usedAt: core.clock.now(),
  };
}
