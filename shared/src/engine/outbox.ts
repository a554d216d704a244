/**
 * The way out: brings contacts up to date, begins sessions, seals what waits, posts what is sealed. What cannot go
 * on for one contact is tried again later and holds nobody else up.
 */
import { fromHex, toHex } from '../bytes/index.ts';
import { hasCode } from '../errors/index.ts';
import { type DeviceId, type VerifiedBundle, verifyBundle } from '../identity/index.ts';
import { checkName, hasLastingTrouble, mustGet, refreshContact, setTrouble } from './contacts.ts';
import { announceConversation, contactOf, failMessage, maxConversations } from './conversations.ts';
import type { Core } from './core.ts';
import { type Batch, nextBatches, post, type PostOutcome } from './posting.ts';
import {
  contacts,
  conversations,
  outgoing,
  outgoingScope,
  type ContactRecord,
  type ConversationRecord,
} from './records.ts';
import { Holds } from './holds.ts';
import { type BundleResponse, type RelayClient, RelayError } from './relay-client.ts';
import { needsSealing, sealConversation } from './sealing.ts';
import { addSession, beginSession, sessionsWith } from './sessions.ts';

/** Rounds of sealing and posting in one run. What is left waits for the next run. */
const maxRounds = 1_000;

type DirectRecord = ConversationRecord & { readonly peer: Uint8Array };

export class Outbox {
  readonly #core: Core;
  readonly #relay: RelayClient;
  /** Contacts, by their accounts in hexadecimal. */
  readonly #holds: Holds;
  /** Contacts whose mailboxes took nothing the last time. */
  readonly #full = new Set<string>();
  /** Conversations in which something may wait, in hexadecimal. */
  readonly #dirty = new Set<string>();

  constructor(core: Core, relay: RelayClient) {
    this.#core = core;
    this.#relay = relay;
    this.#holds = new Holds(core);
    for (const { id, peer } of core.vault.list(conversations, { limit: maxConversations }))
      if (peer) this.#dirty.add(toHex(id));
  }

  /** Something may wait to be sealed in this conversation. */
  touch(conversation: Uint8Array): void {
    this.#dirty.add(toHex(conversation));
  }

  /** Whether what is for this account waits for a better time. */
  isHeld(account: Uint8Array): boolean {
    const key = toHex(account);
    return this.#holds.isHeld(key) || this.#full.has(key);
  }

  /** Everything that was held back is tried again at once. */
  release(): void {
    this.#holds.releaseAll();
  }

  /**
   * Does what can be done now.
   * @returns after how many milliseconds something that was held is to be tried again.
   * @throws CodedError when the relay cannot be reached or asks to wait: nothing goes, for nobody.
   */
  async run(signal: AbortSignal): Promise<number | undefined> {
    for (let round = 0; round < maxRounds && !signal.aborted; round++) {
      await this.#seal(signal);
      if (!(await this.#post(signal)) && this.#dirtyNow().length === 0) break;
    }
    return this.#holds.nextMs();
  }

  #dirtyNow(): string[] {
    return [...this.#dirty].filter((key) => {
      const conversation = this.#core.vault.get(conversations, fromHex(key));
      if (conversation?.peer === undefined) return false;
      // Who takes nothing at present gets nothing more sealed: it would only pile up.
      return !this.isHeld(conversation.peer);
    });
  }

