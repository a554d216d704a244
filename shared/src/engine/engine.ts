/**
 * The engine: one account, its vault, and the two loops that keep it in step with the relay. Commands change the
 * vault at once and wake the loops; what they bring about is told as changes.
 */
import { equalBytes } from '../bytes/index.ts';
import { CodedError } from '../errors/index.ts';
import { type AccountId, accountId, formatAddress, parseAddress, safetyNumber } from '../identity/index.ts';
import type { Randomness } from '../primitives/index.ts';
import {
  contactOf,
  countUnread,
  conversationWith,
  findConversation,
  findMessage,
  listConversations,
  addOwnMessage,
  beginConversation,
  comparePlaces,
  removeMessage,
  saveConversation,
  saveMessage,
  show,
  summarise,
} from './conversations.ts';
import { markRead, oweReceipts, page } from './read-marks.ts';
import { queue } from './outgoing.ts';
import { lookUp, newContact } from './contacts.ts';
import { Core } from './core.ts';
import { keptDraft, parseDraft } from './drafts.ts';
import { Groups, refuseGroup, requireMembership } from './groups/index.ts';
import { Online } from './online.ts';
import type { Clock } from '../clock/index.ts';
import type { Transport } from './ports.ts';
import { contacts, messages, type AccountRecord, type ContactRecord, type MessageRecord } from './records.ts';
import {
  askAbout,
  beginRegistration,
  finishRegistration,
  recoverAccount,
  type Registration,
} from './registration.ts';
import { RelayClient } from './relay-client.ts';
import type {
  AccountSummary,
  Connection,
  ConversationKey,
  ConversationSummary,
  Draft,
  EngineChange,
  EngineState,
  GroupCommands,
  MessageKey,
  MessagePage,
  MessageView,
  Place,
  RelayAbout,
} from './types.ts';
import { upgradeRecords } from './upgrade.ts';
import type { Vault } from './vault/index.ts';

export interface EngineOptions {
  readonly vault: Vault;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly randomness: Randomness;
}

/** Messages in one page at the most. */
const maxPage = 200;
/** Contacts that are looked through for a name. */
const maxContacts = 5_000;
/** Messages of a request that are confirmed when it is accepted; no request holds more. */
const maxConfirmed = 100;
/** Typing is told again at the earliest after this. */
const typingEveryMs = 3_000;

export class Engine {
  readonly groups: GroupCommands;
  readonly #core: Core;
  readonly #transport: Transport;
  #connection: Connection = { state: 'idle' };
  #online: Online | undefined;
  /** How many want an account, and the end of the last of them. */
  #settling = 0;
  #settled: Promise<void> = Promise.resolve();
  #stopped = false;
  #typing:
    { readonly conversation: ConversationKey; readonly typing: boolean; readonly at: number } | undefined;

