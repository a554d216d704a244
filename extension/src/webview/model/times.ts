/** Times in words. A time is the author's claim, so every number has to come out as something. */

const dayMs = 24 * 60 * 60 * 1000;
const timeFormat = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const fullFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'short' });
const weekdayFormat = new Intl.DateTimeFormat(undefined, { weekday: 'long' });
const dateFormat = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'long', year: 'numeric' });

/** No date is later than this. */
const maxTime = 8_640_000_000_000_000;

function dateOf(time: number): Date {
  return new Date(Math.min(time, maxTime - dayMs));
}

/** Stands for the local day that `time` falls on. */
export function dayOf(time: number): string {
  const date = dateOf(time);
  return `${date.getFullYear()}-${date.getMonth()}-${date.getDate()}`;
}

export function clockTime(time: number): string {
  return timeFormat.format(dateOf(time));
}

export function fullTime(time: number): string {
  return fullFormat.format(dateOf(time));
}

export function dayInWords(time: number, now: number): string {
  const day = dayOf(time);
  if (day === dayOf(now)) return 'Today';
  // Noon, so that a change to or from summer time does not skip a day.
  const noon = dateOf(now).setHours(12);
  if (day === dayOf(noon - dayMs)) return 'Yesterday';
  for (let ago = 2; ago < 7; ago++) {
    if (day === dayOf(noon - ago * dayMs)) return weekdayFormat.format(dateOf(time));
  }
  return dateFormat.format(dateOf(time));
}

/** Until the next local midnight, when “Today” is another day. */
export function untilMidnightMs(now: number): number {
  return dateOf(now).setHours(24, 0, 0, 0) - now;
}
