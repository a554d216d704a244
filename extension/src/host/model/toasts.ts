/**
 * Whether a message that arrived is announced by a toast. Quiet is the rule: the badge tells of everything, a toast only
 * of a message from somebody one talks to, in a conversation that is not being looked at, and of each conversation once
 * until it has been read.
 */
import type { ConversationKey, EngineChange, EngineState, MessageBody } from '@crypt2chat/shared/engine';
import { plainLine, plainName } from './plain-text.ts';

/** The setting: nothing, who wrote, or also how the message begins. */
export type ToastLevel = 'off' | 'sender' | 'preview';

export interface Toast {
  readonly conversation: ConversationKey;
  readonly text: string;
}

const previewLength = 80;

export class Toasts {
  readonly #announced = new Set<ConversationKey>();

  /**
   * @param watched the conversation that stands on the screen of a focused window.
   * @returns what to show, if anything.
   */
  take(
    change: EngineChange,
    engine: EngineState,
    level: ToastLevel,
    watched: ConversationKey | undefined,
  ): Toast | undefined {
    if (change.kind === 'conversation' && change.conversation.unread === 0) {
      this.#announced.delete(change.conversation.key);
      return undefined;
    }
    if (change.kind !== 'message' || !change.arrived || change.message.own || level === 'off')
      return undefined;
    const { conversation: key, author, body } = change.message;
    if (body.kind === 'event') return undefined;
    if (key === watched || this.#announced.has(key)) return undefined;
    const conversation = engine.conversations.find((each) => each.key === key);
    if (conversation?.status !== 'active') return undefined;
    this.#announced.add(key);
    const name = plainName(author);
    const preview = level === 'preview' ? previewOf(body) : '';
    return { conversation: key, text: preview === '' ? `New message from ${name}` : `${name}: ${preview}` };
  }
}

type Body = Exclude<MessageBody, { kind: 'event' }>;

function previewOf(body: Body): string {
  switch (body.kind) {
    case 'text':
      return plainLine(body.text, previewLength);
    case 'code':
      return plainLine(`${body.path}:${body.startLine}`, previewLength);
    case 'unreadable':
      return '';
  }
}
