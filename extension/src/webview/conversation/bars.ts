/** The bars around the messages: a lost connection, a request to answer, and why nothing can be sent. */
import { sentenceOf, type ViewConnection, type ViewConversation } from '../../ipc/index.ts';
import { element, plainButton, setShown, setText } from '../elements.ts';
import { icon } from '../icons.ts';
import { kitButton } from '../kit.ts';
import { connectionLine, oneLine } from '../model/index.ts';
import type { Context } from '../view.ts';

export interface Bar<Value> {
  readonly element: HTMLElement;
  update(value: Value): void;
}

/** In words, with when it tries again; quiet for the first seconds. */
export function connectionBar({ clock, post }: Context): Bar<ViewConnection> & { dispose(): void } {
  const words = element('span');
  // The seconds count down: a reader that is told each would say nothing else.
  const recover = plainButton({ class: 'link-button' }, ['Use recovery phrase'], () => {
    post({ type: 'recover' });
  });
  const bar = element('div', { class: 'bar connection' }, icon('disconnected'), words, recover);
  let connection: ViewConnection = { state: 'idle' };
  let goodUntil = clock.now();
  let cancelTick = (): void => undefined;

  function show(): void {
    cancelTick();
    const now = clock.now();
    if (connection.state === 'online' || connection.state === 'idle') goodUntil = now;
    else cancelTick = clock.setTimer(1000, show);
    const line = connectionLine(connection, goodUntil, now);
    setShown(bar, line !== undefined);
    setText(words, line?.text ?? '');
    setShown(recover, line?.remedy === 'recover');
  }
  show();
  return {
    element: bar,
    update(next) {
      if (next === connection) return;
      connection = next;
      show();
    },
    dispose() {
      cancelTick();
    },
  };
}

/** On a request, what can be done with it; on what was put aside, how to take it up again. */
export function answerBar(conversation: string, { post }: Context): Bar<ViewConversation> {
  const words = element('p', { dir: 'auto' });
  const accept = kitButton('Accept', 'primary', () => {
    post({ type: 'answer-request', conversation, answer: 'accept' });
  });
  const ignore = kitButton('Ignore', 'secondary', () => {
    post({ type: 'answer-request', conversation, answer: 'ignore' });
  });
  const block = kitButton('Block', 'secondary', () => {
    post({ type: 'answer-request', conversation, answer: 'block' });
  });
  const buttons = element('div', { class: 'buttons' }, accept.element, ignore.element, block.element);
  const bar = element('section', { class: 'request', 'aria-label': 'Answer' }, words, buttons);
  return {
    element: bar,
    update({ status, title }) {
      setShown(bar, status !== 'active');
      const name = oneLine(title);
      if (status === 'request') {
        setText(words, `${name} wants to write to you. They are told nothing until you accept.`);
      } else if (status === 'ignored') {
        setText(words, `You ignore ${name}. What they write is kept here, quietly.`);
      } else if (status === 'blocked') {
        setText(words, `You have blocked ${name}. What they send is dropped.`);
      }
      setText(accept.element, status === 'blocked' ? 'Unblock' : 'Accept');
      setShown(ignore.element, status === 'request');
      setShown(block.element, status === 'request' || status === 'ignored');
    },
  };
}

/** Why nothing can be sent here at present. */
export function troubleBar({ post }: Context): Bar<ViewConversation> {
  const words = element('span');
  const recover = plainButton({ class: 'link-button' }, ['Use recovery phrase'], () => {
    post({ type: 'recover' });
  });
  const bar = element('div', { class: 'bar trouble', role: 'alert' }, icon('warning'), words, recover);
  return {
    element: bar,
    update({ trouble }) {
      const sentence = trouble === undefined ? undefined : sentenceOf(trouble);
      setText(words, sentence?.text ?? '');
      setShown(recover, sentence?.remedy === 'recover');
      setShown(bar, sentence !== undefined);
    },
  };
}
