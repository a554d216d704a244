/** The hand of a member who writes what no engine would: with the device's own keys, past its engine. */
import assert from 'node:assert/strict';
import { decodeCbor, encodeCbor } from '@crypt2chat/shared/cbor';
import { type GroupBody, sealGroupMessage, sealLink } from '@crypt2chat/shared/groups';
import { systemRandomness as randomness } from '@crypt2chat/shared/primitives';
import {
  encodeGroupContent,
  type GroupContent,
  type Letter,
  letterBodySchema,
} from '@crypt2chat/shared/wire';
import { accountId } from '@crypt2chat/shared/identity';
import { directConversationId } from '../../src/engine/conversations.ts';
import { chainKeyOf, chains } from '../../src/engine/group-records.ts';
import { nameOfEpoch, seenBy } from '../../src/engine/groups/group.ts';
import { letters } from '../../src/engine/records.ts';
import { groupKind } from '../../src/groups/rules.ts';
import { signLink } from '../../src/log/index.ts';
import type { Device } from '../schedules/device.ts';
import { accountOf, type Crew, deviceIdOf, groupAt, record } from './crew.ts';

export class Hand {
  readonly #crew: Crew;
  readonly #device: Device;

  constructor(crew: Crew, device: Device) {
    this.#crew = crew;
    this.#device = device;
  }

  get keys() {
    const { keys } = record(this.#device);
    assert.ok(keys);
    return keys;
  }

  get chain() {
    const device = deviceIdOf(this.#device);
    const chain = this.#device.core.vault.get(chains, chainKeyOf(groupAt(this.#device).group, device));
    assert.ok(chain);
    return chain;
  }

  /** Anything at all, sealed and signed as a message of the present epoch, where nothing else is said. */
  seal(content: Uint8Array, otherwise: Partial<Parameters<typeof sealGroupMessage>[0]> = {}): Uint8Array {
    const group = groupAt(this.#device);
    return sealGroupMessage({
      content,
      chain: this.chain,
      keys: this.keys,
      name: nameOfEpoch(group),
      seen: seenBy(record(this.#device), group),
      signer: this.#signer(),
      randomness,
      ...otherwise,
    }).entry;
  }

  content(rest: Pick<GroupContent, 'kind' | 'body'>, id = randomness.bytes(16)): Uint8Array {
    const { conversation } = groupAt(this.#device);
    const common = { v: 1, id, conversation, counter: 60, sentAt: this.#crew.clock.now() };
    return encodeGroupContent({ ...common, ...rest } as GroupContent);
  }

  async post(entry: Uint8Array, id = randomness.bytes(16)): Promise<void> {
    const { group, epoch } = groupAt(this.#device);
    await this.#crew.client().appendMessages(group, { access: this.keys.access }, epoch, [{ id, entry }]);
  }

  /** A link on top of the head, whether the rules allow it or not. */
  sign(body: GroupBody): Uint8Array {
    const { length, head } = groupAt(this.#device);
    const link = { seq: length, prev: head.hash, at: this.#crew.clock.now(), body };
    return signLink(groupKind(), link, this.#signer());
  }

  sealed(link: Uint8Array): Uint8Array {
    return sealLink(link, this.keys, nameOfEpoch(groupAt(this.#device)), randomness);
  }

  /** Appends `entry` as a link that opens no epoch. */
  async append(entry: Uint8Array): Promise<void> {
    const { id, linkCount: links } = record(this.#device);
    const { epoch } = groupAt(this.#device);
    const right = { access: this.keys.access.slice() };
    await this.#crew.client().appendGroupLink(id, right, { epoch, links, id: randomness.bytes(16), entry });
  }

  /** Makes `entry` open the next epoch at the relay, which takes any access secret for it. */
  async open(entry: Uint8Array, accessHash = randomness.bytes(32)): Promise<void> {
    const { id, linkCount: links } = record(this.#device);
    const { epoch } = groupAt(this.#device);
    const right = { access: this.keys.access.slice() };
    const opens = { accessHash };
    await this.#crew
      .client()
      .appendGroupLink(id, right, { epoch, links, id: randomness.bytes(16), entry, opens });
  }

  /** Changes the letters about groups that wait to be sent to `to`. @returns how many there are. */
  rewrite(change: (letter: Letter) => Letter, to: Device): number {
    const { core } = this.#device;
    const scope = directConversationId(accountId(accountOf(this.#device)), accountId(accountOf(to)));
    return core.transaction(() => {
      const waiting = core.vault
        .list(letters, { scope, limit: 1_000 })
        .filter(({ kind }) => kind === 'group');
      for (const letter of waiting) {
        const body = decodeCbor(letterBodySchema, letter.body, 65_536);
        core.vault.put(letters, { ...letter, body: encodeCbor({ ...change(body) }) });
      }
      return waiting.length;
    });
  }

  #signer() {
    const { core } = this.#device;
    return core.deviceOf(core.requireAccount()).sign;
  }
}
