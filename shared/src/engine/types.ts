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
  /** The other person's name on the relay, or the group's name. */
  readonly title: string;
  /** `name#accountId`; empty for a group. */
  readonly address: string;
  readonly status: ConversationStatus;
  /** Begun with `name#accountId`, so that the relay could not choose who it is. Of a group: all members were. */
  readonly verified: boolean;
  /** What only a group has. */
  readonly group?: GroupSummary;
  /** Messages of others that have not been seen. */
  readonly unread: number;
  /** Milliseconds since 1970; absent while there is no message. */
  readonly lastActivityAt?: number;
  readonly draft: string;
  /** Why nothing can be sent here at present: `ERR_LOG_FORK`, `ERR_NAME_FORK`, `ERR_DEVICE_NONE`, … */
  readonly trouble?: string;
}

/**
 * How this computer stands in a group.
 * - `joining`: it was added, and has not seen the group's log yet.
 * - `keys-missing`: it lacks the keys of the present epoch and has asked the others for them.
 * - `stuck`: somebody changed the group in a way that nobody can follow; a successor is awaited.
 * - `left`, `removed`: what was said before stays; nothing comes after.
 */
export type GroupStanding = 'joining' | 'ready' | 'keys-missing' | 'stuck' | 'left' | 'removed';

export interface GroupSummary {
  readonly people: number;
  /** Of them, those whose account id came with an invitation; we are one of both. */
  readonly verifiedPeople: number;
  readonly admin: boolean;
  /** We may add people. */
  readonly mayAdd: boolean;
  readonly standing: GroupStanding;
  /** Unread messages that name us with an @. */
  readonly mentions: number;
  /** While it is not accepted: who added us. */
  readonly invitedBy?: string;
}

/** Who may add people. Everything else that changes a group is for its admins. */
export type WhoMayAdd = 'anyone' | 'admins';

/** Names an account: its id in base64url (43 characters). */
export type AccountKey = string;

export interface GroupMember {
  readonly account: AccountKey;
  readonly name: string;
  /** `name#accountId` */
  readonly address: string;
  readonly own: boolean;
  readonly admin: boolean;
  readonly verified: boolean;
  /** Set while it is known that they lack the group's present keys: the code says why, and the repair is under way. */
  readonly keysMissing?: string;
}

/** A group's members and rules, asked for when they are looked at; each change of it comes with one of its conversation. */
export interface GroupView {
  readonly key: ConversationKey;
  readonly name: string;
  readonly mayAdd: WhoMayAdd;
  /** In the order in which they came. */
  readonly members: readonly GroupMember[];
}

/** How far a message of ours has come with one member. */
export interface MemberReceipt {
  readonly account: AccountKey;
  readonly name: string;
  readonly state: 'sent' | 'delivered' | 'read';
}

/**
 * What changed in a group, as a line in its conversation. `people` are the names of the others whom it happened to, and
 * `us` says that it happened to us, too; whether it was us who did it is the message's `own`. Nobody is told apart by a
 * name that could be somebody else's.
 * - `created`, `added` (with `shared`: how many earlier messages they were given), `joined` (ourselves), `removed`, `left`
 * - `renamed` to `name`; `adding` with `mayAdd`; `admins-made`, `admins-unmade`
 * - `computers`: the computers of `people` changed, as their own accounts say
 * - `succeeded`: the group goes on as another one, because nobody could follow a change
 * - `refused`: what we wanted to change, about `people` where there are any, is not allowed any more
 * - `lost`: the relay does not have messages any more, or does not show them
 * - `differs`: the relay shows `by` other entries of the group than it shows us
 */
export type GroupEvent = {
  readonly kind: 'event';
  readonly event:
    | 'created'
    | 'added'
    | 'joined'
    | 'removed'
    | 'left'
    | 'renamed'
    | 'adding'
    | 'admins-made'
    | 'admins-unmade'
    | 'computers'
    | 'succeeded'
    | 'refused'
    | 'lost'
    | 'differs';
  /** Who did it: a name; empty where nobody did. */
  readonly by: string;
  readonly people: readonly string[];
  readonly us?: true;
  readonly name?: string;
  readonly mayAdd?: WhoMayAdd;
  readonly shared?: number;
};

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

export type MessageBody =
  Draft | GroupEvent | { readonly kind: 'unreadable'; readonly reason: UnreadableReason };

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
  /** In a group: somebody else names us with an @. */
  readonly mentionsUs?: true;
  /** It was sent before we came, and this member gave it to us. */
  readonly sharedBy?: string;
  /** Of own messages in a group: with how many of the others it has arrived, and by how many it was read. */
  readonly progress?: { readonly delivered: number; readonly read: number; readonly of: number };
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
  /** Who is typing there now, by name. */
  | { readonly kind: 'typing'; readonly conversation: ConversationKey; readonly people: readonly string[] };

/** What can be done with groups. Rejections have codes; a group that is not ours is `ERR_CONVERSATION_UNKNOWN`. */
export interface GroupCommands {
  /**
   * A group of ourselves and whoever the addresses (`name` or `name#accountId`) mean.
   * @throws CodedError `ERR_GROUP_NAME`, `ERR_GROUP_TOO_LARGE`, and what `openConversation` throws.
   */
  create(name: string, addresses: readonly string[]): Promise<ConversationSummary>;
  view(conversation: ConversationKey): GroupView;
  /**
   * @param shareLast how many of the last messages they are given, 0 to 100.
   * @throws CodedError `ERR_GROUP_NOT_ALLOWED`, `ERR_GROUP_NOT_MEMBER`, `ERR_GROUP_TOO_LARGE`, and what `openConversation` throws.
   */
  add(conversation: ConversationKey, addresses: readonly string[], shareLast: number): Promise<void>;
  /** @throws CodedError `ERR_GROUP_NOT_ALLOWED`, `ERR_GROUP_NOT_MEMBER`, `ERR_MEMBER_UNKNOWN`. */
  remove(conversation: ConversationKey, account: AccountKey): void;
  leave(conversation: ConversationKey): void;
  /** @throws CodedError `ERR_GROUP_NAME`, `ERR_GROUP_NOT_ALLOWED`, `ERR_GROUP_NOT_MEMBER`. */
  rename(conversation: ConversationKey, name: string): void;
  /** @throws CodedError `ERR_GROUP_NOT_ALLOWED`, `ERR_GROUP_NOT_MEMBER`, `ERR_MEMBER_UNKNOWN`. */
  setAdmin(conversation: ConversationKey, account: AccountKey, admin: boolean): void;
  setMayAdd(conversation: ConversationKey, mayAdd: WhoMayAdd): void;
  /** Of a message of ours: each other member's state. @throws CodedError `ERR_MESSAGE_UNKNOWN`. */
  receipts(conversation: ConversationKey, key: MessageKey): readonly MemberReceipt[];
  /** 60 digits in twelve groups. @throws CodedError `ERR_MEMBER_UNKNOWN`. */
  safetyNumber(conversation: ConversationKey, account: AccountKey): string;
}

/** What a relay says of itself before one registers with it. */
export interface RelayAbout {
  readonly origin: string;
  readonly version: string;
  readonly registration: 'open' | 'invite' | 'closed';
  readonly retentionDays: number;
}
