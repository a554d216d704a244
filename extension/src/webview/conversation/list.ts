/**
 * The messages. The page holds a window of them (model/window.ts) that moves with the scroll position; what is on the
 * screen stays where it is whenever rows come and go around it. At the end the list follows what arrives, elsewhere it
 * tells of it.
 */
import type { ViewMessage, ViewPlace } from '../../ipc/index.ts';
import { element, plainButton, setShown, setText } from '../elements.ts';
import { icon } from '../icons.ts';
import {
  carriedOver,
  comparePlaces,
  extendedDown,
  extendedUp,
  indexOfPlace,
  type OpenConversation,
  rowsOf,
  untilMidnightMs,
  type Window,
  windowAround,
  windowAtEnd,
} from '../model/index.ts';
import { addressOf } from '../text/index.ts';
import type { Context } from '../view.ts';
import { moveBetweenMessages } from './keyboard.ts';
import { ReadWatch } from './read-watch.ts';
import { RowView } from './row.ts';

/** Rows are added before the edge is so near, so that scrolling does not meet it. */
const edgePx = 1200;
/** This near to the end counts as there. */
const endPx = 24;
/** Where the “new” line is put below the upper edge. */
const unreadMarginPx = 48;
const olderTimeoutMs = 15_000;
const keepAfterMs = 300;

export class MessageList {
  readonly element: HTMLElement;
  readonly #scroller = element('div', { class: 'messages', role: 'log', 'aria-live': 'off', tabindex: '-1' });
  readonly #top = element('div', { class: 'top' });
  readonly #rowsElement = element('div', { class: 'rows' });
  readonly #pill: HTMLButtonElement;
  readonly #pillWords = element('span');
  readonly #rows = new Map<string, RowView>();
  readonly #context: Context;
  readonly #watch: ReadWatch;
  readonly #resized: ResizeObserver;
  #open: OpenConversation;
  #attentive = false;
  #window: Window = { start: 0, end: 0 };
  /** At the end, and to stay there. */
  #following = true;
  #arrivedBelow = 0;
  #current: string | undefined;
  #isFrameAsked = false;
  #isDisposed = false;
  #toEndWithNextScreen = false;
  #cancelOlder = (): void => undefined;
  #cancelKeep = (): void => undefined;
  #cancelMidnight = (): void => undefined;

