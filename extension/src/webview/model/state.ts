/** All that the view knows. Values are never changed in place: what is another object has changed. */
import type {
  Screen,
  ViewCode,
  ViewConnection,
  ViewConversation,
  ViewMember,
  ViewMessage,
  ViewPlace,
} from '../../ipc/index.ts';

export interface OpenConversation {
  readonly conversation: ViewConversation;
  /** Our own name. */
  readonly username: string;
  /** Without gaps, by place. */
  readonly messages: readonly ViewMessage[];
  readonly hasOlder: boolean;
  /** A page of older messages has been asked for and has not come. */
  readonly loadingOlder: boolean;
  /** Messages after the last of `messages` exist and are not here; see {@link maxHeld}. */
  readonly missingNewer: boolean;
  /** Where the “new” line stands, until the conversation is left. */
  readonly firstUnread?: ViewPlace;
  /** The latest place of which the host has been told that it was seen. */
  readonly readUpTo?: ViewPlace;
  /** Who is typing, by name. */
  readonly typing: readonly string[];
  /** Of a group; of a conversation between two, nobody. */
  readonly members: readonly ViewMember[];
  readonly attachments: readonly ViewCode[];
}

export type RelayCheck =
  | { readonly state: 'checking'; readonly relay: string }
  | {
      readonly state: 'reachable';
      readonly relay: string;
      readonly registration: 'open' | 'invite' | 'closed';
      readonly retentionDays: number;
    }
  | { readonly state: 'failed'; readonly relay: string; readonly code: string };

export type StillScreen = Exclude<Screen, { screen: 'conversation' | 'register' }>;

export type Shown =
  | StillScreen
  | {
      readonly screen: 'register';
      /** What the fields hold at first. */
      readonly relay: string;
      readonly username: string;
      readonly check?: RelayCheck;
      /** The host works on a registration. */
      readonly busy: boolean;
      readonly failure?: string;
    }
  | { readonly screen: 'conversation'; readonly open: OpenConversation };

export interface State {
  readonly shown: Shown;
  readonly connection: ViewConnection;
  /** The view is on the screen and has the keyboard focus: what is shown now is seen. */
  readonly attentive: boolean;
}

export const initialState: State = {
  shown: { screen: 'loading' },
  connection: { state: 'idle' },
  attentive: false,
};

/**
 * So many messages of the open conversation are kept, about as many as somebody can scroll through in an hour. Past it
 * the newest go, and are asked for anew when they are scrolled to.
 */
export const maxHeld = 20_000;

/** So many passages of code wait in the composer. */
export const maxAttachments = 10;
