/**
 * One message in the page, with what stands in front of it. Updating it touches only what has changed: a body is made
 * once, a state changes often.
 */
import { sentenceOf, sentenceOfUnreadable, type ViewMessage } from '../../ipc/index.ts';
import { element, hiddenText, plainButton } from '../elements.ts';
import { icon, type IconName } from '../icons.ts';
import {
  avatarColour,
  clockTime,
  dayInWords,
  eventParts,
  fullTime,
  initials,
  type Row,
  sameRow,
  stateWords,
} from '../model/index.ts';
import { markdownNodes } from '../text/index.ts';
import type { Context } from '../view.ts';
import { codeCard } from './code-card.ts';
import { authorOf, nameMessage, unreadableTitle } from './say.ts';

const stateIcons: Readonly<Record<NonNullable<ViewMessage['state']>, IconName>> = {
  pending: 'history',
  sent: 'check',
  delivered: 'check-all',
  read: 'check-all',
  failed: 'error',
};

export class RowView {
  /** Holds the lines in front of the message, and the message. */
  readonly element = element('div', { class: 'row' });
  readonly article = element('article', { class: 'message', tabindex: '-1' });
  readonly #lines = element('div', { class: 'part' });
  readonly #head = element('div', { class: 'part' });
  readonly #body = element('div', { class: 'body' });
  readonly #foot = element('div', { class: 'part' });
  readonly #context: Context;
  readonly #username: string;
  #row: Row;

  constructor(row: Row, username: string, context: Context) {
    this.#context = context;
    this.#username = username;
    this.#row = row;
    this.#body.append(...this.#bodyOf(row.message));
    // What VS Code hands to the commands of its own context menu.
    const { conversation, key } = row.message;
    if (row.message.body.kind !== 'event') {
      const menu = JSON.stringify({ webviewSection: 'message', conversation, key });
      this.article.setAttribute('data-vscode-context', menu);
    }
    this.article.append(this.#head, this.#body, this.#foot);
    this.element.append(this.#lines, this.article);
    this.#show(row);
  }

  get message(): ViewMessage {
    return this.#row.message;
  }

  update(row: Row): void {
    const before = this.#row;
    if (sameRow(before, row)) return;
    this.#row = row;
    if (JSON.stringify(before.message.body) !== JSON.stringify(row.message.body)) {
      this.#body.replaceChildren(...this.#bodyOf(row.message));
    }
    this.#show(row, before);
  }

  /** Elements that stay the same are not taken out, even for a moment: focus and selection are in them. */
  #show(row: Row, before?: Row): void {
    const { message } = row;
    this.article.className = `message ${row.head ? 'head-of-run' : 'of-run'}${message.own ? ' own' : ''}`;
    this.article.setAttribute('aria-label', nameMessage(message));
    if (before?.head !== row.head || before.message.sentAt !== message.sentAt) {
      this.#head.replaceChildren(...this.#headOf(row));
    }
    if (before?.newDay !== row.newDay || before.unreadLine !== row.unreadLine) {
      this.#lines.replaceChildren(...linesBefore(row, this.#context.clock.now()));
    }
    const hadFocus = this.#foot.contains(document.activeElement);
    this.#foot.replaceChildren(...this.#footOf(row));
    if (hadFocus) this.article.focus({ preventScroll: true });
    this.setCurrent(this.article.tabIndex === 0);
  }

  /** Another day has begun: what was “Today” is not. */
  renewDay(): void {
    const line = this.element.querySelector('.day');
    if (line !== null) {
      line.textContent = dayInWords(this.#row.message.sentAt, this.#context.clock.now());
    }
  }

  /** The current message is the one that Tab reaches, with what can be done in it. */
  setCurrent(current: boolean): void {
    const tabIndex = current ? 0 : -1;
    this.article.tabIndex = tabIndex;
    for (const part of this.article.querySelectorAll<HTMLElement>('button, a')) part.tabIndex = tabIndex;
  }

  #headOf({ message, head }: Row): HTMLElement[] {
    if (!head) return [this.#timeOf(message, 'gutter-time')];
    if (message.body.kind === 'unreadable' || message.body.kind === 'event') return [];
    const name = message.own ? this.#username : message.author;
    const avatar = element(
      'span',
      { class: `avatar hue-${avatarColour(name)}`, 'aria-hidden': 'true' },
      initials(name),
    );
    return [
      avatar,
      element(
        'div',
        { class: 'byline' },
        element('bdi', { class: 'author' }, authorOf(message)),
        ' ',
        this.#timeOf(message, 'time'),
      ),
    ];
  }

  #timeOf(message: ViewMessage, name: string): HTMLElement {
    return element('time', { class: name, title: fullTime(message.sentAt) }, clockTime(message.sentAt));
  }

  #bodyOf(message: ViewMessage): Node[] {
    const { body, own } = message;
    switch (body.kind) {
      case 'text':
        return [textElement(body.text)];
      case 'code': {
        const { kind: _kind, ...code } = body;
        const note = body.note === undefined || body.note === '' ? [] : [textElement(body.note)];
        return [...note, codeCard(code, this.#context)];
      }
      case 'unreadable':
        return [
          element(
            'div',
            { class: 'fail', dir: 'auto' },
            element('strong', {}, unreadableTitle(message.author)),
            ' ',
            sentenceOfUnreadable(body.reason).text,
          ),
        ];
      case 'event':
        return [
          element(
            'div',
            { class: 'event' },
            ...eventParts(body, own).map((part) =>
              typeof part === 'string' ? part : element('bdi', {}, part.name),
            ),
            ' · ',
            this.#timeOf(message, 'event-time'),
          ),
        ];
    }
  }

  #footOf({ message, lastRead }: Row): Node[] {
    const { post } = this.#context;
    const { conversation, key, body } = message;
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
    if (message.state === undefined) return tools;
    if (message.state !== 'failed') {
      const state = element(
        'span',
        { class: `state ${message.state}`, title: stateWords[message.state] },
        icon(stateIcons[message.state]),
        // The newest that was read says so in a word, for eyes that do not tell the colours apart.
        lastRead ? 'read' : hiddenText(stateWords[message.state]),
      );
      return [state, ...tools];
    }
    const why = message.failure === undefined ? '' : sentenceOf(message.failure).text;
    return [
      element(
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
      ),
      ...tools,
    ];
  }
}

function linesBefore({ message, newDay, unreadLine }: Row, now: number): HTMLElement[] {
  const lines = [];
  if (newDay) lines.push(element('div', { class: 'day' }, dayInWords(message.sentAt, now)));
  if (unreadLine) lines.push(element('div', { class: 'new' }, element('span', {}, 'new')));
  return lines;
}

function textElement(text: string): HTMLElement {
  return element('div', { class: 'text' }, markdownNodes(text));
}
