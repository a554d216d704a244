/** The epoch of a group of three, as each of its devices has it. */
import { fromUtf8, toHex, toUtf8 } from '@crypt2chat/shared/bytes';
import {
  advanceChain,
  beginTranscript,
  type Chain,
  deriveChains,
  deriveEpochKeys,
  devicesOf,
  type EpochName,
  type OpenedMessage,
  openGroupMessage,
  openLink,
  parseEntry,
  type SealedMessage,
  sealGroupMessage,
} from '@crypt2chat/shared/groups';
import { seededRandomness } from '@crypt2chat/shared/testing';
import { type Account, makeAccount } from '../identity/make-account.ts';
import { deviceOf, founded } from './make-group.ts';

export const randomness = seededRandomness('seats');
export const [alice, bob, carol, mallory] = ['alice', 'bob', 'carol', 'mallory'].map((one) =>
  makeAccount(one),
) as [Account, Account, Account, Account];
export const { group } = founded([alice, bob, carol]);
export const name: EpochName = { group: group.group, epoch: group.epoch, link: group.epochLink };
export const secret = randomness.bytes(32);
export const keys = deriveEpochKeys(secret, name);

export class Seat {
  readonly #chains = new Map<string, Chain>();
  readonly #account: Account;

  /** @param generation the next of its own that it uses. */
  constructor(account: Account, generation = 0) {
    this.#account = account;
    for (const chain of deriveChains(secret, name, devicesOf(group))) this.put(chain);
    const own = this.chainOf(deviceOf(account));
    if (own && generation > 0) this.put(advanceChain(own, generation - 1).chain);
  }

  chainOf(device: Uint8Array): Chain | undefined {
    return this.#chains.get(toHex(device));
  }

  put(chain: Chain): void {
    this.#chains.set(toHex(chain.device), chain);
  }

  /** All of it, to compare. */
  chains(): string {
    return [...this.#chains.values()].map((one) => `${one.generation} ${toHex(one.chainKey)}`).join();
  }

  seal(text: string): SealedMessage {
    const chain = this.chainOf(deviceOf(this.#account))!;
    const seen = beginTranscript(name.link).position;
    const signer = this.#account.device.sign;
    const sealed = sealGroupMessage({ content: toUtf8(text), chain, keys, name, seen, signer, randomness });
    this.put(sealed.chain);
    return sealed;
  }

  openBody(
    body: Uint8Array,
    other: Partial<Omit<Parameters<typeof openGroupMessage>[0], 'body'>> = {},
  ): OpenedMessage {
    const chainOf = (device: Uint8Array) => this.chainOf(device);
    const opened = openGroupMessage({ keys, name, speakers: group.speakers, chainOf, ...other, body });
    if (opened.kind === 'opened') this.put(opened.chain);
    return opened;
  }

  /** @throws TypeError for an entry that is a link, and opens as one. */
  open(entry: Uint8Array): OpenedMessage {
    const { kind, body } = parseEntry(entry);
    if (kind === 'message') return this.openBody(body);
    openLink(body, keys, name);
    throw new TypeError('not a message');
  }

  /** The text of an entry that opens. */
  read(entry: Uint8Array): string {
    const opened = this.open(entry);
    if (opened.kind !== 'opened') throw new TypeError('passed');
    return fromUtf8(opened.statement.content);
  }
}
