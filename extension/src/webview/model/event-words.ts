/** What changed in a group, as a sentence in parts: names are set apart from the words, because others chose them. */
import type { ViewEvent } from '../../ipc/index.ts';
import { oneLine } from './words.ts';

export type Part = string | { readonly name: string };

/** So many names are told; the rest are counted. */
const maxNames = 8;

/** @param own it was us who did it */
export function eventParts(event: ViewEvent, own: boolean): Part[] {
  const by: Part = own ? 'You' : event.by === '' ? 'Somebody' : { name: oneLine(event.by) };
  const subjects = subjectsOf(event);
  const people = listed(subjects);
  switch (event.event) {
    case 'created':
      return subjects.length === 0 ? [by, ' created the group'] : [by, ' created the group with ', ...people];
    case 'added':
      return [by, ' added ', ...people, ...sharedParts(event.shared ?? 0)];
    case 'joined':
      return event.by === '' || own ? ['You joined the group'] : [by, ' joined the group'];
    case 'removed':
      return [by, ' removed ', ...people];
    case 'left':
      return [by, ' left the group'];
    case 'renamed':
      return event.name === undefined
        ? [by, ' renamed the group']
        : [by, ' renamed the group to ', { name: oneLine(event.name) }];
    case 'adding':
      return [by, event.mayAdd === 'anyone' ? ' lets anyone add people' : ' lets only admins add people'];
    case 'admins-made':
      return [by, ' made ', ...people, subjects.length === 1 ? ' an admin' : ' admins'];
    case 'admins-unmade':
      return [by, ' took admin rights from ', ...people];
    case 'computers':
      return event.us === true && event.people.length === 0
        ? ['Your computers changed']
        : ['The computers of ', ...people, ' changed'];
    case 'succeeded':
      return ['The group goes on as a new one, because nobody could follow a change of the old one'];
    case 'refused':
      return [
        'Your change',
        ...(subjects.length === 0 ? [] : [' for ', ...people]),
        ' was not made: the group changed meanwhile, and does not allow it any more',
      ];
    case 'lost':
      return ['Messages are missing here: the relay no longer has them, or does not show them'];
    case 'differs':
      return [
        'The relay shows ',
        own ? 'another computer of yours' : by,
        ' other messages of this group than it shows you',
      ];
  }
}

export function eventText(event: ViewEvent, own: boolean): string {
  return eventParts(event, own)
    .map((part) => (typeof part === 'string' ? part : part.name))
    .join('');
}

function subjectsOf({ people, us }: ViewEvent): Part[] {
  return [...(us === true ? ['you'] : []), ...people.map((name) => ({ name: oneLine(name) }))];
}

/** “a”, “a and b”, “a, b and c”; of many, some and how many more there are. */
export function listed(items: readonly Part[]): Part[] {
  if (items.length === 0) return ['somebody'];
  const more = items.length - maxNames;
  const told = more <= 1 ? items : [...items.slice(0, maxNames), `${more} others`];
  return told.flatMap((item, i) => (i === 0 ? [item] : [i === told.length - 1 ? ' and ' : ', ', item]));
}

function sharedParts(count: number): Part[] {
  if (count === 0) return [];
  return [count === 1 ? ' and shared the last message' : ` and shared the last ${count} messages`];
}
