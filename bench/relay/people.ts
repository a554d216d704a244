/**
 * Accounts with sessions and mailboxes, put into a relay's data before it is measured, through its own store and
 * without the signatures that thousands of registrations would cost.
 */
import { randomBytes } from 'node:crypto';
import { toBase64url } from '@crypt2chat/shared/bytes';
import { hash32 } from '@crypt2chat/shared/primitives';
import { startRelay } from '@crypt2chat/relay/testing';
import { message } from './peer.ts';

const hourMs = 3_600_000;
/** A store's connections wait for each other only so long. */
const atOnce = 64;

export interface Person {
  /** In a path. */
  readonly deviceId: string;
  /** For the header of who sends to its mailbox, and of who reads it. */
  readonly capability: string;
  readonly bearer: string;
}

export interface Data {
  readonly dataFolder: string;
  readonly databaseUrl?: string | undefined;
}

/** Makes `count` accounts of one device, the first of whose mailboxes get `stored` messages between them. */
export async function settle(
  { dataFolder, databaseUrl }: Data,
  count: number,
  stored: { readonly messages: number; readonly mailboxes: number } = { messages: 0, mailboxes: 1 },
): Promise<Person[]> {
  const relay = await startRelay({ dataFolder, config: { databaseUrl } });
  const { store } = relay;
  try {
    const now = Date.now();
    const settleOne = async (i: number): Promise<Person> => {
      const deviceId = randomBytes(32);
      const capability = randomBytes(32);
      const bearer = randomBytes(32);
      await store.register({
        accountId: randomBytes(32),
        username: `bench-${i}-${toBase64url(deviceId).slice(0, 8).toLowerCase()}`,
        link: randomBytes(200),
        devices: [{ deviceId, signKey: randomBytes(57) }],
      });
      await store.setCapability(deviceId, hash32('crypt2chat/v1/capability', capability));
      await store.createSession({
        bearerHash: hash32('crypt2chat/v1/relay/bearer', bearer),
        deviceId,
        expiresAt: now + hourMs,
        challenge: randomBytes(32),
        challengeExpiresAt: now + hourMs,
      });
      for (let left = shareOf(stored, i); left > 0; left -= 50) {
        const envelopes = Array.from({ length: Math.min(50, left) }, () => ({
          id: randomBytes(16),
          envelope: message(),
        }));
        await store.deliver({ deviceId, envelopes, at: now, maxWaiting: 1e6, maxAccountBytes: 1e12 });
      }
      return {
        deviceId: toBase64url(deviceId),
        capability: toBase64url(capability),
        bearer: toBase64url(bearer),
      };
    };
    const people: Person[] = [];
    let next = 0;
    const settleSome = async (): Promise<void> => {
      while (next < count) {
        const i = next++;
        people[i] = await settleOne(i);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, settleSome));
    return people;
  } finally {
    await relay.stop();
  }
}

function shareOf({ messages, mailboxes }: { messages: number; mailboxes: number }, i: number): number {
  return i < mailboxes ? Math.floor(messages / mailboxes) : 0;
}
