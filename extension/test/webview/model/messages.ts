/** Messages for tests of the model. */
import type { Screen, ViewMessage } from '../../../src/ipc/index.ts';
import { initialState, type OpenConversation, reduce, type State } from '../../../src/webview/model/index.ts';

export const conversation = 'c';

export function message(counter: number, more: Partial<ViewMessage> = {}): ViewMessage {
  return {
    key: `k${String(counter).padStart(6, '0')}`,
    conversation,
    counter,
    author: 'bob',
    own: false,
    sentAt: 1_700_000_000_000 + counter * 1000,
    body: { kind: 'text', text: `text ${counter}` },
    ...more,
  };
}

export function messages(from: number, to: number): ViewMessage[] {
  return Array.from({ length: to - from }, (_, i) => message(from + i));
}

type TalkScreen = Extract<Screen, { screen: 'conversation' }>;

export function screenOf(list: ViewMessage[], more: Partial<TalkScreen> = {}): TalkScreen {
  return {
    screen: 'conversation',
    conversation: {
      key: conversation,
      title: 'bob',
      address: 'bob#x',
      status: 'active',
      verified: true,
      unread: 0,
      draft: '',
    },
    username: 'alice',
    messages: list,
    hasOlder: false,
    typing: [],
    ...more,
  };
}

export function stateWith(list: ViewMessage[], more: Partial<TalkScreen> = {}): State {
  return reduce(initialState, { type: 'screen', screen: screenOf(list, more) });
}

export function openOf(state: State): OpenConversation {
  if (state.shown.screen !== 'conversation') throw new Error('no conversation is open');
  return state.shown.open;
}

export function keysOf(state: State): number[] {
  return openOf(state).messages.map(({ counter }) => counter);
}
