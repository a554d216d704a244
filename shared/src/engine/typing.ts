/** Typing: sealed for whoever waits at the relay right now, or lost (protocol §7.1). No state changes for it. */
import { equalBytes, toBase64url } from '../bytes/index.ts';
import { hasCode } from '../errors/index.ts';
import { openEphemeral, sealEphemeral } from '../ratchet/index.ts';
import { encodeEnvelope, encodeEphemeral, limits, parseEnvelope, parseEphemeral } from '../wire/index.ts';
import { contactOf, directConversationId } from './conversations.ts';
import type { Core } from './core.ts';
import { rightFor } from './posting.ts';
import { contacts, conversations, sessions, type ConversationRecord } from './records.ts';
import type { RelayClient } from './relay-client.ts';
import { ratchetOf, sessionsWith } from './sessions.ts';

/** Sessions that are tried for one. */
const maxTried = 50;
/** Without another word, typing is over after this. */
const typingMs = 8_000;

export class Typing {
  readonly #core: Core;
  readonly #relay: RelayClient;
  readonly #shown = new Map<string, () => void>();
  /** By session: the time of the last one that was taken. */
  readonly #latest = new Map<string, number>();

  constructor(core: Core, relay: RelayClient) {
    this.#core = core;
    this.#relay = relay;
  }

  /** Nothing is sent to who has not been accepted, has not answered, or must not be written to. */
  async send(conversation: ConversationRecord, typing: boolean): Promise<void> {
    const core = this.#core;
    const contact = contactOf(core, conversation);
    if (conversation.status !== 'active' || contact.trouble !== undefined) return;
    const content = encodeEphemeral({
      v: 1,
      conversation: conversation.id,
      sentAt: core.clock.now(),
      typing,
    });
    for (const { id } of core.identityOf(contact).devices) {
      const [session] = sessionsWith(core, contact.account, id);
      if (!session || session.opening) continue;
      const body = sealEphemeral(ratchetOf(session), content, core.randomness);
      try {
        await this.#relay.deliverEphemeral(
          id,
          encodeEnvelope({ kind: 'ephemeral', body }),
          rightFor(contact, id),
        );
      } catch (error) {
        // Typing is worth no second try, and its loss no word.
        if (!hasCode(error)) throw error;
      }
    }
  }

  /** Anything that is not a fresh notice of a session of ours is nothing. */
  receive(envelope: Uint8Array): void {
    const core = this.#core;
    try {
      const { kind, body } = parseEnvelope(envelope);
      if (kind !== 'ephemeral') return;
      for (const session of core.vault.list(sessions, { descending: true, limit: maxTried })) {
        const opened = openEphemeral(ratchetOf(session), body);
        if (!opened) continue;
        const { conversation, sentAt, typing } = parseEphemeral(opened);
        const ours = core.identityOf(core.requireAccount()).accountId;
        const key = toBase64url(session.id);
        const fresh =
          Math.abs(core.clock.now() - sentAt) <= limits.clockSkewMs && sentAt > (this.#latest.get(key) ?? 0);
        if (!fresh || !equalBytes(conversation, directConversationId(ours, session.account))) return;
        this.#latest.set(key, sentAt);
        if (core.vault.get(conversations, conversation)?.status === 'active')
          this.#show(conversation, typing);
        return;
      }
    } catch (error) {
      if (!hasCode(error)) throw error;
    }
  }

  /** A message has come: whoever wrote it is not typing it any more. */
  clear(conversation: Uint8Array): void {
    if (this.#shown.has(toBase64url(conversation))) this.#show(conversation, false);
  }

  stop(): void {
    for (const cancel of this.#shown.values()) cancel();
    this.#shown.clear();
  }

  #show(conversation: Uint8Array, typing: boolean): void {
    const key = toBase64url(conversation);
    this.#shown.get(key)?.();
    this.#shown.delete(key);
    if (typing)
      this.#shown.set(
        key,
        this.#core.clock.setTimer(typingMs, () => {
          this.#show(conversation, false);
        }),
      );
    const peer = this.#core.vault.get(conversations, conversation)?.peer;
    const name = peer && this.#core.vault.get(contacts, peer)?.username;
    this.#core.announce({ kind: 'typing', conversation: key, people: typing && name ? [name] : [] });
  }
}
