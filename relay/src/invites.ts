/**
 * Invite codes, as people read them out and type them: `7K4Q-M2XD-9TBA-W3HC`, 80 random bits in Crockford's base32.
 * Its letters leave out I, L, O and U; who types I or L means 1, who types O means 0. Case, hyphens and spaces mean
 * nothing. The store keeps a hash, so that a copied database lets nobody in.
 */
import type { Clock } from '@crypt2chat/shared/clock';
import { toUtf8 } from '@crypt2chat/shared/bytes';
import { hash32, type Randomness } from '@crypt2chat/shared/primitives';
import type { Store } from './store/index.ts';

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const codeBytes = 10;
/** Five bits each. */
const codeLetters = 16;
const groupLetters = 4;
const codePattern = new RegExp(`^[${alphabet}]{${codeLetters}}$`);

/** @returns a new code, in groups. */
export function generateInviteCode(randomness: Randomness): string {
  let value = 0n;
  for (const byte of randomness.bytes(codeBytes)) value = (value << 8n) | BigInt(byte);
  let letters = '';
  for (let i = 0; i < codeLetters; i++) {
    letters = alphabet[Number(value & 31n)]! + letters;
    value >>= 5n;
  }
  return letters.match(new RegExp(`.{${groupLetters}}`, 'g'))!.join('-');
}

/** The hash by which the store knows the invite, 32 bytes; undefined for what cannot be a code. */
export function inviteHash(typed: string): Uint8Array | undefined {
  const code = typed
    .toUpperCase()
    .replace(/[\s-]/g, '')
    .replace(/[OIL]/g, (letter) => (letter === 'O' ? '0' : '1'));
  return codePattern.test(code) ? hash32('crypt2chat/v1/relay/invite', toUtf8(code)) : undefined;
}

/** What the operator is told of an invite. The code is not kept: nobody can be told it again. */
export interface MadeInvite {
  readonly code: string;
  readonly expiresAt: number;
}

const firstInviteMs = 7 * 24 * 3600 * 1000;

/** For who sets up a relay: one use, a week. Undefined where somebody is there already, or could come. */
export async function makeFirstInvite(
  store: Store,
  clock: Clock,
  randomness: Randomness,
): Promise<MadeInvite | undefined> {
  const code = generateInviteCode(randomness);
  const madeAt = clock.now();
  const expiresAt = madeAt + firstInviteMs;
  const isAdded = await store.addFirstInvite({
    codeHash: inviteHash(code)!,
    note: 'the first',
    madeAt,
    expiresAt,
    maxUses: 1,
  });
  return isAdded ? { code, expiresAt } : undefined;
}
