/** Under a message: how far it has come, and what can be done with it. */
import { sentenceOf, type ViewMessage } from '../../ipc/index.ts';
import { element, hiddenText, plainButton } from '../elements.ts';
import { icon, type IconName } from '../icons.ts';
import { progressWords, type Row, stateInWords } from '../model/index.ts';
import type { Context } from '../view.ts';

const stateIcons: Readonly<Record<NonNullable<ViewMessage['state']>, IconName>> = {
  pending: 'history',
  sent: 'check',
  delivered: 'check-all',
  read: 'check-all',
  failed: 'error',
};

export function footOf(row: Row, { post }: Context): Node[] {
  const { body, state } = row.message;
  const tools =
    body.kind === 'text'
      ? [
          plainButton(
            { class: 'tool', tabindex: '-1', title: 'Copy', 'aria-label': 'Copy message' },
            [icon('copy')],
            () => {
              post({ type: 'copy', text: body.text });
            },
          ),
        ]
      : [];
  if (state === undefined) return tools;
  if (state === 'failed') return [failed(row.message, post), ...tools];
  if (!hasReceipts(row.message)) return [plainState(row, state), ...tools];
  return [element('span', { class: 'foot' }, ...tools, receipts(row.message, state, post))];
}

/** How far it has come can be asked of each member. */
export function hasReceipts({ progress, state }: ViewMessage): boolean {
  return progress !== undefined && state !== 'pending' && state !== 'failed';
}

type State = NonNullable<ViewMessage['state']>;

function plainState({ message, lastRead }: Row, state: State): HTMLElement {
  const words = stateInWords(message);
  return element(
    'span',
    { class: `state ${state}`, title: words },
    icon(stateIcons[state]),
    // The newest that was read says so in a word, for eyes that do not tell the colours apart.
    lastRead ? 'read' : hiddenText(words),
  );
}

function receipts(message: ViewMessage, state: State, post: Context['post']): HTMLElement {
  const { conversation, key, progress } = message;
  const words = stateInWords(message);
  return plainButton(
    { class: `state ${state}`, tabindex: '-1', title: words, 'aria-label': `${words}. Show each member` },
    [icon(stateIcons[state]), progress === undefined ? '' : progressWords(progress)],
    () => {
      post({ type: 'show-receipts', conversation, key });
    },
  );
}

function failed({ conversation, key, failure }: ViewMessage, post: Context['post']): HTMLElement {
  const why = failure === undefined ? '' : sentenceOf(failure).text;
  return element(
    'div',
    { class: 'failed' },
    icon('error'),
    element('span', {}, `Not sent. ${why}`),
    element(
      'div',
      { class: 'failed-actions' },
      plainButton({ class: 'link-button', tabindex: '-1' }, ['Retry'], () => {
        post({ type: 'retry', conversation, key });
      }),
      plainButton({ class: 'link-button', tabindex: '-1' }, ['Delete'], () => {
        post({ type: 'delete', conversation, key });
      }),
    ),
  );
}
