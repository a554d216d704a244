import * as v from 'valibot';
import { concat, toUtf8 } from '../bytes/index.ts';
import { encodeCbor } from '../cbor/index.ts';
import type { AccountId, DeviceId, DeviceKeys, DhPrekey, KemPrekey } from '../identity/index.ts';
import { bytesSchema, uintSchema } from '../log/index.ts';
import { dhKeyBytes, hash32, kemCiphertextBytes, sha512 } from '../primitives/index.ts';

/** Rounds of handshakes between two devices are counted as uint32. */
export const maxRound = 2 ** 32 - 1;

export const handshakeSchema = v.strictObject({
  ephemeral: bytesSchema(dhKeyBytes),
  signedPrekeyId: uintSchema(),
  oneTimePrekeyId: v.exactOptional(uintSchema()),
  kemId: uintSchema(),
  kemCiphertext: bytesSchema(kemCiphertextBytes),
  round: uintSchema(maxRound),
});

/**
 * What the initiator sends of a handshake: EK_A (56 bytes), the ids of the prekeys that it took, the KEM
 * ciphertext (1,568 bytes), and which handshake of the two devices this is.
 */
export type Handshake = Readonly<v.InferOutput<typeof handshakeSchema>>;

/** Who began a handshake. */
export interface Initiator {
  readonly accountId: AccountId;
  readonly deviceId: DeviceId;
}

/** Everything public that a handshake is about. */
export interface PublicHandshake {
  readonly initiator: { readonly accountId: AccountId; readonly keys: DeviceKeys };
  readonly responder: {
    readonly accountId: AccountId;
    readonly keys: DeviceKeys;
    /** SPK_B, OPK_B (56 bytes each) and KEMpk_B (1,568). */
    readonly signedPrekey: Uint8Array;
    readonly oneTimePrekey: Uint8Array | undefined;
    readonly kem: Uint8Array;
  };
  readonly handshake: Pick<Handshake, 'ephemeral' | 'kemCiphertext' | 'round'>;
}

/** The hash of the whole transcript, 64 bytes: what both sides bind all further keys and messages to. */
export function associatedDataOf({ initiator, responder, handshake }: PublicHandshake): Uint8Array {
  const transcript = encodeCbor([
    1,
    initiator.accountId,
    responder.accountId,
    initiator.keys.sign,
    initiator.keys.dh,
    responder.keys.sign,
    responder.keys.dh,
    responder.signedPrekey,
    responder.oneTimePrekey ?? null,
    responder.kem,
    handshake.ephemeral,
    handshake.kemCiphertext,
    handshake.round,
  ]);
  return sha512(concat(toUtf8('crypt2chat/v1/x3dh/transcript'), new Uint8Array(1), transcript));
}

/**
 * The name of a handshake and of its session, 32 bytes: the hash of what travels. It is known before any key is
 * looked up, also when the one-time keys of a handshake that comes again are gone.
 */
export function handshakeHashOf(initiator: Initiator, handshake: Handshake): Uint8Array {
  const { accountId, deviceId } = initiator;
  return hash32('crypt2chat/v1/x3dh/handshake', encodeCbor([accountId, deviceId, { ...handshake }]));
}

/** The private halves that a handshake asks for. */
export interface HandshakePrekeys {
  readonly signedPrekey: DhPrekey<'signed'>;
  readonly oneTimePrekey?: DhPrekey<'one-time'>;
  readonly kem: KemPrekey;
}
