/**
 * One message in the page, with what stands in front of it. Updating it touches only what has changed: a body is made
 * once, a state changes often.
 */
import { sentenceOfUnreadable, type ViewMessage } from '../../ipc/index.ts';
import { element } from '../elements.ts';
import { icon } from '../icons.ts';
import {
  avatarColour,
  clockTime,
  dayInWords,
  eventParts,
  fullTime,
  initials,
  oneLine,
  type Row,
  sameRow,
} from '../model/index.ts';
import { markdownNodes, type Mentionable } from '../text/index.ts';
import type { Context } from '../view.ts';
import { codeCard } from './code-card.ts';
import { footOf, hasReceipts } from './foot.ts';
import { nodesOf } from './parts.ts';
import { authorOf, nameMessage, unreadableTitle } from './say.ts';

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
  #mentionable: Mentionable;
  #row: Row;

  constructor(row: Row, username: string, mentionable: Mentionable, context: Context) {
    this.#context = context;
    this.#username = username;
    this.#mentionable = mentionable;
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
    this.article.className = `message ${row.head ? 'head-of-run' : 'of-run'}${message.own ? ' own' : ''}${message.mentionsUs === true ? ' mentions-us' : ''}`;
    this.article.setAttribute('aria-label', nameMessage(message));
    if (
      before?.head !== row.head ||
      before.message.sentAt !== message.sentAt ||
      before.message.mentionsUs !== message.mentionsUs ||
      before.message.sharedBy !== message.sharedBy
    ) {
      this.#head.replaceChildren(...this.#headOf(row));
    }
    if (before?.newDay !== row.newDay || before.unreadLine !== row.unreadLine) {
      this.#lines.replaceChildren(...linesBefore(row, this.#context.clock.now()));
    }
    const hadFocus = this.#foot.contains(document.activeElement);
    this.#foot.replaceChildren(...footOf(row, this.#context));
    if (hadFocus) this.article.focus({ preventScroll: true });
    this.setCurrent(this.article.tabIndex === 0);
  }

  /** Other names are mentions now. */
  setMentionable(mentionable: Mentionable): void {
    this.#mentionable = mentionable;
    const { body } = this.message;
    const words = body.kind === 'text' ? body.text : body.kind === 'code' ? body.note : undefined;
    if (words?.includes('@') === true) this.#body.replaceChildren(...this.#bodyOf(this.message));
  }

  /** Enter on the message itself. @returns whether there was something to do. */
  act(): boolean {
    if (!hasReceipts(this.message)) return false;
    const { conversation, key } = this.message;
    this.#context.post({ type: 'show-receipts', conversation, key });
    return true;
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
        ...marksOf(message),
      ),
    ];
  }

  #timeOf(message: ViewMessage, name: string): HTMLElement {
    return element('time', { class: name, title: fullTime(message.sentAt) }, clockTime(message.sentAt));
  }

  #textOf(text: string): HTMLElement {
    return element('div', { class: 'text' }, markdownNodes(text, this.#mentionable));
  }

  #bodyOf(message: ViewMessage): Node[] {
    const { body, own } = message;
    switch (body.kind) {
      case 'text':
        return [this.#textOf(body.text)];
      case 'code': {
        const { kind: _kind, ...code } = body;
        const note = body.note === undefined || body.note === '' ? [] : [this.#textOf(body.note)];
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
            ...nodesOf(eventParts(body, own)),
            ' · ',
            this.#timeOf(message, 'event-time'),
          ),
        ];
    }
  }
}

function linesBefore({ message, newDay, unreadLine }: Row, now: number): HTMLElement[] {
  const lines = [];
  if (newDay) lines.push(element('div', { class: 'day' }, dayInWords(message.sentAt, now)));
  if (unreadLine) lines.push(element('div', { class: 'new' }, element('span', {}, 'new')));
  return lines;
}

/** What sets a message apart from its neighbours, in words. */
function marksOf({ mentionsUs, sharedBy }: ViewMessage): Node[] {
  const marks = [];
  if (mentionsUs === true) marks.push(element('span', { class: 'mark' }, icon('mention'), 'mentions you'));
  if (sharedBy !== undefined) {
    marks.push(
      element('span', { class: 'mark' }, 'shared by ', element('bdi', {}, oneLine(sharedBy) || 'somebody')),
    );
  }
  return marks.flatMap((mark) => [document.createTextNode(' '), mark]);
}
