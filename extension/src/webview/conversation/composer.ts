/**
 * Where messages are written. Enter sends, Shift+Enter begins a new line, and an input method that is still composing
 * keeps its Enter. What is typed is handed to the vault within a moment, and at once when the view may go away.
 */
import {
  maxNoteBytes,
  maxTextBytes,
  sentenceOfStanding,
  type ViewCode,
  type ViewDraft,
} from '../../ipc/index.ts';
import { element, plainButton, setShown, setText } from '../elements.ts';
import { icon } from '../icons.ts';
import {
  anchorName,
  oneLine,
  type OpenConversation,
  titleOf,
  TypingNotice,
  utf8Length,
} from '../model/index.ts';
import type { Context } from '../view.ts';
import { MentionPopup } from './mention-popup.ts';

const saveAfterMs = 250;
/** What the message for it can carry. */
const maxSavedLength = 32 * 1024;
/** Two events this near to each other come of one key. */
const sameKeyMs = 20;
/** From here on, how much is left is shown. */
const nearLimit = 0.85 * maxTextBytes;

export class Composer {
  readonly element: HTMLElement;
  readonly #text = element('textarea', { class: 'input', rows: '1', spellcheck: 'true' });
  readonly #chips = element('ul', { class: 'chips', 'aria-label': 'Code to be sent with the message' });
  readonly #count = element('span', { class: 'count', role: 'status' });
  readonly #problem = element('p', { class: 'problem', role: 'alert' });
  readonly #mentions: MentionPopup;
  readonly #mention: HTMLButtonElement;
  readonly #send: HTMLButtonElement;
  readonly #context: Context;
  readonly #typing: TypingNotice;
  readonly #sent: () => void;
  readonly #leave = (): void => {
    this.#save();
  };
  #open: OpenConversation;
  #shownAttachments: readonly ViewCode[] = [];
  #saved: string;
  #composedAt = -Infinity;
  #cancelSave = (): void => undefined;

  /** @param sent called after something was sent */
  constructor(open: OpenConversation, context: Context, sent: () => void) {
    this.#sent = sent;
    this.#open = open;
    this.#context = context;
    this.#saved = open.conversation.draft;
    this.#text.value = open.conversation.draft;
    this.#typing = new TypingNotice(context.clock, (typing) => {
      context.post({ type: 'typing', conversation: this.#open.conversation.key, typing });
    });
    this.#send = plainButton(
      { class: 'bar-button send' },
      [element('span', { 'aria-hidden': 'true' }, '⏎ '), 'send'],
      () => {
        this.#submit();
      },
    );
    const attach = plainButton(
      {
        class: 'bar-button',
        title: 'Attach the code that is selected in the editor',
        'aria-label': 'Attach selected code',
      },
      [icon('code'), 'selection'],
      () => {
        context.post({ type: 'attach-selection' });
      },
    );
    this.#mentions = new MentionPopup(this.#text, () => {
      this.#typed();
    });
    this.#mention = plainButton(
      { class: 'bar-button', title: 'Mention somebody', 'aria-label': 'Mention somebody' },
      [icon('mention')],
      () => {
        this.#beginMention();
      },
    );
    const box = element(
      'div',
      { class: 'box' },
      this.#chips,
      this.#text,
      element('div', { class: 'tools' }, this.#mention, attach, this.#count, this.#send),
    );
    this.element = element(
      'section',
      { class: 'composer', 'aria-label': 'New message' },
      this.#mentions.element,
      box,
      this.#problem,
    );
    box.addEventListener('click', ({ target }) => {
      if (target === box) this.#text.focus();
    });
    this.#text.addEventListener('input', () => {
      this.#typed();
    });
    this.#text.addEventListener('keydown', (event) => {
      this.#pressed(event);
    });
    this.#text.addEventListener('compositionend', ({ timeStamp }) => {
      this.#composedAt = timeStamp;
    });
    this.#text.addEventListener('blur', this.#leave);
    window.addEventListener('pagehide', this.#leave);
    document.addEventListener('visibilitychange', this.#leave);
    this.#showLimits();
  }

  update(open: OpenConversation): void {
    this.#open = open;
    const { conversation, attachments } = open;
    const label = `Message ${titleOf(conversation)}`;
    if (this.#text.placeholder !== label) {
      this.#text.placeholder = label;
      this.#text.setAttribute('aria-label', label);
    }
    const { group } = conversation;
    const isOver = group !== undefined && sentenceOfStanding(group.standing)?.over === true;
    setShown(this.element, conversation.status === 'active' && !isOver);
    setShown(this.#mention, group !== undefined);
    this.#mentions.setMembers(open.members);
    if (attachments !== this.#shownAttachments) {
      this.#shownAttachments = attachments;
      this.#chips.replaceChildren(...attachments.map((code, index) => this.#chip(code, index)));
    }
    this.#showLimits();
  }

  focus(): void {
    this.#text.focus();
  }

  /** Puts a draft back that could not be sent, in front of what has been written since. */
  takeBack(draft: ViewDraft, why: string): void {
    const text = draft.kind === 'text' ? draft.text : (draft.note ?? '');
    if (text !== '') this.#text.value = this.#text.value === '' ? text : `${text}\n\n${this.#text.value}`;
    this.#typed();
    setText(this.#problem, `Not sent. ${why}`);
    this.#showLimits();
  }

  dispose(): void {
    this.#save();
    this.#typing.stop();
    window.removeEventListener('pagehide', this.#leave);
    document.removeEventListener('visibilitychange', this.#leave);
  }

  #chip(code: ViewCode, index: number): HTMLElement {
    const name = code.path === '' ? 'code' : anchorName(code.path, code.startLine, code.endLine);
    const isTooLong = utf8Length(code.text) > maxTextBytes;
    const remove = plainButton(
      { class: 'tool', title: 'Remove', 'aria-label': `Remove ${name}` },
      [icon('close')],
      () => {
        this.#context.dispatch({ type: 'detached', index });
        this.#text.focus();
      },
    );
    return element(
      'li',
      { class: isTooLong ? 'chip invalid' : 'chip', title: oneLine(code.path) },
      icon(isTooLong ? 'error' : 'code'),
      element('bdi', {}, name),
      isTooLong && ' is too long',
      remove,
    );
  }

  #typed(): void {
    this.#typing.typed(this.#text.value === '');
    setText(this.#problem, '');
    this.#showLimits();
    this.#cancelSave();
    this.#cancelSave = this.#context.clock.setTimer(saveAfterMs, this.#leave);
  }

  #save(): void {
    this.#cancelSave();
    const text = this.#text.value.slice(0, maxSavedLength);
    if (text === this.#saved) return;
    this.#saved = text;
    this.#context.post({ type: 'save-draft', conversation: this.#open.conversation.key, text });
  }

  #pressed(event: KeyboardEvent): void {
    // Safari ends the composing before it reports the Enter that ended it.
    if (event.isComposing || event.timeStamp - this.#composedAt < sameKeyMs) return;
    if (this.#mentions.pressed(event)) return;
    // A command may be about to hide the view.
    if (event.ctrlKey || event.metaKey || event.altKey) this.#save();
    else if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      this.#submit();
    }
  }

  /** An @ at the caret, set off from the word in front of it, and the list of whom it may mean. */
  #beginMention(): void {
    const { selectionStart, selectionEnd, value } = this.#text;
    const isApart = selectionStart === 0 || /\s$/.test(value.slice(0, selectionStart));
    this.#text.setRangeText(isApart ? '@' : ' @', selectionStart, selectionEnd, 'end');
    this.#typed();
    this.#text.focus();
  }

  #problemNow(): 'empty' | 'long' | 'trouble' | undefined {
    const { attachments, conversation } = this.#open;
    if (conversation.trouble !== undefined) return 'trouble';
    if (utf8Length(this.#text.value.trim()) > maxTextBytes) return 'long';
    if (attachments.some((code) => utf8Length(code.text) > maxTextBytes)) return 'long';
    return this.#text.value.trim() === '' && attachments.length === 0 ? 'empty' : undefined;
  }

  #showLimits(): void {
    const bytes = utf8Length(this.#text.value.trim());
    const isLong = bytes > maxTextBytes;
    const kib = (n: number): string => (n / 1024).toFixed(1);
    // Rounded so that “16.0 of 16” is never over.
    const words = isLong
      ? `${kib(Math.max(bytes - maxTextBytes, 103))} KiB too long`
      : `${kib(Math.min(bytes, maxTextBytes))} of ${maxTextBytes / 1024} KiB`;
    setText(this.#count, bytes < nearLimit ? '' : words);
    this.#count.classList.toggle('over', isLong);
    this.#text.setAttribute('aria-invalid', String(isLong));
    this.#send.disabled = this.#problemNow() !== undefined;
  }

  #submit(): void {
    if (this.#problemNow() !== undefined) return;
    const { conversation, attachments } = this.#open;
    for (const draft of draftsOf(this.#text.value.trim(), attachments)) {
      this.#context.post({ type: 'send', conversation: conversation.key, draft });
    }
    this.#text.value = '';
    this.#typing.sent();
    setText(this.#problem, '');
    this.#save();
    if (attachments.length > 0) this.#context.dispatch({ type: 'attachments-sent' });
    this.#showLimits();
    this.#sent();
  }
}

/** A text with one passage of code is one message, where the text is short enough to be its note. */
function draftsOf(text: string, attachments: readonly ViewCode[]): ViewDraft[] {
  const [only, ...others] = attachments;
  if (only !== undefined && others.length === 0 && text !== '' && utf8Length(text) <= maxNoteBytes) {
    return [{ kind: 'code', ...only, note: text }];
  }
  const code = attachments.map((attachment) => ({ kind: 'code' as const, ...attachment }));
  return text === '' ? code : [{ kind: 'text', text }, ...code];
}
