import * as v from 'valibot';
import { toUtf8, wipe } from '../bytes/index.ts';
import { decodeCbor, encodeCbor } from '../cbor/index.ts';
import {
  type AccountId,
  type DeviceId,
  deviceId,
  maxLinkBytes,
  maxLinks,
  type DhPrekey,
  type PublicPrekey,
} from '../identity/index.ts';
import { blobSchema, bytesSchema, decodeVersioned, type LinkBytes, uintSchema } from '../log/index.ts';
import { hash32Bytes, openHpke, pad, type Randomness, sealHpke, unpad } from '../primitives/index.ts';
import { type Handshake, handshakeSchema } from './handshake.ts';

/**
 *   body      = [sealingKeyId: uint, HPKE.SealBase(sealingKey, info, aad = [accountId_B, deviceId_B, sealingKeyId],
 *                                                  Pad(cbor(plaintext)))]
 *   plaintext = { v: 1, log: [link bytes, …], device: bytes[32], handshake, message: bytes }
 */
const info = toUtf8('crypt2chat/v1/first-message');

/** What an envelope can hold. */
const maxBodyBytes = 64 * 1024;

const bodySchema = v.strictTuple([uintSchema(), blobSchema(maxBodyBytes)]);
const plaintextSchema = v.strictObject({
  v: v.literal(1),
  log: v.pipe(v.array(blobSchema(maxLinkBytes)), v.minLength(1), v.maxLength(maxLinks)),
  device: bytesSchema(hash32Bytes),
  handshake: handshakeSchema,
  message: blobSchema(maxBodyBytes),
});

/** Whose mailbox a first message is for. */
export interface Recipient {
  readonly accountId: AccountId;
  readonly deviceId: DeviceId;
}

export interface FirstMessage {
  /** The sender's whole log. Claims, until it is verified. */
  readonly log: readonly LinkBytes[];
  /** The sender's device. */
  readonly device: DeviceId;
  readonly handshake: Handshake;
  /** Of the double ratchet. */
  readonly message: Uint8Array;
}

/**
 * The body of a handshake envelope: all that tells who writes, sealed to the recipient's sealing key. Two X448.
 * @throws CodedError `ERR_CRYPTO_KEY` for a sealing key that X448 refuses.
 */
export function sealFirstMessage(
  options: Recipient & {
    readonly sealingKey: PublicPrekey;
    readonly first: FirstMessage;
    readonly randomness: Randomness;
  },
): Uint8Array {
  const { sealingKey, randomness } = options;
  const { log, device, handshake, message } = options.first;
  const padded = pad(encodeCbor({ v: 1, log, device, handshake: { ...handshake }, message }));
  const sealed = sealHpke(sealingKey.key, info, associatedData(options, sealingKey.id), padded, randomness);
  wipe(padded);
  return encodeCbor([sealingKey.id, sealed]);
}

/**
 * What stands outside the seal: which of our sealing keys it takes.
 * @throws CodedError `ERR_FORMAT`.
 */
export function parseFirstMessage(body: Uint8Array): { readonly sealingKeyId: number } {
  const [sealingKeyId] = decodeCbor(bodySchema, body, maxBodyBytes);
  return { sealingKeyId };
}

/**
 * Opens and parses the body of a handshake envelope. Anybody can seal one: nothing in it is known to be genuine.
 * @param options ourselves, and the sealing key that {@link parseFirstMessage} names.
 * @throws CodedError `ERR_CRYPTO_OPEN`; `ERR_FORMAT`, `ERR_NEWER_VERSION` for what was sealed; RangeError for
 *   another sealing key than the one it names.
 */
export function openFirstMessage(
  options: Recipient & { readonly body: Uint8Array; readonly sealingKey: DhPrekey<'sealing'> },
): FirstMessage {
  const { body, sealingKey } = options;
  const [id, sealed] = decodeCbor(bodySchema, body, maxBodyBytes);
  if (sealingKey.id !== id) throw new RangeError('not the sealing key that the message names');
  const padded = openHpke(sealingKey, info, associatedData(options, id), sealed);
  const { log, device, handshake, message } = decodeVersioned(plaintextSchema, unpad(padded), maxBodyBytes);
  return { log, device: deviceId(device), handshake, message };
}

function associatedData({ accountId, deviceId: id }: Recipient, sealingKeyId: number): Uint8Array {
  return encodeCbor([accountId, id, sealingKeyId]);
}
