/** What is said of a group and of the people in it, in a few words. */
import type { ViewConversation, ViewGroup, ViewMessage } from '../../ipc/index.ts';
import { listed, type Part } from './event-words.ts';
import { oneLine, stateWords } from './words.ts';

/** More than these are not told one by one. */
const maxTypingNames = 3;

export function typingParts(people: readonly string[]): Part[] {
  if (people.length === 0) return [];
  if (people.length > maxTypingNames) return ['Several people are typing…'];
  const names = people.map((name) => ({ name: oneLine(name) }));
  return [...listed(names), people.length === 1 ? ' is typing…' : ' are typing…'];
}

/** What a conversation is called. While a group is being joined, its name is not known. */
export function titleOf({ title, group }: Pick<ViewConversation, 'title' | 'group'>): string {
  return oneLine(title) || (group === undefined ? '?' : 'a group');
}

export function peopleWords({ people, verifiedPeople }: ViewGroup): string {
  return `${people} ${people === 1 ? 'person' : 'people'} · ${verifiedPeople} verified`;
}

type Progress = NonNullable<ViewMessage['progress']>;

/** “4/5” while it is on its way, “read 2/5” while it is being read; nothing more to say when all have read it. */
export function progressWords({ delivered, read, of }: Progress): string {
  if (read >= of) return 'read';
  return read > 0 ? `read ${read}/${of}` : `${delivered}/${of}`;
}

/** The state of an own message in words, of a group's with how many it has reached. */
export function stateInWords({ state, progress }: Pick<ViewMessage, 'state' | 'progress'>): string {
  if (state === undefined) return '';
  if (progress === undefined || state === 'pending' || state === 'failed') return stateWords[state];
  const { delivered, read, of } = progress;
  return `Delivered to ${delivered} of ${of}, read by ${read}`;
}
