/** Puts the parts of an open conversation together and tells each what has changed. */
import { sentenceOf } from '../../ipc/index.ts';
import { element } from '../elements.ts';
import type { OpenConversation, State } from '../model/index.ts';
import type { Context, View } from '../view.ts';
import { announcer } from './announce.ts';
import { answerBar, connectionBar, troubleBar } from './bars.ts';
import { Composer } from './composer.ts';
import { missingKeysBar, standingBar, typingLine } from './group-bars.ts';
import { conversationHead } from './head.ts';
import { MessageList } from './list.ts';

export function conversationView(first: OpenConversation, context: Context): View {
  const key = first.conversation.key;
  const head = conversationHead(key, context);
  const connection = connectionBar(context);
  const answer = answerBar(key, context);
  const trouble = troubleBar(context);
  const standing = standingBar();
  const missingKeys = missingKeysBar(key, context);
  const typing = typingLine();
  const announce = announcer();
  const composer = new Composer(first, context, () => {
    list.goToEnd();
  });
  const list = new MessageList(first, context, () => {
    composer.focus();
  });
  const page = element(
    'main',
    { class: 'conversation' },
    head.element,
    connection.element,
    missingKeys.element,
    list.element,
    typing.element,
    answer.element,
    standing.element,
    trouble.element,
    composer.element,
    announce.element,
  );

  function show(open: OpenConversation, state: State | undefined): void {
    head.update(open);
    answer.update(open.conversation);
    for (const bar of [standing, missingKeys, typing]) bar.update(open);
    trouble.update(open.conversation);
    composer.update(open);
    list.update(open, state?.attentive ?? false);
  }
  show(first, undefined);

  return {
    element: page,
    update(state, step) {
      if (state.shown.screen !== 'conversation') return;
      const { open } = state.shown;
      connection.update(state.connection);
      show(open, state);
      if (step.type === 'message' && step.arrived && !step.message.own && step.message.conversation === key) {
        announce.say(step.message);
      }
      if (step.type === 'not-sent' && step.conversation === key) {
        composer.takeBack(step.draft, sentenceOf(step.code).text);
      }
    },
    focus() {
      composer.focus();
    },
    dispose() {
      connection.dispose();
      composer.dispose();
      list.dispose();
    },
  };
}