  async #seal(signal: AbortSignal): Promise<void> {
    for (const key of this.#dirtyNow()) {
      if (signal.aborted) return;
      this.#dirty.delete(key);
      const conversation = this.#core.vault.get(conversations, fromHex(key));
      if (!isDirect(conversation)) continue;
      if (conversation.status === 'request' && !contactOf(this.#core, conversation).nameChecked) {
        await this.#guard(conversation, key, () =>
          checkName(this.#core, this.#relay, contactOf(this.#core, conversation)),
        );
      }
      if (!needsSealing(this.#core, conversation)) continue;
      await this.#guard(conversation, key, async () => {
        if (!(await this.#prepare(conversation, signal))) return;
        // While the relay was asked, the contact's log may have named one more device.
        const lacking = devicesToBegin(this.#core, contactOf(this.#core, conversation));
        if (lacking.length > 0 || sealConversation(this.#core, conversation.id)) this.#dirty.add(key);
      });
    }
  }

  /** Keeps a failure that concerns one contact from stopping the others. */
  async #guard(conversation: DirectRecord, key: string, work: () => Promise<void>): Promise<void> {
    const peer = toHex(conversation.peer);
    const before = this.#holds.untilOf(peer);
    try {
      await work();
      // One that was set meanwhile stands.
      if (this.#holds.untilOf(peer) === before) this.#holds.release(peer);
    } catch (error) {
      if (!isAboutContact(error)) {
        this.#dirty.add(key);
        throw error;
      }
      if (hasCode(error, 'ERR_ACCOUNT_UNKNOWN')) {
        this.#failWaiting(conversation);
        return;
      }
      this.#dirty.add(key);
      this.#holds.hold(peer);
      this.#setTrouble(conversation, error.code);
    }
  }

  /** @returns whether everything is there to seal for each active device of the contact. */
  async #prepare(conversation: DirectRecord, signal: AbortSignal): Promise<boolean> {
    const core = this.#core;
    let contact = contactOf(core, conversation);
    if (!contact.nameChecked) {
      await checkName(core, this.#relay, contact);
      announceConversation(core, conversation.id);
      contact = mustGet(core, contact.account);
    }
    if (hasLastingTrouble(contact)) return false;
    if (contact.missingHead) {
      contact = await refreshContact(core, this.#relay, contact.account);
      if (contact.missingHead) {
        this.#holds.hold(toHex(contact.account));
        this.#dirty.add(toHex(conversation.id));
        this.#setTrouble(conversation, 'ERR_LOG_WITHHELD');
        return false;
      }
    }
    await this.#beginMissing(conversation, contact, signal);
    if (mustGet(core, contact.account).trouble) this.#setTrouble(conversation, undefined);
    return true;
  }

  async #beginMissing(
    conversation: DirectRecord,
    contact: ContactRecord,
    signal: AbortSignal,
  ): Promise<void> {
    const core = this.#core;
    const lacking = devicesToBegin(core, contact);
    if (lacking.length === 0) return;
    const bundles = await this.#claim(contact, signal);
    let present = contact;
    for (const device of lacking) {
      const bundle = bundles.find(({ deviceId }) => toHex(deviceId) === toHex(device));
      if (!bundle) throw new RelayError('ERR_NO_PREKEYS', 404);
      const verified = await this.#verify(present, device, bundle);
      present = mustGet(core, contact.account);
      core.transaction(() => {
        addSession(core, beginSession(core, present, device, verified), conversation.id);
      });
    }
    if (!present.renewalDue) return;
    core.transaction(() => {
      const { renewalDue: _, ...renewed } = mustGet(core, contact.account);
      core.vault.put(contacts, renewed);
    });
  }

  /** How often somebody's keys are given out is limited for each of them: that stops nobody else's messages. */
  async #claim({ account }: ContactRecord, signal: AbortSignal): Promise<readonly BundleResponse[]> {
    try {
      return (await this.#relay.claimBundles(account, signal)).bundles;
    } catch (error) {
      if (hasCode(error, 'ERR_RATE_LIMITED')) throw new RelayError('ERR_BUNDLES_LIMITED', 429);
      throw error;
    }
  }

  async #verify(contact: ContactRecord, device: DeviceId, response: BundleResponse): Promise<VerifiedBundle> {
    const core = this.#core;
    const { deviceId: _, ...bundle } = response;
    const first = verifyBundle(bundle, core.identityOf(contact), device, core.clock.now());
    if (first.kind === 'verified') return first.bundle;
    const later = await refreshContact(core, this.#relay, contact.account);
    const second = verifyBundle(bundle, core.identityOf(later), device, core.clock.now());
    if (second.kind === 'verified') return second.bundle;
    throw new RelayError('ERR_LOG_WITHHELD', 409);
  }

  /** @returns whether anything was posted. */
  async #post(signal: AbortSignal): Promise<boolean> {
    let progress = false;
    for (const batch of nextBatches(this.#core, (account) => this.#holds.isHeld(toHex(account)))) {
      if (signal.aborted) return false;
      if (this.#holds.isHeld(toHex(batch.account))) continue;
      const outcome = await this.#postBatch(batch, signal);
      if (outcome === 'held') {
        this.#full.add(toHex(batch.account));
        this.#holds.hold(toHex(batch.account));
        continue;
      }
      this.#full.delete(toHex(batch.account));
      this.#holds.release(toHex(batch.account));
      progress = true;
      if (outcome === 'again') for (const { conversation } of batch.envelopes) this.touch(conversation);
    }
    return progress;
  }

  async #postBatch(batch: Batch, signal: AbortSignal): Promise<PostOutcome> {
    try {
      return await post(this.#core, this.#relay, batch, signal);
    } catch (error) {
      if (isAboutContact(error)) return 'held';
      throw error;
    }
  }

  #failWaiting(conversation: DirectRecord): void {
    const core = this.#core;
    core.transaction(() => {
      for (const { id } of core.vault.list(outgoing, {
        scope: outgoingScope(conversation.id, true),
        limit: 1_000,
      })) {
        failMessage(core, conversation.id, id, 'ERR_ACCOUNT_UNKNOWN');
      }
    });
  }

  #setTrouble(conversation: DirectRecord, trouble: string | undefined): void {
    setTrouble(this.#core, conversation.peer, trouble);
    announceConversation(this.#core, conversation.id);
  }
}

function isDirect(conversation: ConversationRecord | undefined): conversation is DirectRecord {
  return conversation?.peer !== undefined;
}

/** Devices without a session; all of them where sessions are to be renewed. */
function devicesToBegin(core: Core, contact: ContactRecord): DeviceId[] {
  const devices = core.identityOf(contact).devices.map(({ id }) => id);
  if (contact.renewalDue) return devices;
  return devices.filter((device) => sessionsWith(core, contact.account, device).length === 0);
}

/** What the relay says of one account, or what is wrong with what it serves for it, concerns nobody else. */
function isAboutContact(error: unknown): error is { readonly code: string } {
  return hasCode(
    error,
    'ERR_ACCOUNT_UNKNOWN',
    'ERR_NO_PREKEYS',
    'ERR_BUNDLES_LIMITED',
    'ERR_BUNDLE_INVALID',
    'ERR_BUNDLE_EXPIRED',
    'ERR_LOG_FORK',
    'ERR_LOG_INVALID',
    'ERR_LOG_WITHHELD',
    'ERR_NEWER_VERSION',
    'ERR_CRYPTO_KEY',
    'ERR_FORMAT',
  );
}
