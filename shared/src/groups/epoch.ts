/**
 * The keys of an epoch (docs/protocol.md §11.3). The secret is deleted as soon as they are derived; they are deleted
 * at the link that closes the epoch, and a message key as soon as it has been used.
 */
import { concat, toUtf8, wipe } from '../bytes/index.ts';
import { encodeCbor } from '../cbor/index.ts';
import { CodedError } from '../errors/index.ts';
import { deriveMessageKey, hash32, hkdf } from '../primitives/index.ts';
import { maxGeneration } from './limits.ts';

export const secretBytes = 32;
const keyBytes = 32;

/** An epoch as keys and seals name it. */
export interface EpochName {
  /** 32 bytes. */
  readonly group: Uint8Array;
  readonly epoch: number;
  /** The hash of the link that opened it, 32 bytes. */
  readonly link: Uint8Array;
}

/** 32 bytes each. */
export interface EpochKeys {
  /** Reads and writes the group's log at the relay, which keeps its hash. */
  readonly access: Uint8Array;
  /** Seals who wrote a message, and typing. */
  readonly header: Uint8Array;
  /** Seals links. */
  readonly link: Uint8Array;
}

/** The sending chain of one device, at `generation`. */
export interface Chain {
  readonly device: Uint8Array;
  readonly generation: number;
  readonly chainKey: Uint8Array;
}

/** What a link says of its epoch's secret: a member who was handed another one finds out. */
export function commitTo(secret: Uint8Array): Uint8Array {
  if (secret.length !== secretBytes) throw new RangeError(`a secret has ${secretBytes} bytes`);
  return hash32('crypt2chat/v1/group/commitment', secret);
}

/** The associated data of everything that is sealed in the epoch. */
export function epochContext({ group, epoch, link }: EpochName): Uint8Array {
  return encodeCbor([group, epoch, link]);
}

export function deriveEpochKeys(secret: Uint8Array, name: EpochName): EpochKeys {
  const derive = (label: string) =>
    hkdf(secret, epochContext(name), toUtf8(`crypt2chat/v1/group/${label}`), keyBytes);
  return { access: derive('access'), header: derive('header'), link: derive('link') };
}

/** Seals what joiners read first. Not among the epoch's keys: it is needed once. 32 bytes. */
export function deriveWelcomeKey(secret: Uint8Array, name: EpochName): Uint8Array {
  return hkdf(secret, epochContext(name), toUtf8('crypt2chat/v1/group/welcome'), keyBytes);
}

/** The beginning of each device's sending chain. */
export function deriveChains(
  secret: Uint8Array,
  name: EpochName,
  devices: readonly Uint8Array[],
): readonly Chain[] {
  const context = epochContext(name);
  const label = toUtf8('crypt2chat/v1/group/chain');
  return devices.map((device) => ({
    device,
    generation: 0,
    chainKey: hkdf(secret, context, concat(label, new Uint8Array(1), device), keyBytes),
  }));
}

/**
 * The message key of `generation`, and the chain behind it. O(generations passed), two HMACs each.
 * @throws CodedError `ERR_TOO_MANY_SKIPPED` beyond the last generation.
 * @throws RangeError for a generation that the chain has passed.
 */
export function advanceChain(
  chain: Chain,
  generation: number,
): { readonly messageKey: Uint8Array; readonly chain: Chain } {
  if (generation > maxGeneration) throw new CodedError('ERR_TOO_MANY_SKIPPED', 'the chain is at its end');
  if (generation < chain.generation) throw new RangeError('the chain has passed it');
  let { chainKey } = chain;
  for (let passed = chain.generation; ; passed++) {
    const step = deriveMessageKey(chainKey);
    // The first one belongs to the chain that was given, and stands until the message has opened.
    if (chainKey !== chain.chainKey) wipe(chainKey);
    if (passed === generation)
      return {
        messageKey: step.messageKey,
        chain: { ...chain, generation: generation + 1, chainKey: step.chainKey },
      };
    wipe(step.messageKey);
    chainKey = step.chainKey;
  }
}

/** What the relay keeps of an access secret. */
export function accessHashOf(access: Uint8Array): Uint8Array {
  return hash32('crypt2chat/v1/group/access', access);
}