  constructor(open: OpenConversation, context: Context, toComposer: () => void) {
    this.#open = open;
    this.#context = context;
    this.#pill = plainButton({ class: 'pill' }, [this.#pillWords, icon('arrow-down')], () => {
      this.#goToEnd();
    });
    this.#scroller.append(this.#top, this.#rowsElement);
    this.#scroller.setAttribute('aria-label', 'Messages');
    this.element = element('div', { class: 'list' }, this.#scroller, this.#pill);
    this.#watch = new ReadWatch(this.#scroller, () => {
      this.#reportSeen();
    });
    this.#resized = new ResizeObserver(() => {
      if (this.#following) this.#scrollToEnd();
    });
    this.#resized.observe(this.#scroller);
    this.#resized.observe(this.#rowsElement);
    this.#scroller.addEventListener(
      'scroll',
      () => {
        this.#askFrame();
      },
      { passive: true },
    );
    this.#scroller.addEventListener('click', (event) => {
      this.#openLink(event);
    });
    this.#scroller.addEventListener('focusin', ({ target }) => {
      const row = this.#rowOf(target);
      if (row?.message !== undefined) this.#setCurrent(row.message.key);
    });
    this.#scroller.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && this.#openLink(event)) return;
      moveBetweenMessages(event, {
        toComposer,
        toFirst: () => this.#focusAt(0),
        toLast: () => this.#focusAt(this.#open.messages.length - 1),
        by: (step) => this.#focusBy(step),
      });
    });
    this.#waitForMidnight();
    this.#begin();
  }

  update(open: OpenConversation, attentive: boolean): void {
    const before = this.#open;
    const gainedAttention = attentive && !this.#attentive;
    this.#open = open;
    this.#attentive = attentive;
    if (before.messages !== open.messages) this.#messagesChanged(before.messages);
    else if (before.firstUnread !== open.firstUnread) this.#draw();
    if (before.loadingOlder && !open.loadingOlder) this.#cancelOlder();
    this.#showEdges();
    if (gainedAttention) this.#reportSeen();
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#watch.dispose();
    this.#resized.disconnect();
    this.#cancelOlder();
    this.#cancelKeep();
    this.#cancelMidnight();
  }

  /** Where it was left, else at the first unread message, else at the end. */
  #begin(): void {
    const { messages, conversation, firstUnread } = this.#open;
    const kept = this.#context.kept();
    const top = kept?.conversation === conversation.key ? kept.top : undefined;
    const at = top?.place ?? firstUnread;
    const index = at === undefined ? messages.length : indexOfPlace(messages, at);
    const isThere =
      at !== undefined && index < messages.length && (top === undefined || messages[index]?.key === at.key);
    this.#window = isThere ? windowAround(index, messages.length) : windowAtEnd(messages.length);
    this.#following = !isThere;
    this.#draw();
    // The page has no layout before it is in the document.
    requestAnimationFrame(() => {
      if (this.#isDisposed) return;
      const key = messages[index]?.key;
      const row = key === undefined ? undefined : this.#rows.get(key);
      if (isThere && row !== undefined) {
        const from = this.#scroller.getBoundingClientRect().top;
        const to = row.element.getBoundingClientRect().top + (top?.pastPx ?? -unreadMarginPx);
        this.#scroller.scrollTop += to - from;
      } else this.#scrollToEnd();
      this.#scrolled();
    });
  }

  #messagesChanged(before: readonly ViewMessage[]): void {
    const { messages } = this.#open;
    const last = before.at(-1);
    const news = messages
      .slice(last === undefined ? 0 : indexOfPlace(messages, last))
      .filter((message) => message.key !== last?.key);
    const isOwnNews = news.some((message) => message.own) && news.length <= 2;
    if (this.#toEndWithNextScreen || (isOwnNews && this.#open.missingNewer === false)) {
      this.#toEndWithNextScreen = false;
      this.#following = true;
      this.#window = windowAtEnd(messages.length);
    } else {
      this.#window = carriedOver(this.#window, before, messages, this.#following);
      if (!this.#following) this.#arrivedBelow += news.filter((message) => !message.own).length;
    }
    this.#draw();
    this.#askFrame();
  }

  /** Brings the page to the window, without moving what is on the screen. */
  #draw(): void {
    const anchors = this.#following ? [] : this.#visibleRows();
    const rows = rowsOf(this.#open.messages, this.#window, this.#open.firstUnread);
    const wanted = new Set(rows.map((row) => row.message.key));
    const focused = this.#rowOf(document.activeElement);
    for (const [key, view] of this.#rows) {
      if (wanted.has(key)) continue;
      // The focus falls to the list, not out of it.
      if (view === focused) this.#scroller.focus({ preventScroll: true });
      this.#watch.leave(view.article);
      view.element.remove();
      this.#rows.delete(key);
    }
    let next = this.#rowsElement.firstElementChild;
    for (const row of rows) {
      let view = this.#rows.get(row.message.key);
      if (view === undefined) {
        view = new RowView(row, this.#open.username, this.#context);
        this.#rows.set(row.message.key, view);
        if (!row.message.own) this.#watch.watch(view.article, row.message);
      } else view.update(row);
      if (view.element === next) next = next.nextElementSibling;
      else this.#rowsElement.insertBefore(view.element, next);
    }
    this.#chooseCurrent();
    this.#showEdges();
    if (this.#following) this.#scrollToEnd();
    else this.#putBack(anchors);
  }

  #visibleRows(): { readonly row: Element; readonly top: number }[] {
    const { top, bottom } = this.#scroller.getBoundingClientRect();
    const children = this.#rowsElement.children;
    let low = 0;
    let high = children.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (children[middle]!.getBoundingClientRect().bottom <= top) low = middle + 1;
      else high = middle;
    }
    const visible = [];
    for (let i = low; i < children.length; i++) {
      const row = children[i]!;
      const rowTop = row.getBoundingClientRect().top;
      if (rowTop >= bottom) break;
      visible.push({ row, top: rowTop });
    }
    return visible;
  }

  #putBack(anchors: readonly { readonly row: Element; readonly top: number }[]): void {
    const anchor = anchors.find(({ row }) => row.isConnected);
    if (anchor === undefined) return;
    const moved = anchor.row.getBoundingClientRect().top - anchor.top;
    if (moved !== 0) this.#scroller.scrollTop += moved;
  }

  #scrollToEnd(): void {
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
  }

  #goToEnd(): void {
    if (this.#open.missingNewer) {
      this.#askForLatest();
      return;
    }
    this.#following = true;
    this.#window = windowAtEnd(this.#open.messages.length);
    this.#draw();
    this.#scrolled();
  }

  #askForLatest(): void {
    this.#toEndWithNextScreen = true;
    this.#context.post({ type: 'ready' });
  }

  #askFrame(): void {
    if (this.#isFrameAsked) return;
    this.#isFrameAsked = true;
    requestAnimationFrame(() => {
      this.#isFrameAsked = false;
      if (!this.#isDisposed) this.#scrolled();
    });
  }

  #scrolled(): void {
    const { messages, hasOlder, loadingOlder, missingNewer } = this.#open;
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    const below = scrollHeight - scrollTop - clientHeight;
    const isLast = this.#window.end === messages.length && !missingNewer;
    this.#following = isLast && below <= endPx;
    if (this.#following) this.#arrivedBelow = 0;
    if (scrollTop < edgePx && this.#window.start > 0) this.#moveWindow(extendedUp(this.#window));
    else if (scrollTop < edgePx && hasOlder && !loadingOlder) this.#askOlder();
    if (below < edgePx && this.#window.end < messages.length) {
      this.#moveWindow(extendedDown(this.#window, messages.length));
    } else if (missingNewer && below <= endPx && !this.#toEndWithNextScreen) this.#askForLatest();
    this.#showEdges();
    this.#keepSoon();
  }

  #moveWindow(window: Window): void {
    this.#window = window;
    this.#following = false;
    this.#draw();
    this.#askFrame();
  }

  #askOlder(): void {
    const first = this.#open.messages[0];
    if (first === undefined) return;
    const { post, dispatch, clock } = this.#context;
    this.#cancelOlder = clock.setTimer(olderTimeoutMs, () => {
      dispatch({ type: 'older-gave-up' });
    });
    dispatch({ type: 'older-asked' });
    post({
      type: 'load-older',
      conversation: this.#open.conversation.key,
      before: { counter: first.counter, key: first.key },
    });
  }

  #showEdges(): void {
    const { messages, hasOlder, conversation, missingNewer } = this.#open;
    const isFirst = this.#window.start === 0 && !hasOlder;
    setText(
      this.#top,
      !isFirst
        ? 'Loading older messages…'
        : messages.length === 0
          ? 'No messages yet. Say hello.'
          : 'This is where it began.',
    );
    this.#top.classList.toggle('waiting', !isFirst);
    this.#scroller.setAttribute('aria-busy', String(this.#open.loadingOlder));
    const isBelow = this.#window.end < messages.length || missingNewer;
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    const isFar = isBelow || scrollHeight - scrollTop - clientHeight > clientHeight;
    const count = this.#arrivedBelow;
    setText(
      this.#pillWords,
      count === 0 ? 'Latest' : count === 1 ? '1 new message' : `${count} new messages`,
    );
    setShown(this.#pill, !this.#following && (count > 0 || isFar) && conversation.status !== 'blocked');
  }

  #keepSoon(): void {
    this.#cancelKeep();
    this.#cancelKeep = this.#context.clock.setTimer(keepAfterMs, () => {
      const conversation = this.#open.conversation.key;
      const first = this.#following ? undefined : this.#visibleRows()[0];
      const message = first && this.#rowOf(first.row)?.message;
      if (first === undefined || message === undefined) this.#context.keep({ conversation });
      else {
        const pastPx = Math.round(this.#scroller.getBoundingClientRect().top - first.top);
        this.#context.keep({
          conversation,
          top: { place: { counter: message.counter, key: message.key }, pastPx },
        });
      }
    });
  }

  #reportSeen(): void {
    const latest = this.#watch.latest();
    const { readUpTo, conversation } = this.#open;
    if (!this.#attentive || latest === undefined) return;
    if (readUpTo !== undefined && comparePlaces(latest, readUpTo) <= 0) return;
    const upTo: ViewPlace = { counter: latest.counter, key: latest.key };
    this.#context.dispatch({ type: 'seen', upTo });
    this.#context.post({ type: 'mark-read', conversation: conversation.key, upTo });
  }

  #openLink(event: Event): boolean {
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    const url = link === null ? undefined : addressOf(link);
    if (url === undefined) return false;
    event.preventDefault();
    this.#context.post({ type: 'open-link', url });
    return true;
  }

  #rowOf(target: EventTarget | null): RowView | undefined {
    if (!(target instanceof Element)) return undefined;
    const row = target.closest('.row');
    return [...this.#rows.values()].find((view) => view.element === row);
  }

  #chooseCurrent(): void {
    if (this.#current !== undefined && this.#rows.has(this.#current)) return;
    const last = this.#open.messages[this.#window.end - 1];
    this.#current = undefined;
    if (last !== undefined) this.#setCurrent(last.key);
  }

  #setCurrent(key: string): void {
    if (this.#current === key) return;
    if (this.#current !== undefined) this.#rows.get(this.#current)?.setCurrent(false);
    this.#current = key;
    this.#rows.get(key)?.setCurrent(true);
  }

  #focusBy(step: number): void {
    const { messages } = this.#open;
    const message = this.#current === undefined ? undefined : this.#rows.get(this.#current)?.message;
    const index = message === undefined ? messages.length - 1 : indexOfPlace(messages, message);
    // From the list itself, the first step goes to the current message.
    this.#focusAt(this.#rowOf(document.activeElement) === undefined ? index : index + step);
  }

  #focusAt(index: number): void {
    const { messages } = this.#open;
    const message = messages[Math.min(Math.max(index, 0), messages.length - 1)];
    if (message === undefined) return;
    if (!this.#rows.has(message.key)) {
      this.#window = windowAround(index, messages.length);
      this.#following = false;
      this.#draw();
    }
    const row = this.#rows.get(message.key);
    this.#setCurrent(message.key);
    row?.article.focus({ preventScroll: true });
    row?.element.scrollIntoView({ block: 'nearest' });
    this.#askFrame();
  }

  #waitForMidnight(): void {
    const { clock } = this.#context;
    // A second late, so that it is the next day by every rounding.
    this.#cancelMidnight = clock.setTimer(untilMidnightMs(clock.now()) + 1000, () => {
      for (const row of this.#rows.values()) row.renewDay();
      this.#waitForMidnight();
    });
  }
}
