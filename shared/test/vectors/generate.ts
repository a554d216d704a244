/**
 * Writes our own frozen vectors beside itself: `node --import tsx shared/test/vectors/generate.ts`. They change only
 * with the protocol's version; `protocol.test.ts` compares them byte for byte. Byte strings are in hexadecimal, and
 * everything random is the seeded stream of `@crypt2chat/shared/testing`.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { toHex } from '@crypt2chat/shared/bytes';
import { groupEntries, groupEpoch, groupLog, groupWelcome } from './protocol-groups.ts';
import { identity, link, prekeys, recovery, safetyNumbers } from './protocol-identity.ts';
import { conversation, firstMessage, ratchet, x3dh } from './protocol-session.ts';
import { wire } from './protocol-wire.ts';

const builders = {
  link,
  identity,
  recovery,
  'safety-number': safetyNumbers,
  prekeys,
  x3dh,
  'first-message': firstMessage,
  ratchet,
  conversation,
  wire,
  'group-log': groupLog,
  'group-epoch': groupEpoch,
  'group-entries': groupEntries,
  'group-welcome': groupWelcome,
};

export const vectorNames = Object.keys(builders) as (keyof typeof builders)[];

/** The text of a vector file, as the code of today makes it. */
export function vectorText(name: keyof typeof builders): string {
  const readable = (_: string, value: unknown): unknown =>
    value instanceof Uint8Array ? toHex(value) : value;
  return `${JSON.stringify(builders[name](), readable, 1)}\n`;
}

export function vectorFile(name: keyof typeof builders): URL {
  return new URL(`${name}.json`, import.meta.url);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const name of vectorNames) writeFileSync(vectorFile(name), vectorText(name));
}
