/** The bars around the messages: a lost connection, a request to answer, and why nothing can be sent. */
import { sentenceOf, type ViewConnection, type ViewConversation } from '../../ipc/index.ts';
import { element, plainButton, setShown, setText } from '../elements.ts';
import { icon } from '../icons.ts';
import { kitButton } from '../kit.ts';
import { connectionLine, oneLine, type Part } from '../model/index.ts';
import type { Context } from '../view.ts';
import { nodesOf } from './parts.ts';

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
  const answer = (given: 'accept' | 'ignore' | 'block') => () => {
    post({ type: 'answer-request', conversation, answer: given });
  };
  const accept = kitButton('Accept', 'primary', answer('accept'));
  const ignore = kitButton('Ignore', 'secondary', answer('ignore'));
  const leave = kitButton('Leave', 'secondary', () => {
    post({ type: 'leave-group', conversation });
  });
  const block = kitButton('Block', 'secondary', answer('block'));
  const all = [accept, ignore, leave, block].map((button) => button.element);
  const buttons = element('div', { class: 'buttons' }, ...all);
  const bar = element('section', { class: 'request', 'aria-label': 'Answer' }, words, buttons);
  return {
    element: bar,
    update({ status, title, group }) {
      setShown(bar, status !== 'active');
      if (status === 'active') return;
      const who = oneLine(group?.invitedBy ?? title);
      words.replaceChildren(...nodesOf(group === undefined ? requestOf(who)[status] : addedBy(who)[status]));
      setText(accept.element, status === 'blocked' ? 'Unblock' : 'Accept');
      // Who has blocked somebody has left their group: there is no way back into it from here.
      setShown(accept.element, group === undefined || status !== 'blocked');
      // Of a group, the one who is blocked is named: it is not the group.
      const whom = group?.invitedBy === undefined ? [] : [' ', element('bdi', {}, who)];
      block.element.replaceChildren(element('span', {}, 'Block', ...whom));
      setShown(ignore.element, status === 'request');
      setShown(leave.element, group !== undefined && status !== 'blocked');
      setShown(block.element, status === 'request' || status === 'ignored');
    },
  };
}

type Answers = Readonly<Record<'request' | 'ignored' | 'blocked', readonly Part[]>>;

function requestOf(name: string): Answers {
  const who = { name };
  return {
    request: [who, ' wants to write to you. They are told nothing until you accept.'],
    ignored: ['You ignore ', who, '. What they write is kept here, quietly.'],
    blocked: ['You have blocked ', who, '. What they send is dropped.'],
  };
}

function addedBy(name: string): Answers {
  const who = { name };
  return {
    request: [who, ' added you to this group. Nobody is told what you read here until you accept.'],
    ignored: ['You ignore this group, which ', who, ' added you to. What is written is kept here, quietly.'],
    blocked: ['You left this group, and blocked ', who, ', who had added you.'],
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
    update({ trouble, group }) {
      // How one stands in a group is said by a bar of its own, which says as much and more.
      const isSaid = group !== undefined && group.standing !== 'ready';
      const sentence = trouble === undefined || isSaid ? undefined : sentenceOf(trouble);
      setText(words, sentence?.text ?? '');
      setShown(recover, sentence?.remedy === 'recover');
      setShown(bar, sentence !== undefined);
    },
  };
}
