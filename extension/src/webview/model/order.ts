/** The order in which messages are shown: by (counter, key), as the engine has it. */
import type { ViewMessage, ViewPlace } from '../../ipc/index.ts';

/** Negative when `a` is shown before `b`, 0 when they are one place. */
export function comparePlaces(a: ViewPlace, b: ViewPlace): number {
  if (a.counter !== b.counter) return a.counter - b.counter;
  if (a.key === b.key) return 0;
  return a.key < b.key ? -1 : 1;
}

/** No more of `message` than where it stands. */
export function placeOf({ counter, key }: ViewPlace): ViewPlace {
  return { counter, key };
}

/** The index of the first message that is not shown before `place`. O(log n). */
export function indexOfPlace(messages: readonly ViewMessage[], place: ViewPlace): number {
  let low = 0;
  let high = messages.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (comparePlaces(messages[middle]!, place) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** `messages` with `message` in its place. One with the same key is replaced, wherever it stood. */
export function withMessage(messages: readonly ViewMessage[], message: ViewMessage): readonly ViewMessage[] {
  const index = indexOfPlace(messages, message);
  if (messages[index]?.key === message.key) return messages.with(index, message);
  const moved = messages.findIndex((other) => other.key === message.key);
  if (moved < 0) return messages.toSpliced(index, 0, message);
  return withMessage(messages.toSpliced(moved, 1), message);
}

/** `messages` with a page in front of them; what is in both is there once, as the page has it. */
export function withOlder(
  messages: readonly ViewMessage[],
  page: readonly ViewMessage[],
): readonly ViewMessage[] {
  const keys = new Set(page.map((message) => message.key));
  return [...page, ...messages.filter((message) => !keys.has(message.key))].sort(comparePlaces);
}
