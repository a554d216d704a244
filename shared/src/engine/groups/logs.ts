/** Accounts' whole logs, as links of groups carry them. */
import { equalBytes, toBase64url } from '../../bytes/index.ts';
import { hasCode } from '../../errors/index.ts';
import type { Group } from '../../groups/index.ts';
import { extendIdentity } from '../../identity/index.ts';
import { learnLinks, mustGet } from '../contacts.ts';
import type { Core } from '../core.ts';
import { ownAccountId } from '../group-summary.ts';
import type { Relay } from '../relay-client.ts';
import { isBehind, type Updates } from './following.ts';

/** The log of a contact as the relay has it, verified against what is known. @throws as `extendIdentity`, and what the relay says. */
export async function fetchLog(
  core: Core,
  relay: Relay,
  account: Uint8Array,
  signal?: AbortSignal,
): Promise<readonly Uint8Array[]> {
  if (equalBytes(account, ownAccountId(core))) return core.requireAccount().links;
  const { links } = await relay.account(toBase64url(account), undefined, signal);
  const contact = core.transaction(() => learnLinks(core, mustGet(core, account), links));
  return links.slice(0, core.identityOf(contact).length);
}

/** What members' logs have gained that the group's log does not show yet. A relay that withholds one stops nothing. */
export async function fetchUpdates(
  core: Core,
  relay: Relay,
  group: Group,
  signal: AbortSignal,
): Promise<Updates> {
  const updates: { account: Uint8Array; links: readonly Uint8Array[] }[] = [];
  for (const member of group.members.filter((each) => isBehind(core, each))) {
    const { accountId, length } = member.identity;
    try {
      const links = (await fetchLog(core, relay, accountId, signal)).slice(length);
      if (links.length > 0 && extendIdentity(member.identity, links) !== member.identity)
        updates.push({ account: accountId, links });
    } catch (error) {
      if (!isAboutLog(error)) throw error;
    }
  }
  return updates;
}

/** What is wrong with one account's log, or with what the relay serves for it, concerns nobody else. */
export function isAboutLog(error: unknown): boolean {
  return hasCode(error, 'ERR_LOG_FORK', 'ERR_LOG_INVALID', 'ERR_NEWER_VERSION', 'ERR_ACCOUNT_UNKNOWN');
}
