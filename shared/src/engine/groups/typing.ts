/** Who is typing in a group: sealed for whoever waits at the relay right now, or lost. No state changes for it. */
import { equalBytes, toBase64url, toHex } from '../../bytes/index.ts';
import { hasCode } from '../../errors/index.ts';
import { memberOfDevice, openGroupEphemeral, sealGroupEphemeral } from '../../groups/index.ts';
import { encodeGroupEphemeral, limits, parseGroupEphemeral } from '../../wire/index.ts';
import type { Core } from '../core.ts';
import type { GroupRecord } from '../group-records.ts';
import type { ConversationRecord } from '../records.ts';
import type { Relay } from '../relay-client.ts';
import { conversationOfGroup, findGroup, nameOfEpoch, requireGroup } from './group.ts';

/** Without another word, typing is over after this. */
const typingMs = 8_000;

export class GroupTyping {
  readonly #core: Core;
  readonly #relay: Relay;
  /** By conversation: who is typing, by device, and how it is called off. */
  readonly #shown = new Map<string, Map<string, { readonly name: string; readonly cancel: () => void }>>();
  readonly #latest = new Map<string, number>();

  constructor(core: Core, relay: Relay) {
    this.#core = core;
    this.#relay = relay;
  }

  async send(conversation: ConversationRecord, typing: boolean): Promise<void> {
    const core = this.#core;
    const record = conversation.group && findGroup(core, conversation.group);
    if (!record?.keys || record.standing !== 'ready' || conversation.status !== 'active') return;
    const device = core.deviceIdOf(core.requireAccount());
    const content = encodeGroupEphemeral({ v: 1, device, sentAt: core.clock.now(), typing });
    const name = nameOfEpoch(requireGroup(record));
    const sealed = sealGroupEphemeral(content, record.keys, name, core.randomness);
    try {
      await this.#relay.groupEphemeral(record.id, { access: record.keys.access }, sealed);
    } catch (error) {
      // Typing is worth no second try, and its loss no word.
      if (!hasCode(error)) throw error;
    }
  }

  /** Anything that is not a fresh notice of another member is nothing. */
  receive(record: GroupRecord, sealed: Uint8Array): void {
    const core = this.#core;
    const conversation = conversationOfGroup(core, record);
    if (!record.keys || record.standing !== 'ready' || conversation?.status !== 'active') return;
    try {
      const group = requireGroup(record);
      const opened = openGroupEphemeral(sealed, record.keys, nameOfEpoch(group));
      if (!opened) return;
      const { device, sentAt, typing } = parseGroupEphemeral(opened);
      const member = memberOfDevice(group, device);
      const key = toHex(device);
      const isFresh =
        Math.abs(core.clock.now() - sentAt) <= limits.clockSkewMs && sentAt > (this.#latest.get(key) ?? 0);
      if (!member || !isFresh || equalBytes(device, core.deviceIdOf(core.requireAccount()))) return;
      this.#latest.set(key, sentAt);
      this.#show(toBase64url(conversation.id), member.identity.username, typing);
    } catch (error) {
      if (!hasCode(error)) throw error;
    }
  }

  /** A message has come: whoever wrote it is not typing it any more. */
  clear(conversation: string, name: string): void {
    if (this.#shown.get(conversation)?.has(name)) this.#show(conversation, name, false);
  }

  stop(): void {
    for (const people of this.#shown.values()) for (const { cancel } of people.values()) cancel();
    this.#shown.clear();
  }

  #show(conversation: string, name: string, typing: boolean): void {
    const people = this.#shown.get(conversation) ?? new Map<string, { name: string; cancel: () => void }>();
    people.get(name)?.cancel();
    people.delete(name);
    if (typing) {
      const cancel = this.#core.clock.setTimer(typingMs, () => this.#show(conversation, name, false));
      people.set(name, { name, cancel });
    }
    this.#shown.set(conversation, people);
    this.#core.announce({ kind: 'typing', conversation, people: [...people.keys()] });
  }
}
