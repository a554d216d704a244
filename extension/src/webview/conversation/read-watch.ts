/**
 * Which messages of others have truly been on the screen. A message counts when half of it was within the list, or,
 * where it is taller than that allows, when it filled much of the list.
 */
import type { ViewPlace } from '../../ipc/index.ts';
import { comparePlaces, placeOf } from '../model/index.ts';

const thresholds = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1];
const enoughOfMessage = 0.5;
const enoughOfList = 0.4;

export class ReadWatch {
  readonly #observer: IntersectionObserver;
  readonly #places = new Map<Element, ViewPlace>();
  readonly #visible = new Set<Element>();

  /** @param changed called when other messages are on the screen than before */
  constructor(list: Element, changed: () => void) {
    this.#observer = new IntersectionObserver(
      (entries) => {
        for (const entry of entries) {
          const listHeight = entry.rootBounds?.height ?? Infinity;
          const seen =
            entry.isIntersecting &&
            (entry.intersectionRatio >= enoughOfMessage ||
              entry.intersectionRect.height >= enoughOfList * listHeight);
          if (seen) this.#visible.add(entry.target);
          else this.#visible.delete(entry.target);
        }
        changed();
      },
      { root: list, threshold: thresholds },
    );
  }

  watch(row: Element, place: ViewPlace): void {
    this.#places.set(row, placeOf(place));
    this.#observer.observe(row);
  }

  leave(row: Element): void {
    this.#observer.unobserve(row);
    this.#places.delete(row);
    this.#visible.delete(row);
  }

  /** What was read needs no watching. */
  leaveUpTo(read: ViewPlace): void {
    for (const [row, place] of this.#places) if (comparePlaces(place, read) <= 0) this.leave(row);
  }

  /** The latest place on the screen. */
  latest(): ViewPlace | undefined {
    let latest: ViewPlace | undefined;
    for (const row of this.#visible) {
      const place = this.#places.get(row);
      if (place !== undefined && (latest === undefined || comparePlaces(place, latest) > 0)) latest = place;
    }
    return latest;
  }

  dispose(): void {
    this.#observer.disconnect();
  }
}
