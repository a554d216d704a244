/** The host's copy of the engine's state, kept in step by its changes, so that views are functions of a plain value. */
import type { ConversationSummary, EngineChange, EngineState } from '@crypt2chat/shared/engine';

/** The state after `change`; the same object when it says nothing that the state holds. */
export function applyChange(state: EngineState, change: EngineChange): EngineState {
  switch (change.kind) {
    case 'account':
      return { ...state, account: change.account };
    case 'connection':
      return { ...state, connection: change.connection };
    case 'conversation':
      return { ...state, conversations: withConversation(state.conversations, change.conversation) };
    case 'message':
    case 'message-removed':
    case 'typing':
      return state;
  }
}

/** By latest activity, newest first; those without any stay where they are, at the end. */
function withConversation(
  conversations: readonly ConversationSummary[],
  changed: ConversationSummary,
): readonly ConversationSummary[] {
  const known = conversations.some(({ key }) => key === changed.key);
  const next = known
    ? conversations.map((each) => (each.key === changed.key ? changed : each))
    : [...conversations, changed];
  return next.sort((a, b) => (b.lastActivityAt ?? 0) - (a.lastActivityAt ?? 0));
}
