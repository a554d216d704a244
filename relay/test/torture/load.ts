/** All who write and read while relays come and go. */
import { setTimeout as delay } from 'node:timers/promises';
import { sumOf, type Verdict } from './ledger.ts';
import { Log } from './logs.ts';
import { Mailbox } from './mailboxes.ts';
import type { Relays } from './relays.ts';

/** For the clients to fetch what is left. */
const endTimeoutMs = 60_000;

/** A mailbox each for senders of one envelope and of many, one for both; and two groups. */
export class Load {
  readonly mailboxes: readonly Mailbox[];
  readonly logs: readonly Log[];

  /** @param isSomeoneAway beside them, a mailbox and a group that nobody reads before the end */
  constructor(relays: Relays, isSomeoneAway = false) {
    this.mailboxes = [
      new Mailbox(relays, { name: 'ones', batches: [1, 1, 1, 1] }),
      new Mailbox(relays, { name: 'sixteens', batches: [16, 16], envelopeBytes: 256 }),
      new Mailbox(relays, { name: 'mixed', batches: [1, 1, 16], envelopeBytes: 400 }),
      ...(isSomeoneAway ? [new Mailbox(relays, { name: 'away', batches: [1, 4], isAway: true })] : []),
    ];
    this.logs = [
      new Log(relays, { name: 'first', batches: [1, 1, 1] }),
      new Log(relays, { name: 'second', batches: [1, 16], entryBytes: 256 }),
      ...(isSomeoneAway ? [new Log(relays, { name: 'unread', batches: [1, 4], isAway: true })] : []),
    ];
  }

  async begin(): Promise<void> {
    const all = [...this.mailboxes, ...this.logs];
    for (const one of all) await one.open();
    for (const one of all) one.begin();
  }

  get acknowledged(): number {
    return [...this.mailboxes, ...this.logs].reduce((sum, { ledger }) => sum + ledger.acknowledgedCount, 0);
  }

  get received(): number {
    return [...this.mailboxes, ...this.logs].reduce((sum, { ledger }) => sum + ledger.receivedCount, 0);
  }

  /** Lets everybody come to the end. @returns what went wrong */
  async end(): Promise<string[]> {
    const timeout = new AbortController();
    const tooLong = delay(endTimeoutMs, undefined, { signal: timeout.signal }).then(() => {
      throw new Error('the clients do not come to an end');
    });
    const all = [...this.mailboxes, ...this.logs].map((one) => Promise.race([one.end(), tooLong]));
    const ends = await Promise.allSettled(all);
    timeout.abort();
    await tooLong.catch(() => undefined);
    return ends.flatMap((end) => (end.status === 'rejected' ? [String(end.reason)] : []));
  }

  judge(): Verdict {
    return sumOf([...this.mailboxes, ...this.logs].map(({ ledger }) => ledger.judge()));
  }
}
