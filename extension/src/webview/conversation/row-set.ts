/**
 * The rows that are in the page, by the keys of their messages: brings them to what is wanted with as few changes as it
 * takes, and knows which of them is the current one, that is, the one that Tab reaches.
 */
import { element } from '../elements.ts';
import type { Row } from '../model/index.ts';
import type { Context } from '../view.ts';
import type { Mentionable } from '../text/index.ts';
import { RowView } from './row.ts';

export interface Anchor {
  readonly row: Element;
  /** Of its upper edge, in pixels of the page. */
  readonly top: number;
}

export class RowSet {
  readonly element = element('div', { class: 'rows' });
  readonly #views = new Map<string, RowView>();
  readonly #byElement = new WeakMap<Element, RowView>();
  readonly #context: Context;
  readonly #username: string;
  #mentionable: Mentionable = new Map();
  #current: string | undefined;

  constructor(username: string, context: Context) {
    this.#username = username;
    this.#context = context;
  }

  /**
   * @param added called with each row that is new
   * @param removed called with each row before it goes
   */
  show(rows: readonly Row[], added: (view: RowView) => void, removed: (view: RowView) => void): void {
    const wanted = new Set(rows.map((row) => row.message.key));
    for (const [key, view] of this.#views) {
      if (wanted.has(key)) continue;
      removed(view);
      view.element.remove();
      this.#views.delete(key);
    }
    let next = this.element.firstElementChild;
    for (const row of rows) {
      let view = this.#views.get(row.message.key);
      if (view === undefined) {
        view = new RowView(row, this.#username, this.#mentionable, this.#context);
        this.#views.set(row.message.key, view);
        this.#byElement.set(view.element, view);
        added(view);
      } else view.update(row);
      if (view.element === next) next = next.nextElementSibling;
      else this.element.insertBefore(view.element, next);
    }
    if (this.#current === undefined || !this.#views.has(this.#current)) {
      this.#current = undefined;
      const last = rows.at(-1);
      if (last !== undefined) this.setCurrent(last.message.key);
    }
  }

  setMentionable(mentionable: Mentionable): void {
    this.#mentionable = mentionable;
    for (const view of this.#views.values()) view.setMentionable(mentionable);
  }

  get(key: string): RowView | undefined {
    return this.#views.get(key);
  }

  all(): Iterable<RowView> {
    return this.#views.values();
  }

  /** The row that `target` is in. */
  around(target: EventTarget | null): RowView | undefined {
    const row = target instanceof Element ? target.closest('.row') : null;
    return row === null ? undefined : this.#byElement.get(row);
  }

  get current(): RowView | undefined {
    return this.#current === undefined ? undefined : this.#views.get(this.#current);
  }

  setCurrent(key: string): void {
    if (this.#current === key) return;
    this.current?.setCurrent(false);
    this.#current = key;
    this.current?.setCurrent(true);
  }

  /** The rows between two heights of the page, from above, each with where it stands. O(log n) and what it finds. */
  between(top: number, bottom: number): Anchor[] {
    const rows = this.element.children;
    let low = 0;
    let high = rows.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (rows[middle]!.getBoundingClientRect().bottom <= top) low = middle + 1;
      else high = middle;
    }
    const found = [];
    for (let i = low; i < rows.length; i++) {
      const row = rows[i]!;
      const at = row.getBoundingClientRect().top;
      if (at >= bottom) break;
      found.push({ row, top: at });
    }
    return found;
  }
}
