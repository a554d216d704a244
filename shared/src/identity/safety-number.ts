import { compareBytes, concat, toUtf8 } from '../bytes/index.ts';
import { sha512 } from '../primitives/index.ts';
import type { AccountId } from './ids.ts';

/** What a search for a colliding account pays per try, besides its signature. */
const iterations = 5200;
const groups = 12;

/**
 * The number that two people compare (docs/protocol.md §3.2): the same for both, and a function of nothing but
 * their account ids. Some 20 ms.
 * @returns twelve groups of five digits, with single spaces.
 */
export function safetyNumber(a: AccountId, b: AccountId): string {
  const pair = compareBytes(a, b) <= 0 ? concat(a, b) : concat(b, a);
  let digest = sha512(concat(toUtf8('crypt2chat/v1/safety-number'), new Uint8Array(1), pair));
  for (let i = 0; i < iterations; i++) digest = sha512(concat(digest, pair));
  const view = new DataView(digest.buffer, digest.byteOffset, digest.length);
  return Array.from({ length: groups }, (_, group) => {
    const number = view.getUint8(5 * group) * 2 ** 32 + view.getUint32(5 * group + 1);
    return String(number % 100_000).padStart(5, '0');
  }).join(' ');
}
