/**
 * From envelopes to contents (protocol §5 to §8). What is returned has changed nothing but what it says: the session
 * moved on, one-time keys were spent. An envelope that cannot be opened leaves every session as it was.
 */
import { equalBytes } from '../bytes/index.ts';
import { CodedError, hasCode } from '../errors/index.ts';
import { accountId, accountIdOfLog, activeDevice, type Device, verifyIdentity } from '../identity/index.ts';
import {
  decrypt,
  encodeRatchet,
  matchesHeader,
  startAsResponder,
  type RatchetState,
} from '../ratchet/index.ts';
import { parseContent, type Content, type Envelope } from '../wire/index.ts';
import {
  handshakeHashOf,
  openFirstMessage,
  parseFirstMessage,
  respond,
  type FirstMessage,
  type Handshake,
  type HandshakePrekeys,
} from '../x3dh/index.ts';
import { directConversationId, mayRequest } from './conversations.ts';
import { learnLinks, newContact, setTrouble } from './contacts.ts';
import type { Core } from './core.ts';
import {
  contacts,
  handshakes,
  prekeyKey,
  prekeys,
  sessions,
  type AccountRecord,
  type ContactRecord,
  type SessionRecord,
} from './records.ts';
import { addSession, ratchetOf, withRatchet } from './sessions.ts';
import type { UnreadableReason } from './unreadable.ts';

/** Sessions that are tried for one envelope, those used last first. */
const maxTried = 1_000;

export type Opened =
  | {
      readonly kind: 'content';
      readonly from: ContactRecord;
      readonly device: Uint8Array;
      readonly content: Content;
      /** It is the peer's first word in a session that one of us began in place of another. */
      readonly renewed: boolean;
    }
  /** Or dropped unseen: there are as many requests as there may be. */
  | { readonly kind: 'duplicate' }
  /** `from` is known where a session or a verified log says whose it is. */
  | { readonly kind: 'unreadable'; readonly reason: UnreadableReason; readonly from?: ContactRecord };

/** Must run in a transaction. */
export function openEnvelope(core: Core, { kind, body }: Envelope): Opened {
  switch (kind) {
    case 'message':
      return openMessage(core, body);
    case 'handshake':
      return openHandshake(core, body);
    case 'ephemeral':
      return { kind: 'unreadable', reason: 'malformed' };
  }
}

function openMessage(core: Core, body: Uint8Array): Opened {
  for (const session of core.vault.list(sessions, { descending: true, limit: maxTried })) {
    const ratchet = ratchetOf(session);
    if (matchesHeader(ratchet, body)) return openInSession(core, session, ratchet, body);
  }
  return { kind: 'unreadable', reason: 'no-session' };
}

function openInSession(
  core: Core,
  session: SessionRecord,
  ratchet: RatchetState,
  message: Uint8Array,
): Opened {
  const from = core.vault.get(contacts, session.account);
  if (!from) throw new TypeError('a session without a contact');
  try {
    const result = decrypt(ratchet, message, { randomness: core.randomness, nowMs: core.clock.now() });
    // A handshake that comes again in a session that has turned since: its message was opened before.
    if (result.kind !== 'opened') return { kind: 'duplicate' };
    const { opening, ...answered } = withRatchet(session, result.state);
    // Strangers' sessions stay behind those in which we have said something, however much they write.
    const usedAt = session.usedAt === 0 ? 0 : core.clock.now();
    core.vault.put(sessions, { ...answered, usedAt });
    return readContent(from, session.device, result.content, opening !== undefined && session.round > 0);
  } catch (error) {
    return { kind: 'unreadable', reason: reasonOf(error), from };
  }
}

function readContent(from: ContactRecord, device: Uint8Array, bytes: Uint8Array, renewed: boolean): Opened {
  try {
    return { kind: 'content', from, device, content: parseContent(bytes), renewed };
  } catch (error) {
    return { kind: 'unreadable', reason: reasonOf(error), from };
  }
}

function reasonOf(error: unknown): UnreadableReason {
  if (hasCode(error, 'ERR_CRYPTO_OPEN', 'ERR_CRYPTO_KEY')) return 'tampered';
  if (hasCode(error, 'ERR_TOO_MANY_SKIPPED')) return 'too-many-skipped';
  if (hasCode(error, 'ERR_PREKEY_UNKNOWN')) return 'prekey-gone';
  if (hasCode(error, 'ERR_NEWER_VERSION')) return 'newer-version';
  // Our own storage is not the envelope's fault.
  if (hasCode(error, 'ERR_FORMAT', 'ERR_LOG_INVALID', 'ERR_LOG_FORK')) return 'malformed';
  throw error;
}

function openHandshake(core: Core, body: Uint8Array): Opened {
  let first: FirstMessage;
  let sender: Sender;
  try {
    first = openSealed(core, body);
    sender = identifySender(core, first);
  } catch (error) {
    return { kind: 'unreadable', reason: reasonOf(error) };
  }
  try {
    return answerHandshake(core, sender, first);
  } catch (error) {
    return { kind: 'unreadable', reason: reasonOf(error), ...(sender.known && { from: sender.contact }) };
  }
}

function openSealed(core: Core, body: Uint8Array): FirstMessage {
  const sealingKey = core.vault.get(prekeys, prekeyKey(parseFirstMessage(body).sealingKeyId))?.prekey;
  if (sealingKey?.kind !== 'sealing')
    throw new CodedError('ERR_PREKEY_UNKNOWN', 'no such sealing key is held');
  const account = core.requireAccount();
  return openFirstMessage({
    body,
    accountId: core.identityOf(account).accountId,
    deviceId: core.deviceIdOf(account),
    sealingKey: { ...sealingKey, kind: sealingKey.kind },
  });
}

