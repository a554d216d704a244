/**
 * What somebody who joins reads first (docs/protocol.md §11.6): all links of the group, which are few and never
 * expire, and the messages that they are given. It is sealed once for all who join, under a key of the epoch that
 * they join in, and lies at the relay with the link that opened it; its hash comes with the share.
 *
 *   welcome = SealSalted(welcomeKey, "group/welcome", context, Pad(cbor({ v: 1, links: [bytes, …], shared: [bytes, …] })))
 */
import * as v from 'valibot';
import { equalBytes } from '../bytes/index.ts';
import { encodeCbor } from '../cbor/index.ts';
import { CodedError } from '../errors/index.ts';
import { blobSchema, decodeVersioned, type LinkBytes } from '../log/index.ts';
import { hash32, openSalted, pad, type Randomness, sealSalted, unpad } from '../primitives/index.ts';
import { deriveWelcomeKey, epochContext, type EpochName } from './epoch.ts';
import { maxGroupLinkBytes, maxGroupLinks, maxShared, maxStatementBytes, maxWelcomeBytes } from './limits.ts';

const info = 'crypt2chat/v1/group/welcome';

export interface Welcome {
  readonly links: readonly LinkBytes[];
  /** Signed statements, oldest first. */
  readonly shared: readonly Uint8Array[];
}

const schema = v.strictObject({
  v: v.literal(1),
  links: v.pipe(v.array(blobSchema(maxGroupLinkBytes)), v.minLength(1), v.maxLength(maxGroupLinks)),
  shared: v.pipe(v.array(blobSchema(maxStatementBytes)), v.maxLength(maxShared)),
});

/** @throws RangeError for more than 1.5 MB, or more than 100 messages. */
export function sealWelcome(
  welcome: Welcome,
  secret: Uint8Array,
  name: EpochName,
  randomness: Randomness,
): Uint8Array {
  const bytes = encodeCbor({ v: 1, links: [...welcome.links], shared: [...welcome.shared] });
  if (bytes.length > maxWelcomeBytes || welcome.shared.length > maxShared)
    throw new RangeError('the welcome is too large');
  return sealSalted(deriveWelcomeKey(secret, name), info, epochContext(name), pad(bytes), randomness);
}

export function welcomeHashOf(sealed: Uint8Array): Uint8Array {
  return hash32(info, sealed);
}

/**
 * @param hash what came with the share.
 * @throws CodedError `ERR_CRYPTO_OPEN` for another welcome or one that does not open, `ERR_FORMAT`,
 *   `ERR_NEWER_VERSION`.
 */
export function openWelcome(
  sealed: Uint8Array,
  hash: Uint8Array,
  secret: Uint8Array,
  name: EpochName,
): Welcome {
  if (!equalBytes(welcomeHashOf(sealed), hash))
    throw new CodedError('ERR_CRYPTO_OPEN', 'not the welcome that was meant');
  const bytes = unpad(openSalted(deriveWelcomeKey(secret, name), info, epochContext(name), sealed));
  const { links, shared } = decodeVersioned(schema, bytes, maxWelcomeBytes);
  return { links, shared };
}