  constructor({ vault, transport, clock, randomness }: EngineOptions) {
    this.#core = new Core(vault, clock, randomness);
    this.#transport = transport;
    upgradeRecords(this.#core);
    this.groups = new Groups(
      this.#core,
      () => this.#relayOf(this.#core.requireAccount()),
      (address) => this.#find(address),
    );
  }

  /** Begins to keep in step with the relay, if there is an account that it may know. */
  start(): void {
    if (this.#core.account && !this.#online && this.#settling === 0) this.#goOnline();
  }

  /** Finishes what is being stored and closes the vault. The engine cannot be used any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    try {
      await this.#online?.stop();
    } finally {
      this.#online = undefined;
      this.#core.vault.close();
    }
  }

  state(): EngineState {
    const account = this.#core.account;
    if (account?.stage !== 'ready') return { connection: this.#connection, conversations: [] };
    return {
      account: this.#summary(account),
      connection: this.#connection,
      conversations: listConversations(this.#core),
    };
  }

  /** @returns what ends the subscription. Listeners must not throw. */
  subscribe(listener: (change: EngineChange) => void): () => void {
    return this.#core.subscribe(listener);
  }

  /** @throws CodedError `ERR_RELAY_ADDRESS`, `ERR_RELAY_UNREACHABLE`, `ERR_RELAY_ANSWER`. */
  checkRelay(relay: string): Promise<RelayAbout> {
    return askAbout(this.#transport, this.#core.clock, relay);
  }

  /**
   * Makes an account and registers it. After a failure the same call goes on where it was.
   * @throws CodedError `ERR_USERNAME`, `ERR_NAME_TAKEN`, `ERR_RELAY_ADDRESS`, `ERR_RELAY_UNREACHABLE`, `ERR_ACCOUNT_EXISTS`, `ERR_REGISTRATION_CLOSED`.
   */
  register(registration: Registration): Promise<void> {
    return this.#settle(async () => {
      const account = beginRegistration(this.#core, registration);
      await finishRegistration(this.#core, this.#relayOf(account));
    });
  }

  /** @throws CodedError as `register`, and `ERR_PHRASE_INVALID`, `ERR_PHRASE_WRONG`, `ERR_ACCOUNT_UNKNOWN`, `ERR_LOG_CONFLICT`. */
  recover(recovery: {
    readonly relay: string;
    readonly username: string;
    readonly phrase: string;
  }): Promise<void> {
    return this.#settle(() => recoverAccount(this.#core, this.#transport, recovery));
  }

  /** 24 words. @throws CodedError `ERR_NO_ACCOUNT`. */
  recoveryPhrase(): string {
    return this.#core.requireAccount().phrase;
  }

  /** The person says that the phrase is written down. */
  confirmPhrase(): void {
    this.#core.transaction(() => {
      this.#core.updateAccount({ phraseConfirmed: true });
      this.#announceAccount();
    });
  }

  /**
   * The conversation with who is meant by `name` or `name#accountId`.
   * @throws CodedError `ERR_FORMAT`, `ERR_SELF`, `ERR_ACCOUNT_UNKNOWN`, `ERR_NAME_FORK`, `ERR_RELAY_UNREACHABLE`.
   */
  async openConversation(address: string): Promise<ConversationSummary> {
    const core = this.#core;
    const contact = await this.#find(address);
    return core.transaction(() => summarise(core, beginConversation(core, contact)));
  }

  /** @param limit messages, at most 200. @throws CodedError `ERR_CONVERSATION_UNKNOWN`. */
  page(conversation: ConversationKey, { before, limit }: { before?: Place; limit: number }): MessagePage {
    return page(this.#core, findConversation(this.#core, conversation), before, Math.min(limit, maxPage));
  }

  /** Takes the message at once; it is on its way whenever the relay can be reached. @throws CodedError `ERR_TEXT_TOO_LONG`, `ERR_DRAFT_INVALID`, `ERR_CONVERSATION_UNKNOWN`, `ERR_NOT_ACCEPTED`. */
  send(conversation: ConversationKey, draft: Draft): MessageView {
    const core = this.#core;
    const checked = parseDraft(draft);
    return core.transaction(() => {
      const found = findConversation(core, conversation);
      if (found.status !== 'active')
        throw new CodedError('ERR_NOT_ACCEPTED', 'the request has not been accepted');
      if (found.group) requireMembership(core, found);
      return show(core, addOwnMessage(core, found, checked));
    });
  }

  /** Tries a failed message again. @throws CodedError `ERR_MESSAGE_UNKNOWN`, `ERR_CONVERSATION_UNKNOWN`, `ERR_GROUP_NOT_MEMBER`. */
  retry(conversation: ConversationKey, key: MessageKey): void {
    const core = this.#core;
    core.transaction(() => {
      const found = findConversation(core, conversation);
      const message = findMessage(core, found, key);
      if (!message.own || message.state !== 'failed') return;
      if (found.group) requireMembership(core, found);
      const { failure: _, ...rest } = message;
      saveMessage(core, { ...rest, state: 'pending' });
      queue(core, message);
      saveConversation(core, found);
    });
  }

  /** Removes a message from this computer; one that has not left yet is not sent. @throws CodedError `ERR_MESSAGE_UNKNOWN`, `ERR_CONVERSATION_UNKNOWN`. */
  deleteMessage(conversation: ConversationKey, key: MessageKey): void {
    const core = this.#core;
    core.transaction(() => {
      const found = findConversation(core, conversation);
      const message = findMessage(core, found, key);
      removeMessage(core, message);
      if (countUnread(found, [message]) === 0) return;
      const mentions = Math.max(0, (found.mentions ?? 0) - (message.mention ? 1 : 0));
      saveConversation(core, { ...found, unread: Math.max(0, found.unread - 1), mentions });
    });
  }

  /** @throws CodedError `ERR_CONVERSATION_UNKNOWN`. */
  answerRequest(conversation: ConversationKey, answer: 'accept' | 'block' | 'ignore'): void {
    const core = this.#core;
    core.transaction(() => {
      const found = findConversation(core, conversation);
      if (answer === 'block' && found.group) refuseGroup(core, found);
      if (answer !== 'accept') {
        const status = answer === 'block' ? 'blocked' : 'ignored';
        saveConversation(core, { ...findConversation(core, conversation), status, unread: 0, mentions: 0 });
        return;
      }
      if (found.status === 'active') return;
      const theirs = core.vault
        .list(messages, { scope: found.id, limit: maxConfirmed })
        .filter(({ own }) => !own);
      const { readUpTo } = found;
      const wasRead = (message: MessageRecord) =>
        readUpTo !== undefined && comparePlaces(message, readUpTo) <= 0;
      oweReceipts(
        core,
        found,
        'delivered',
        theirs.filter((message) => !wasRead(message)),
      );
      oweReceipts(core, found, 'read', theirs.filter(wasRead));
      saveConversation(core, { ...found, status: 'active' });
    });
  }

  /** @throws CodedError `ERR_CONVERSATION_UNKNOWN`. */
  saveDraft(conversation: ConversationKey, draft: string): void {
    const core = this.#core;
    core.transaction(() => {
      const found = findConversation(core, conversation);
      const kept = keptDraft(draft);
      if (found.draft !== kept) saveConversation(core, { ...found, draft: kept });
    });
  }

  /** Everything up to `upTo` has been seen. @throws CodedError `ERR_CONVERSATION_UNKNOWN`. */
  markRead(conversation: ConversationKey, upTo: Place): void {
    this.#core.transaction(() => {
      markRead(this.#core, findConversation(this.#core, conversation), upTo);
    });
  }

  /** Told at once or not at all. @throws CodedError `ERR_CONVERSATION_UNKNOWN`. */
  async setTyping(conversation: ConversationKey, typing: boolean): Promise<void> {
    const found = findConversation(this.#core, conversation);
    const now = this.#core.clock.now();
    const last = this.#typing;
    if (last?.conversation === conversation && last.typing === typing && now - last.at < typingEveryMs)
      return;
    this.#typing = { conversation, typing, at: now };
    if (this.#connection.state === 'online')
      await (found.group ? this.#online?.groups.typing : this.#online?.typing)?.send(found, typing);
  }

  /** 60 digits in twelve groups, the same on both sides. @throws CodedError `ERR_CONVERSATION_UNKNOWN`. */
  safetyNumber(conversation: ConversationKey): string {
    const core = this.#core;
    const peer = contactOf(core, findConversation(core, conversation)).account;
    return safetyNumber(core.identityOf(core.requireAccount()).accountId, accountId(peer));
  }

  /** Tries at once what waits for its time: the person asked, or the network came back. */
  retryNow(): void {
    this.#online?.retryNow();
  }

  /** Gets an account by `work`. One at a time: a second one must not finish what the first began. */
  #settle(work: () => Promise<void>): Promise<void> {
    this.#settling++;
    const settled = this.#settled.then(async () => {
      try {
        await this.#goOffline();
        await work();
      } finally {
        this.#settling--;
      }
      if (this.#stopped) return;
      this.#announceAccount();
      this.#goOnline();
    });
    this.#settled = settled.catch(() => undefined);
    return settled;
  }

  #announceAccount(): void {
    this.#core.announce({ kind: 'account', account: this.#summary(this.#core.requireAccount()) });
  }

  #goOnline(): void {
    const account = this.#core.requireAccount();
    let unfinished = account.stage !== 'ready';
    this.#online = new Online(this.#core, this.#relayOf(account), (connection) => {
      this.#connection = connection;
      // A registration that was interrupted has been completed meanwhile.
      if (unfinished && connection.state === 'online') {
        unfinished = false;
        this.#announceAccount();
      }
      this.#core.announce({ kind: 'connection', connection });
    });
    this.#online.start();
  }

  async #goOffline(): Promise<void> {
    if (this.#core.account?.stage === 'ready')
      throw new CodedError('ERR_ACCOUNT_EXISTS', 'there is an account already');
    await this.#online?.stop();
    this.#online = undefined;
  }

  #relayOf(account: AccountRecord): RelayClient {
    const core = this.#core;
    return new RelayClient(account.relay, this.#transport, core.clock, {
      accountId: core.identityOf(account).accountId,
      deviceId: core.deviceIdOf(account),
      signingKey: core.deviceOf(account).sign.privateKey,
    });
  }

  #summary(account: AccountRecord): AccountSummary {
    return {
      username: account.username,
      address: formatAddress(account.username, this.#core.identityOf(account).accountId),
      relay: account.relay,
      phraseConfirmed: account.phraseConfirmed,
    };
  }

  /** Who is meant by `name` or `name#accountId`. */
  async #find(address: string): Promise<ContactRecord> {
    const { name, accountId: id } = parseAddress(address);
    if (name === this.#core.requireAccount().username)
      throw new CodedError('ERR_SELF', 'that is this account');
    return this.#known(name, id) ?? (await this.#meet(name, id));
  }

  /**
   * Somebody with whom there was something already. An id that comes with the name makes sure of them; without one
   * it must be whom the relay gives the name to, because anybody writes what they like into their own log.
   */
  #known(name: string, id: AccountId | undefined): ContactRecord | undefined {
    const core = this.#core;
    const named = core.vault
      .list(contacts, { limit: maxContacts })
      .filter(({ username }) => username === name);
    const contact =
      id === undefined
        ? named.find(({ nameChecked, trouble }) => nameChecked && trouble !== 'ERR_NAME_FORK')
        : named.find(({ account }) => equalBytes(account, id));
    if (!contact || id === undefined || contact.verified) return contact;
    const verified = { ...contact, verified: true };
    core.transaction(() => {
      core.vault.put(contacts, verified);
      const conversation = conversationWith(core, verified);
      if (conversation) saveConversation(core, conversation);
    });
    return verified;
  }

  async #meet(name: string, id: AccountId | undefined): Promise<ContactRecord> {
    const core = this.#core;
    const identity = await lookUp(this.#relayOf(core.requireAccount()), name, id);
    return core.transaction(() => {
      const known = core.vault.get(contacts, identity.accountId);
      if (known) return known;
      const contact = newContact(identity, { verified: id !== undefined, nameChecked: true });
      core.vault.put(contacts, contact);
      return contact;
    });
  }
}
