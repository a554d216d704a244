import { toHex } from '@crypt2chat/shared/bytes';

/** What of a mailbox changes only with its account. */
export interface Mailbox {
  /** The device's number. */
  readonly device: number;
  readonly capabilityHash: Uint8Array | null;
  /** No other device of the account has a mailbox. */
  readonly isOnlyOne: boolean;
}

/** About 300 B each. */
const maxMailboxes = 20_000;

/**
 * Mailboxes as they were last read, so that a message costs no search for its own. Whoever changes accounts, devices
 * or capabilities forgets all of them, in the same transaction and before it ends. What was read is remembered once it
 * is durable, unless something has changed since: a loss of power takes nothing back that was told from here.
 */
export class MailboxMemory {
  readonly #mailboxes = new Map<string, Mailbox>();
  #changes = 0;

  /** How often all was forgotten. */
  get changes(): number {
    return this.#changes;
  }

  get(deviceId: Uint8Array): Mailbox | undefined {
    return this.#mailboxes.get(toHex(deviceId));
  }

  /** @param changes before it was read */
  remember(deviceId: Uint8Array, mailbox: Mailbox, changes: number): void {
    if (changes !== this.#changes) return;
    if (this.#mailboxes.size >= maxMailboxes) this.#mailboxes.clear();
    this.#mailboxes.set(toHex(deviceId), mailbox);
  }

  forgetAll(): void {
    this.#changes += 1;
    this.#mailboxes.clear();
  }
}
