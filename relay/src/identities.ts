import { toHex } from '@crypt2chat/shared/bytes';
import { extendIdentity, type Identity, verifyIdentity } from '@crypt2chat/shared/identity';
import type { Account } from './store/index.ts';

/** Some 10 KiB each. */
const maxKept = 1000;

/** Verified logs, so that no link is verified twice while its account is in use. */
export class Identities {
  /** The least recently used first. */
  readonly #kept = new Map<string, Identity>();

  /** @throws CodedError `ERR_LOG_INVALID` where the stored links do not verify, which they did when they came. */
  of(account: Account): Identity {
    const key = toHex(account.accountId);
    const kept = this.#kept.get(key);
    // A link that another process stored is in the account, but not yet here; an account that was deleted and made
    // again has lost some.
    const isOlder = kept !== undefined && kept.length <= account.links.length;
    const identity = isOlder ? extendIdentity(kept, account.links) : verifyIdentity(account.links);
    this.#kept.delete(key);
    this.#kept.set(key, identity);
    if (this.#kept.size > maxKept) {
      for (const [oldest] of this.#kept) {
        this.#kept.delete(oldest);
        break;
      }
    }
    return identity;
  }
}
