/**
 * Whether a message that arrived is announced by a toast. Quiet is the rule: the badge tells of everything, a toast only
 * of a message from somebody one talks to, or of one that mentions us in a group; never of a conversation that is muted
 * or being looked at; and of each conversation once until it has been read.
 */
import type {
  ConversationKey,
  ConversationSummary,
  EngineChange,
  EngineState,
  MessageBody,
} from '@crypt2chat/shared/engine';
import { plainTitle } from './group-rows.ts';
import { plainLine, plainName } from './plain-text.ts';

/** The setting: nothing, who wrote, or also how the message begins. */
export type ToastLevel = 'off' | 'sender' | 'preview';

export interface Toast {
  readonly conversation: ConversationKey;
  readonly text: string;
}

const previewLength = 80;

/** How the person wants it, at this moment. */
export interface ToastWishes {
  readonly level: ToastLevel;
  /** The conversation that stands on the screen of a focused window. */
  readonly watched: ConversationKey | undefined;
  readonly quiet: { has(key: ConversationKey): boolean };
}

export class Toasts {
  readonly #announced = new Set<ConversationKey>();

  /** @returns what to show, if anything. */
  take(change: EngineChange, engine: EngineState, { level, watched, quiet }: ToastWishes): Toast | undefined {
    if (change.kind === 'conversation' && change.conversation.unread === 0) {
      this.#announced.delete(change.conversation.key);
      return undefined;
    }
    if (change.kind !== 'message' || !change.arrived || change.message.own || level === 'off')
      return undefined;
    const { conversation: key, author, body, mentionsUs } = change.message;
    if (body.kind === 'event' || key === watched || quiet.has(key) || this.#announced.has(key))
      return undefined;
    const conversation = engine.conversations.find((each) => each.key === key);
    if (conversation?.status !== 'active') return undefined;
    if (conversation.group !== undefined && mentionsUs !== true) return undefined;
    this.#announced.add(key);
    const preview = level === 'preview' ? previewOf(body) : '';
    return { conversation: key, text: wordsOf(plainName(author), conversation, preview) };
  }
}

function wordsOf(name: string, conversation: ConversationSummary, preview: string): string {
  if (conversation.group === undefined) {
    return preview === '' ? `New message from ${name}` : `${name}: ${preview}`;
  }
  const group = plainTitle(conversation);
  return preview === '' ? `${name} mentioned you in ${group}` : `${name} in ${group}: ${preview}`;
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
