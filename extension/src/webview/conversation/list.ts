/**
 * The messages. The page holds a window of them (model/window.ts) that moves with the scroll position; what is on the
 * screen stays where it is whenever rows come and go around it. At the end the list follows what arrives, elsewhere it
 * tells of it.
 */
import type { ViewMessage } from '../../ipc/index.ts';
import { element, plainButton, setShown, setText } from '../elements.ts';
import { icon } from '../icons.ts';
import {
  carriedOver,
  comparePlaces,
  extendedDown,
  extendedUp,
  indexOfPlace,
  type OpenConversation,
  placeOf,
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
import { type Anchor, RowSet } from './row-set.ts';

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
  readonly #scroller = element('div', {
    class: 'messages',
    role: 'log',
    'aria-live': 'off',
    'aria-label': 'Messages',
    tabindex: '-1',
  });
  readonly #top = element('div', { class: 'top' });
  readonly #pillWords = element('span');
  readonly #pill: HTMLButtonElement;
  readonly #rows: RowSet;
  readonly #context: Context;
  readonly #watch: ReadWatch;
  readonly #resized: ResizeObserver;
  #open: OpenConversation;
  #attentive = false;
  #window: Window = { start: 0, end: 0 };
  /** At the end, and to stay there. */
  #following = true;
  #arrivedBelow = 0;
  #isFrameAsked = false;
  #isDisposed = false;
  #isLatestAsked = false;
  #cancelOlder = (): void => undefined;
  #cancelKeep = (): void => undefined;
  #cancelMidnight = (): void => undefined;

  constructor(open: OpenConversation, context: Context, toComposer: () => void) {
    this.#open = open;
    this.#context = context;
    this.#rows = new RowSet(open.username, context);
    this.#rows.setMentionable(mentionable(open));
    this.#pill = plainButton({ class: 'pill' }, [this.#pillWords, icon('arrow-down')], () => {
      this.goToEnd();
    });
    this.#scroller.append(this.#top, this.#rows.element);
    this.element = element('div', { class: 'list' }, this.#scroller, this.#pill);
    this.#watch = new ReadWatch(this.#scroller, () => {
      this.#reportSeen();
    });
    this.#resized = new ResizeObserver(() => {
      if (this.#following) this.#scrollToEnd();
    });
    this.#resized.observe(this.#scroller);
    this.#resized.observe(this.#rows.element);
    this.#listen(toComposer);
    this.#waitForMidnight();
    this.#begin();
  }

  update(open: OpenConversation, attentive: boolean): void {
    const before = this.#open;
    const gainedAttention = attentive && !this.#attentive;
    this.#open = open;
    this.#attentive = attentive;
    if (before.members !== open.members) this.#rows.setMentionable(mentionable(open));
    if (before.messages !== open.messages) this.#messagesChanged(before.messages);
    else if (before.firstUnread !== open.firstUnread) this.#draw();
    if (before.loadingOlder !== open.loadingOlder || before.hasOlder !== open.hasOlder) this.#showEdges();
    if (!open.loadingOlder) this.#cancelOlder();
    if (gainedAttention) this.#reportSeen();
  }

  /** Also where nothing is lost by it: after sending, what was sent is what one wants to see. */
  goToEnd(): void {
    if (this.#open.missingNewer) {
      this.#askForLatest();
      return;
    }
    this.#following = true;
    this.#window = windowAtEnd(this.#open.messages.length);
    this.#draw();
    this.#scrolled();
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#watch.dispose();
    this.#resized.disconnect();
    this.#cancelOlder();
    this.#cancelKeep();
    this.#cancelMidnight();
  }

  #listen(toComposer: () => void): void {
    const askFrame = (): void => {
      this.#askFrame();
    };
    this.#scroller.addEventListener('scroll', askFrame, { passive: true });
    this.#scroller.addEventListener('click', (event) => {
      this.#openLink(event);
    });
    this.#scroller.addEventListener('focusin', ({ target }) => {
      const message = this.#rows.around(target)?.message;
      if (message !== undefined) this.#rows.setCurrent(message.key);
    });
    this.#scroller.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && (this.#openLink(event) || this.#act(event))) return;
      moveBetweenMessages(event, {
        toComposer,
        toFirst: () => {
          this.#focusAt(0);
        },
        toLast: () => {
          this.#focusAt(this.#open.messages.length - 1);
        },
        by: (step) => {
          this.#focusBy(step);
        },
      });
    });
  }

  /** Where it was left, else at the first unread message, else at the end. */
  #begin(): void {
    const { messages, conversation, firstUnread } = this.#open;
    const kept = this.#context.kept();
    const top = kept?.conversation === conversation.key ? kept.top : undefined;
    const at = top?.place ?? firstUnread;
    const index = at === undefined ? messages.length : indexOfPlace(messages, at);
    const start = messages[index];
    const isThere = at !== undefined && start !== undefined && (top === undefined || start.key === at.key);
    this.#window = isThere ? windowAround(index, messages.length) : windowAtEnd(messages.length);
    this.#following = !isThere;
    this.#draw();
    // The page has no layout before it is in the document.
    requestAnimationFrame(() => {
      if (this.#isDisposed) return;
      const row = isThere ? this.#rows.get(start.key) : undefined;
      if (row === undefined) this.#scrollToEnd();
      else {
        const from = this.#scroller.getBoundingClientRect().top;
        const to = row.element.getBoundingClientRect().top + (top?.pastPx ?? -unreadMarginPx);
        this.#scroller.scrollTop += to - from;
      }
      this.#scrolled();
    });
  }

  #messagesChanged(before: readonly ViewMessage[]): void {
    const { messages } = this.#open;
    if (this.#isLatestAsked && !this.#open.missingNewer) {
      this.#isLatestAsked = false;
      this.goToEnd();
      return;
    }
    this.#window = carriedOver(this.#window, before, messages, this.#following);
    const last = before.at(-1);
    if (!this.#following && last !== undefined) {
      const news = messages.slice(indexOfPlace(messages, last));
      this.#arrivedBelow += news.filter(({ key, own }) => !own && key !== last.key).length;
    }
    this.#draw();
    this.#askFrame();
  }

  /** Brings the page to the window, without moving what is on the screen. */
  #draw(): void {
    const anchors = this.#following ? [] : this.#visibleRows();
    const focused = this.#rows.around(document.activeElement);
    this.#rows.show(
      rowsOf(this.#open.messages, this.#window, this.#open.firstUnread),
      (view) => {
        const { readUpTo } = this.#open;
        const isRead = readUpTo !== undefined && comparePlaces(view.message, readUpTo) <= 0;
        if (!view.message.own && !isRead) this.#watch.watch(view.article, view.message);
      },
      (view) => {
        // The focus falls to the list, not out of it.
        if (view === focused) this.#scroller.focus({ preventScroll: true });
        this.#watch.leave(view.article);
      },
    );
    this.#showEdges();
    if (this.#following) this.#scrollToEnd();
    else this.#putBack(anchors);
  }

  #visibleRows(): Anchor[] {
    const { top, bottom } = this.#scroller.getBoundingClientRect();
    return this.#rows.between(top, bottom);
  }

  #putBack(anchors: readonly Anchor[]): void {
    const anchor = anchors.find(({ row }) => row.isConnected);
    if (anchor === undefined) return;
    const moved = anchor.row.getBoundingClientRect().top - anchor.top;
    if (moved !== 0) this.#scroller.scrollTop += moved;
  }

  #scrollToEnd(): void {
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
  }

  #askForLatest(): void {
    if (this.#isLatestAsked) return;
    this.#isLatestAsked = true;
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
    } else if (missingNewer && below <= endPx) this.#askForLatest();
    this.#showEdges();
    this.#keepSoon();
  }

  #moveWindow(window: Window): void {
    this.#window = window;
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
    post({ type: 'load-older', conversation: this.#open.conversation.key, before: placeOf(first) });
  }

  #showEdges(): void {
    const { messages, hasOlder, loadingOlder, missingNewer } = this.#open;
    const isFirst = this.#window.start === 0 && !hasOlder;
    const began = messages.length === 0 ? 'No messages yet. Say hello.' : 'This is where it began.';
    setText(this.#top, isFirst ? began : 'Loading older messages…');
    this.#scroller.setAttribute('aria-busy', String(loadingOlder));
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    const isFar =
      this.#window.end < messages.length ||
      missingNewer ||
      scrollHeight - scrollTop - clientHeight > clientHeight;
    const count = this.#arrivedBelow;
    setText(
      this.#pillWords,
      count === 0 ? 'Latest' : count === 1 ? '1 new message' : `${count} new messages`,
    );
    this.#pill.classList.toggle('quiet', count === 0);
    setShown(this.#pill, !this.#following && (count > 0 || isFar));
  }

  #keepSoon(): void {
    this.#cancelKeep();
    this.#cancelKeep = this.#context.clock.setTimer(keepAfterMs, () => {
      const conversation = this.#open.conversation.key;
      const [first] = this.#following ? [] : this.#visibleRows();
      const message = first && this.#rows.around(first.row)?.message;
      if (message === undefined) this.#context.keep({ conversation });
      else {
        const pastPx = Math.round(this.#scroller.getBoundingClientRect().top - first!.top);
        this.#context.keep({ conversation, top: { place: placeOf(message), pastPx } });
      }
    });
  }

  #reportSeen(): void {
    const latest = this.#watch.latest();
    const { readUpTo, conversation } = this.#open;
    if (!this.#attentive || latest === undefined) return;
    if (readUpTo !== undefined && comparePlaces(latest, readUpTo) <= 0) return;
    this.#watch.leaveUpTo(latest);
    this.#context.dispatch({ type: 'seen', upTo: latest });
    this.#context.post({ type: 'mark-read', conversation: conversation.key, upTo: latest });
  }

  #openLink(event: Event): boolean {
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    const url = link === null ? undefined : addressOf(link);
    if (url === undefined) return false;
    event.preventDefault();
    this.#context.post({ type: 'open-link', url });
    return true;
  }

  #act(event: KeyboardEvent): boolean {
    const row = this.#rows.around(event.target);
    return event.target === row?.article && row.act();
  }

  #focusBy(step: number): void {
    const { messages } = this.#open;
    const current = this.#rows.current;
    const index = current === undefined ? messages.length - 1 : indexOfPlace(messages, current.message);
    // From the list itself, the first step goes to the current message.
    this.#focusAt(this.#rows.around(document.activeElement) === undefined ? index : index + step);
  }

  #focusAt(wanted: number): void {
    const { messages } = this.#open;
    const index = Math.min(Math.max(wanted, 0), messages.length - 1);
    const message = messages[index];
    if (message === undefined) return;
    if (this.#rows.get(message.key) === undefined) {
      this.#window = windowAround(index, messages.length);
      this.#following = false;
      this.#draw();
    }
    const row = this.#rows.get(message.key);
    row?.article.focus({ preventScroll: true });
    row?.element.scrollIntoView({ block: 'nearest' });
    this.#askFrame();
  }

  #waitForMidnight(): void {
    const { clock } = this.#context;
    // A second late, so that it is the next day by every rounding.
    this.#cancelMidnight = clock.setTimer(untilMidnightMs(clock.now()) + 1000, () => {
      for (const row of this.#rows.all()) row.renewDay();
      this.#waitForMidnight();
    });
  }
}

function mentionable({ members }: OpenConversation): ReadonlyMap<string, boolean> {
  return new Map(members.map(({ name, own }) => [name, own]));
}
