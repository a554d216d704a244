/** What the engine shows of itself: plain values that can be sent to another thread or window as they are. */
import type { UnreadableReason } from './unreadable.ts';

/** Names a conversation: the protocol's conversation id in base64url (43 characters). */
export type ConversationKey = string;

/** Names a message within the vault: random, base64url (22 characters). */
export type MessageKey = string;

export interface AccountSummary {
  readonly username: string;
  /** `name#accountId`, for invitations. */
  readonly address: string;
  /** The relay's origin. */
  readonly relay: string;
  /** The person has said that the recovery phrase is written down. */
  readonly phraseConfirmed: boolean;
}

/** `offline` says why by a code (`ERR_RELAY_UNREACHABLE`, `ERR_DEVICE_REVOKED`, …). */
export type Connection =
  | { readonly state: 'idle' }
  | { readonly state: 'connecting' }
  | { readonly state: 'online' }
  | { readonly state: 'offline'; readonly code: string; readonly retryAt: number };

/**
 * - `request`: an unknown person wrote first; nothing is told to them until it is accepted.
 * - `ignored`: a request that was dismissed; further messages are kept, quietly.
 * - `blocked`: what they send is dropped.
 */
export type ConversationStatus = 'active' | 'request' | 'ignored' | 'blocked';

export interface ConversationSummary {
  readonly key: ConversationKey;
  /** The other person's name on the relay. */
  readonly title: string;
  /** `name#accountId` */
  readonly address: string;
  readonly status: ConversationStatus;
  /** Begun with `name#accountId`, so that the relay could not choose who it is. */
  readonly verified: boolean;
  /** Messages of others that have not been seen. */
  readonly unread: number;
  /** Milliseconds since 1970; absent while there is no message. */
  readonly lastActivityAt?: number;
  readonly draft: string;
  /** Why nothing can be sent here at present: `ERR_LOG_FORK`, `ERR_NAME_FORK`, `ERR_DEVICE_NONE`, … */
  readonly trouble?: string;
}

/** A place in a conversation: messages are shown in the order of (counter, key). */
export interface Place {
  readonly counter: number;
  readonly key: MessageKey;
}

export type MessageState = 'pending' | 'sent' | 'delivered' | 'read' | 'failed';

/** A passage of code with the place it was taken from. Lines count from 1 and include both ends. */
export interface CodeAnchor {
  readonly text: string;
  readonly language: string;
  /** Relative to the workspace folder, with `/`. */
  readonly path: string;
  readonly startLine: number;
  readonly endLine: number;
  readonly note?: string;
}

export type Draft =
  { readonly kind: 'text'; readonly text: string } | ({ readonly kind: 'code' } & CodeAnchor);

export type MessageBody = Draft | { readonly kind: 'unreadable'; readonly reason: UnreadableReason };

export interface MessageView {
  readonly key: MessageKey;
  readonly conversation: ConversationKey;
  readonly counter: number;
  /** The author's name; `own` for this account's messages. */
  readonly author: string;
  readonly own: boolean;
  /** The author's claim, milliseconds since 1970. */
  readonly sentAt: number;
  readonly body: MessageBody;
  /** Of own messages only. */
  readonly state?: MessageState;
  /** With `failed`: the code that says why. */
  readonly failure?: string;
}

export interface MessagePage {
  /** In the order shown, oldest first. */
  readonly messages: readonly MessageView[];
  readonly hasOlder: boolean;
  /** The oldest message of others that has not been seen, where there is one. */
  readonly firstUnread?: Place;
}

export interface EngineState {
  readonly account?: AccountSummary;
  readonly connection: Connection;
  /** By latest activity, newest first. */
  readonly conversations: readonly ConversationSummary[];
}

/** One small step from a state to the next. */
export type EngineChange =
  | { readonly kind: 'account'; readonly account: AccountSummary }
  | { readonly kind: 'connection'; readonly connection: Connection }
  | { readonly kind: 'conversation'; readonly conversation: ConversationSummary }
  | {
      readonly kind: 'message';
      readonly message: MessageView;
      /** Whether it came from outside just now, and may be announced. */
      readonly arrived: boolean;
    }
  | { readonly kind: 'message-removed'; readonly conversation: ConversationKey; readonly key: MessageKey }
  | { readonly kind: 'typing'; readonly conversation: ConversationKey; readonly typing: boolean };

/** What a relay says of itself before one registers with it. */
export interface RelayAbout {
  readonly origin: string;
  readonly version: string;
  readonly registration: 'open' | 'invite' | 'closed';
  readonly retentionDays: number;
}
