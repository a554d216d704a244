/**
 * From one state of the view to the next: what the host says, and what happens here. Pure. A message about a
 * conversation that is not the open one changes nothing: it was on its way while the conversation was left.
 */
import type { Screen, ToWebview, ViewMessage, ViewPlace } from '../../ipc/index.ts';
import { comparePlaces, indexOfPlace, placeOf, withMessage, withOlder } from './order.ts';
import { maxAttachments, maxHeld, type OpenConversation, type Shown, type State } from './state.ts';

/** What happens in the view itself. */
export type Happening =
  | { readonly type: 'attention'; readonly attentive: boolean }
  | { readonly type: 'older-asked' }
  /** No page came in time; it may be asked for again. */
  | { readonly type: 'older-gave-up' }
  | { readonly type: 'seen'; readonly upTo: ViewPlace }
  | { readonly type: 'detached'; readonly index: number }
  | { readonly type: 'attachments-sent' }
  | { readonly type: 'relay-asked'; readonly relay: string }
  | { readonly type: 'relay-unchecked' }
  | { readonly type: 'register-asked' }
  | { readonly type: 'register-edited' };

export function reduce(state: State, step: ToWebview | Happening): State {
  switch (step.type) {
    case 'screen':
      return { ...state, shown: shownOf(state.shown, step.screen) };
    case 'connection':
      return { ...state, connection: step.connection };
    case 'attention':
      return { ...state, attentive: step.attentive };
    case 'relay':
      return inRegister(state, (shown) =>
        shown.check?.relay === step.relay
          ? { ...shown, check: { ...step.result, relay: step.relay } }
          : shown,
      );
    case 'relay-asked':
      return inRegister(state, (shown) => ({ ...shown, check: { state: 'checking', relay: step.relay } }));
    case 'relay-unchecked':
      return inRegister(state, ({ check: _gone, ...shown }) => shown);
    case 'register-asked':
      return inRegister(state, ({ failure: _gone, ...shown }) => ({ ...shown, busy: true }));
    case 'register-edited':
      return inRegister(state, ({ failure: _gone, ...shown }) => shown);
    case 'register-failed':
      return inRegister(state, (shown) => ({ ...shown, busy: false, failure: step.code }));
    case 'conversation':
      return inOpen(state, step.conversation.key, (open) => ({ ...open, conversation: step.conversation }));
    case 'message':
      return inOpen(state, step.message.conversation, (open) =>
        withNews(open, step.message, step.arrived, state.attentive),
      );
    case 'message-removed':
      return inOpen(state, step.conversation, (open) => ({
        ...open,
        messages: open.messages.filter((message) => message.key !== step.key),
      }));
    case 'older':
      return inOpen(state, step.conversation, (open) => withPage(open, step.messages, step.hasOlder));
    case 'older-asked':
      return inOpen(state, undefined, (open) => ({ ...open, loadingOlder: true }));
    case 'older-gave-up':
      return inOpen(state, undefined, (open) => ({ ...open, loadingOlder: false }));
    case 'typing':
      return inOpen(state, step.conversation, (open) => ({ ...open, typing: step.people }));
    case 'members':
      return inOpen(state, step.conversation, (open) => ({ ...open, members: step.members }));
    case 'seen':
      return inOpen(state, undefined, (open) => ({ ...open, readUpTo: step.upTo }));
    case 'attach':
      return inOpen(state, step.conversation, (open) => ({
        ...open,
        attachments: [...open.attachments, step.code].slice(-maxAttachments),
      }));
    case 'detached':
      return inOpen(state, undefined, (open) => ({
        ...open,
        attachments: open.attachments.filter((_, index) => index !== step.index),
      }));
    case 'attachments-sent':
      return inOpen(state, undefined, (open) => ({ ...open, attachments: [] }));
    case 'not-sent':
      return inOpen(state, step.conversation, (open) => {
        if (step.draft.kind === 'text') return open;
        const { kind: _kind, note: _note, ...code } = step.draft;
        return { ...open, attachments: [...open.attachments, code].slice(-maxAttachments) };
      });
    case 'focus':
      return state;
  }
}

function inRegister(
  state: State,
  change: (shown: Extract<Shown, { screen: 'register' }>) => Extract<Shown, { screen: 'register' }>,
): State {
  return state.shown.screen === 'register' ? { ...state, shown: change(state.shown) } : state;
}

function inOpen(
  state: State,
  key: string | undefined,
  change: (open: OpenConversation) => OpenConversation,
): State {
  if (state.shown.screen !== 'conversation') return state;
  const { open } = state.shown;
  if (key !== undefined && key !== open.conversation.key) return state;
  const next = change(open);
  return next === open ? state : { ...state, shown: { screen: 'conversation', open: next } };
}

function shownOf(before: Shown, screen: Screen): Shown {
  if (screen.screen === 'register') return { ...screen, busy: false };
  if (screen.screen !== 'conversation') return screen;
  const { screen: _name, messages, members = [], ...rest } = screen;
  const same = before.screen === 'conversation' && before.open.conversation.key === screen.conversation.key;
  const sorted = messages.toSorted(comparePlaces);
  const { firstUnread } = screen;
  const lastRead = firstUnread === undefined ? sorted.at(-1) : sorted[indexOfPlace(sorted, firstUnread) - 1];
  return {
    screen: 'conversation',
    open: {
      ...rest,
      ...(lastRead !== undefined && { readUpTo: placeOf(lastRead) }),
      messages: sorted,
      members,
      loadingOlder: false,
      missingNewer: false,
      attachments: same ? before.open.attachments : [],
      // The host no longer counts as unread what was read here; the line stays where it was until one leaves.
      ...(same && before.open.firstUnread !== undefined && { firstUnread: before.open.firstUnread }),
    },
  };
}

function withNews(
  open: OpenConversation,
  message: ViewMessage,
  arrived: boolean,
  attentive: boolean,
): OpenConversation {
  const theirs = arrived && !message.own;
  const typing = theirs ? without(open.typing, message.author) : open.typing;
  const last = open.messages.at(-1);
  if (last !== undefined) {
    const place = comparePlaces(message, last);
    const known = place <= 0 || open.messages.some((other) => other.key === message.key);
    if (place > 0 && open.missingNewer && !known) return typing === open.typing ? open : { ...open, typing };
    // In front of the first of what is here, a page brings it.
    if (open.hasOlder && comparePlaces(message, open.messages[0]!) < 0) return { ...open, typing };
  }
  const next = { ...open, typing, messages: withMessage(open.messages, message) };
  if (!theirs || attentive || hasUnseen(open)) return next;
  return { ...next, firstUnread: placeOf(message) };
}

function without(names: readonly string[], name: string): readonly string[] {
  return names.includes(name) ? names.filter((other) => other !== name) : names;
}

/** Whether the “new” line already stands in front of something that has not been seen. */
function hasUnseen({ firstUnread, readUpTo, messages }: OpenConversation): boolean {
  if (firstUnread === undefined) return false;
  if (readUpTo === undefined) return true;
  const from = indexOfPlace(messages, comparePlaces(firstUnread, readUpTo) > 0 ? firstUnread : readUpTo);
  return messages.slice(from).some((message) => !message.own && comparePlaces(message, readUpTo) > 0);
}

function withPage(open: OpenConversation, page: readonly ViewMessage[], hasOlder: boolean): OpenConversation {
  const messages = withOlder(open.messages, page);
  const held = messages.slice(0, maxHeld);
  return {
    ...open,
    messages: held,
    hasOlder,
    loadingOlder: false,
    missingNewer: open.missingNewer || held.length < messages.length,
  };
}
