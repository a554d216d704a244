/** How one stands in a group, and how others do, as plain sentences: what happened, and what is being done about it. */
import type { GroupStanding } from '@crypt2chat/shared/engine';
import { sentenceOf } from './sentences.ts';

interface Standing {
  /** A few words for the list. */
  readonly brief: string;
  readonly text: string;
  /** Nothing can be written any more; what was said stays. */
  readonly over: boolean;
}

const standings: Readonly<Record<Exclude<GroupStanding, 'ready'>, Standing>> = {
  joining: {
    brief: 'joining',
    text: 'You were added just now. This computer is fetching what the group is; what you write leaves as soon as it has.',
    over: false,
  },
  'keys-missing': {
    brief: 'keys missing',
    text: 'This computer lacks the present keys of the group, so it cannot read what is new. It has asked the others for them: the first of them to be online sends them. What you write until then waits here.',
    over: false,
  },
  stuck: {
    brief: 'stuck',
    text: 'Somebody changed this group in a way that nobody can follow. It will go on as a new one with the others, made by somebody who may add people; what was said stays here.',
    over: false,
  },
  left: { brief: 'left', text: 'You left this group. What was said before stays here.', over: true },
  removed: {
    brief: 'removed',
    text: 'You were removed from this group. What was said before stays here; what is said now does not reach this computer.',
    over: true,
  },
};

/** Nothing is said of a group in which all is well. */
export function sentenceOfStanding(standing: GroupStanding): Standing | undefined {
  return standing === 'ready' ? undefined : standings[standing];
}

/** Why the group's present keys have not reached a member, by its code, and what is being done about it. */
export function sentenceOfMissingKeys(code: string): string {
  return code === 'ERR_GROUP_KEYS_MISSING'
    ? 'The group’s present keys have not reached their computer. It has asked for them: the next member to be online sends them.'
    : `${sentenceOf(code).text} It is tried again by itself.`;
}
