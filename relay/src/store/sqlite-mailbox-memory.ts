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
 * Mailboxes as they were last read from committed data, so that a message costs no search for its own. Whoever
 * changes accounts, devices or capabilities forgets all of them, in the same transaction and before it ends; nothing
 * is remembered in a transaction, whose changes may be taken back.
 */
export class MailboxMemory {
  readonly #mailboxes = new Map<string, Mailbox>();

  get(deviceId: Uint8Array): Mailbox | undefined {
    return this.#mailboxes.get(toHex(deviceId));
  }

  remember(deviceId: Uint8Array, mailbox: Mailbox): void {
    if (this.#mailboxes.size >= maxMailboxes) this.forgetAll();
    this.#mailboxes.set(toHex(deviceId), mailbox);
  }

  forgetAll(): void {
    this.#mailboxes.clear();
  }
}
