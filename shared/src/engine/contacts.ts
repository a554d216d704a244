/** Other people's accounts: what is known of their logs, and how it is brought up to date. */
import { equalBytes, toBase64url } from '../bytes/index.ts';
import { CodedError, hasCode } from '../errors/index.ts';
import {
  type AccountId,
  accountIdOfLog,
  activeDevice,
  encodeIdentity,
  extendIdentity,
  type Identity,
  verifyIdentity,
} from '../identity/index.ts';
import type { LinkBytes, LogHead } from '../log/index.ts';
import type { Core } from './core.ts';
import { contacts, sessions, sessionScope, type ContactRecord } from './records.ts';
import type { RelayClient } from './relay-client.ts';

/** What stops sending until somebody has looked at it. Other troubles pass by themselves. */
const lastingTroubles = ['ERR_LOG_FORK', 'ERR_NAME_FORK'];

export function hasLastingTrouble({ trouble }: ContactRecord): boolean {
  return trouble !== undefined && lastingTroubles.includes(trouble);
}

export function newContact(
  identity: Identity,
  trust: { verified: boolean; nameChecked: boolean },
): ContactRecord {
  return {
    account: identity.accountId,
    username: identity.username,
    identity: encodeIdentity(identity),
    ...trust,
    capabilities: [],
    hasOurCapability: false,
  };
}

/** Stores a later state of a contact's log, if `links` are one. @throws as `extendIdentity` does. */
export function learnLinks(core: Core, contact: ContactRecord, links: readonly LinkBytes[]): ContactRecord {
  const known = core.identityOf(contact);
  const identity = extendIdentity(known, links);
  if (identity === known) return contact;
  const { missingHead, ...rest } = { ...contact, identity: encodeIdentity(identity) };
  const caughtUp = missingHead === undefined || hasHead(identity, missingHead);
  const learned: ContactRecord = caughtUp ? rest : { ...rest, missingHead: missingHead };
  core.vault.put(contacts, learned);
  endSessionsOf(core, learned, known, identity);
  return learned;
}

/** A device that was revoked is neither read nor written to any more. */
export function endSessionsOf(
  core: Core,
  { account }: ContactRecord,
  before: Identity,
  after: Identity,
): void {
  for (const { id } of before.devices) {
    if (activeDevice(after, id)) continue;
    for (const session of core.vault.list(sessions, { scope: sessionScope(account, id), limit: 8 })) {
      core.vault.delete(sessions, session.id);
    }
  }
}

export function hasHead(identity: Identity, head: LogHead): boolean {
  const known = identity.hashAt(head.seq);
  return known !== undefined && equalBytes(known, head.hash);
}

/** Whether `identity` holds another link where `head` stands. */
export function contradictsHead(identity: Identity, head: LogHead): boolean {
  const known = identity.hashAt(head.seq);
  return known !== undefined && !equalBytes(known, head.hash);
}

/**
 * Looks an account up by name, and checks that it is the one that was meant where an id is given.
 * @throws CodedError `ERR_ACCOUNT_UNKNOWN`; `ERR_NAME_FORK` when the name leads to another account; `ERR_RELAY_ANSWER`.
 */
export async function lookUp(relay: RelayClient, name: string, id: AccountId | undefined): Promise<Identity> {
  const { links } = await relay.account(name);
  const identity = verifyIdentity(links);
  if (identity.username !== name || identity.relay !== relay.origin) {
    throw new CodedError('ERR_RELAY_ANSWER', 'the relay answered with the log of another name');
  }
  if (id !== undefined && !equalBytes(identity.accountId, id)) {
    throw new CodedError('ERR_NAME_FORK', 'the name leads to another account');
  }
  return identity;
}

/**
 * Asks the relay for the log, and stores what is new. It is asked for the whole: another log counts as a fork only
 * when it is valid from its first link on, and not because a relay puts garbage behind the head.
 */
export async function refreshContact(
  core: Core,
  relay: RelayClient,
  account: Uint8Array,
): Promise<ContactRecord> {
  const { links } = await relay.account(toBase64url(account));
  return core.transaction(() => {
    const contact = mustGet(core, account);
    try {
      return learnLinks(core, contact, links);
    } catch (error) {
      if (hasCode(error, 'ERR_LOG_FORK')) setTrouble(core, account, 'ERR_LOG_FORK');
      throw error;
    }
  });
}

/** The relay's word on a name that came with a log: it must lead to that log. */
export async function checkName(core: Core, relay: RelayClient, contact: ContactRecord): Promise<void> {
  try {
    const { links } = await relay.account(contact.username);
    if (equalBytes(accountIdOfLog(links), contact.account)) {
      core.transaction(() => {
        core.vault.put(contacts, {
          ...learnLinks(core, mustGet(core, contact.account), links),
          nameChecked: true,
        });
      });
      return;
    }
  } catch (error) {
    if (!hasCode(error, 'ERR_ACCOUNT_UNKNOWN')) throw error;
  }
  setTrouble(core, contact.account, 'ERR_NAME_FORK');
}

/** A lasting trouble stays when a passing one comes or goes. */
export function setTrouble(core: Core, account: Uint8Array, trouble: string | undefined): void {
  core.transaction(() => {
    const contact = mustGet(core, account);
    if (contact.trouble === trouble || hasLastingTrouble(contact)) return;
    const { trouble: _, ...rest } = contact;
    core.vault.put(contacts, trouble === undefined ? rest : { ...rest, trouble });
  });
}

export function mustGet(core: Core, account: Uint8Array): ContactRecord {
  const contact = core.vault.get(contacts, account);
  if (!contact) throw new TypeError('no such contact');
  return contact;
}
