import { Batches } from './batches.ts';
import type { GroupAccess } from './group-store.ts';
import * as accounts from './postgres-accounts.ts';
import type { Connections } from './postgres-connections.ts';
import * as groups from './postgres-groups.ts';
import * as mailboxes from './postgres-mailboxes.ts';
import type { Notices } from './postgres-notices.ts';
import type { Row } from './postgres-values.ts';
import type { Delivery, Store } from './store.ts';

/** What one transaction may store, each envelope or entry counted with what goes around it. */
const maxStoredBytes = 2 * 1024 * 1024;
const minStoredBytes = 4096;
/** Two at a time, so that the next goes to the server while the last waits for the disk. */
const maxUnderWay = 2;
/** Of lookups, which are small. */
const perLookup = { maxUnderWay, weigh: () => 1, maxWeight: 256 };

type Answer<Method extends 'deliver' | 'mailbox' | 'session' | 'device' | 'groupAccess'> = Awaited<
  ReturnType<Store[Method]>
>;

/** What every request and every poll asks for: gathered, so that many of them are one statement. */
export class Traffic {
  readonly deliveries: Batches<Delivery, Answer<'deliver'>>;
  readonly appends: Batches<groups.GroupAppend, Row[]>;
  readonly acknowledgements: Batches<mailboxes.Acknowledgement, undefined>;
  readonly mailboxes: Batches<Uint8Array, Answer<'mailbox'>>;
  readonly sessions: Batches<accounts.SessionQuery, Answer<'session'>>;
  readonly devices: Batches<Uint8Array, Answer<'device'>>;
  readonly groupAccesses: Batches<GroupAccess, Answer<'groupAccess'>>;

  constructor(connections: Connections, notices: Notices) {
    this.deliveries = new Batches({
      run: (all) => mailboxes.deliver(connections, all, (deviceIds) => notices.delivered(deviceIds)),
      maxUnderWay,
      weigh: ({ envelopes }) =>
        envelopes.reduce((sum, { envelope }) => sum + Math.max(minStoredBytes, envelope.length), 0),
      maxWeight: maxStoredBytes,
    });
    this.appends = new Batches({
      run: (all) => groups.append(connections, all, (accesses) => notices.grew(accesses)),
      maxUnderWay,
      weigh: ({ bytes }) => Math.max(minStoredBytes, bytes),
      maxWeight: maxStoredBytes,
    });
    this.acknowledgements = new Batches({
      run: (all) => mailboxes.acknowledge(connections, all),
      ...perLookup,
    });
    this.mailboxes = new Batches({ run: (all) => mailboxes.mailboxes(connections, all), ...perLookup });
    this.sessions = new Batches({ run: (all) => accounts.sessions(connections, all), ...perLookup });
    this.devices = new Batches({ run: (all) => accounts.devices(connections, all), ...perLookup });
    this.groupAccesses = new Batches({ run: (all) => groups.groupAccesses(connections, all), ...perLookup });
  }

  /** Resolves when everything that was asked for has been answered. */
  async drain(): Promise<void> {
    const all = [
      ...[this.deliveries, this.appends, this.acknowledgements],
      ...[this.mailboxes, this.sessions, this.devices, this.groupAccesses],
    ];
    await Promise.all(all.map((batches) => batches.drain()));
  }
}