interface Sender {
  readonly contact: ContactRecord;
  readonly device: Device;
  /** Somebody new is stored only once a message of theirs has opened: anybody can seal a first message. */
  readonly known: boolean;
}

/** Verifies the log that came with a handshake, and stores what it says of a known contact that is new. */
function identifySender(core: Core, first: FirstMessage): Sender {
  const account = core.requireAccount();
  const id = accountIdOfLog(first.log);
  if (equalBytes(id, core.identityOf(account).accountId))
    throw new CodedError('ERR_FORMAT', 'a message to oneself');
  const known = core.vault.get(contacts, id);
  const contact = known ? extendKnown(core, known, first) : meetStranger(account, first);
  const device = activeDevice(core.identityOf(contact), first.device);
  if (!device) throw new CodedError('ERR_FORMAT', 'not an active device');
  return { contact, device, known: known !== undefined };
}

function extendKnown(core: Core, known: ContactRecord, first: FirstMessage): ContactRecord {
  try {
    return learnLinks(core, known, first.log);
  } catch (error) {
    if (hasCode(error, 'ERR_LOG_FORK')) setTrouble(core, known.account, 'ERR_LOG_FORK');
    throw error;
  }
}

function meetStranger(account: AccountRecord, first: FirstMessage): ContactRecord {
  const identity = verifyIdentity(first.log);
  if (identity.relay !== account.relay) throw new CodedError('ERR_FORMAT', 'an account of another relay');
  return newContact(identity, { verified: false, nameChecked: false });
}

function answerHandshake(core: Core, { contact, device, known }: Sender, first: FirstMessage): Opened {
  const hash = handshakeHashOf(
    { accountId: accountId(contact.account), deviceId: first.device },
    first.handshake,
  );
  const session = core.vault.get(sessions, hash);
  if (session) return openInSession(core, session, ratchetOf(session), first.message);
  if (core.vault.get(handshakes, hash)) return { kind: 'duplicate' };
  // Before anything is computed or kept: accounts cost their relay nothing.
  if (!known && !mayRequest(core)) return { kind: 'duplicate' };
  const account = core.requireAccount();
  const ours = core.identityOf(account).accountId;
  const { handshake } = first;
  const held = heldPrekeys(core, handshake);
  const begun = respond({
    ours: { accountId: ours, device: core.deviceOf(account) },
    theirs: { accountId: accountId(contact.account), keys: device.keys },
    prekeys: held,
    handshake,
  });
  const result = decrypt(startAsResponder({ ...begun, signedPrekey: held.signedPrekey }), first.message, {
    randomness: core.randomness,
    nowMs: core.clock.now(),
  });
  if (result.kind !== 'opened') throw new CodedError('ERR_CRYPTO_OPEN', 'the first message does not open');
  const opened = readContent(contact, first.device, result.content, handshake.round > 0);
  const conversation = directConversationId(ours, contact.account);
  if (!known) {
    // A stranger is kept with a message that can be shown, or not at all.
    if (opened.kind !== 'content') return { kind: 'unreadable', reason: 'malformed' };
    if (!isMessage(opened.content, conversation)) return { kind: 'duplicate' };
    core.vault.put(contacts, contact);
  }
  const begunSession: SessionRecord = {
    id: begun.handshakeHash,
    account: contact.account,
    device: first.device,
    round: handshake.round,
    ratchet: encodeRatchet(result.state),
    // Nothing but handshakes can come in it until we have said something, so it is tried last.
    usedAt: 0,
  };
  addSession(core, begunSession, conversation);
  core.vault.put(handshakes, { hash, signedPrekey: held.signedPrekey.id });
  if (held.oneTimePrekey) core.vault.delete(prekeys, prekeyKey(held.oneTimePrekey.id));
  if (held.kem.kind === 'one-time-kem') core.vault.delete(prekeys, prekeyKey(held.kem.id));
  core.notePrekeySpent();
  return opened;
}

/** What somebody unknown may begin with: something to be shown, or a place in a group. */
function isMessage({ kind, conversation, body }: Content, expected: Uint8Array): boolean {
  const begins = kind === 'text' || kind === 'code' || (kind === 'group' && 'secret' in body);
  return begins && equalBytes(conversation, expected);
}

/** @throws CodedError `ERR_PREKEY_UNKNOWN` for an id that is not held, or is another kind of key. */
function heldPrekeys(core: Core, { signedPrekeyId, oneTimePrekeyId, kemId }: Handshake): HandshakePrekeys {
  const find = (id: number) => core.vault.get(prekeys, prekeyKey(id))?.prekey;
  const unknown = () => new CodedError('ERR_PREKEY_UNKNOWN', 'no such prekey is held');
  const signedPrekey = find(signedPrekeyId);
  const kem = find(kemId);
  if (signedPrekey?.kind !== 'signed') throw unknown();
  if (kem?.kind !== 'last-resort-kem' && kem?.kind !== 'one-time-kem') throw unknown();
  const held = { signedPrekey: { ...signedPrekey, kind: signedPrekey.kind }, kem };
  if (oneTimePrekeyId === undefined) return held;
  const oneTimePrekey = find(oneTimePrekeyId);
  if (oneTimePrekey?.kind !== 'one-time') throw unknown();
  return { ...held, oneTimePrekey: { ...oneTimePrekey, kind: oneTimePrekey.kind } };
}
