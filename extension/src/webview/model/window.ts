/**
 * Which part of the held messages is in the page. The page never holds more than {@link maxRows}: extending the window
 * at one end trims it at the other. Positions are indices into the messages, `end` is exclusive.
 */
import type { ViewMessage } from '../../ipc/index.ts';
import { indexOfPlace } from './order.ts';

export interface Window {
  readonly start: number;
  readonly end: number;
}

/** Enough for the tallest screen in the densest chat several times over, and quick to lay out. */
export const maxRows = 300;

/** So many rows are added at a time, and again in the next frame while it takes: little enough for one frame. */
const step = 20;

/** So many rows are there at first. */
const firstRows = 80;

export function windowAtEnd(length: number): Window {
  return { start: Math.max(0, length - firstRows), end: length };
}

/** A window with `index` in it and rows on both sides of it. */
export function windowAround(index: number, length: number): Window {
  return { start: Math.max(0, index - firstRows / 2), end: Math.min(length, index + firstRows / 2) };
}

export function extendedUp({ start, end }: Window): Window {
  const from = Math.max(0, start - step);
  return { start: from, end: Math.min(end, from + maxRows) };
}

export function extendedDown({ start, end }: Window, length: number): Window {
  const to = Math.min(length, end + step);
  return { start: Math.max(start, to - maxRows), end: to };
}

/**
 * The window over the same messages after `before` has become `after`. A window that reached the end still does, as
 * long as there is room; with `following` it makes room by dropping its oldest rows.
 */
export function carriedOver(
  { start, end }: Window,
  before: readonly ViewMessage[],
  after: readonly ViewMessage[],
  following: boolean,
): Window {
  const first = before[start];
  const from = first === undefined ? 0 : indexOfPlace(after, first);
  const lastShown = before[end - 1];
  const atEnd = end >= before.length;
  const to = atEnd ? after.length : lastShown === undefined ? from : indexAfter(after, lastShown);
  if (to - from <= maxRows) return { start: from, end: Math.max(from, to) };
  return following && atEnd ? { start: to - maxRows, end: to } : { start: from, end: from + maxRows };
}

function indexAfter(messages: readonly ViewMessage[], message: ViewMessage): number {
  const index = indexOfPlace(messages, message);
  return messages[index]?.key === message.key ? index + 1 : index;
}
