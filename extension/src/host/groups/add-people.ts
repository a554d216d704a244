/** Adding people to a group, with what they are given to read of what was said before. */
import type { ConversationSummary, GroupSummary } from '@crypt2chat/shared/engine';
import type { CommandServices } from '../command-services.ts';
import { knownPeople, maxShared, namesOf, type Person, plainTitle, shareProblem } from '../model/index.ts';
import { askLine, askPeople } from './quick-steps.ts';

/** A conversation that is a group. */
export interface Group extends ConversationSummary {
  readonly group: GroupSummary;
}

/** Rejections have codes; those of adding itself are said where it was asked for. */
export async function addPeople({ session }: CommandServices, group: Group): Promise<void> {
  const { key: conversation } = group;
  const { members } = await session.call('groupView', { conversation });
  const { state } = session;
  const conversations = state.kind === 'open' ? state.engine.conversations : [];
  const known = knownPeople(conversations, new Set(members.map(({ address }) => address)));
  let chosen: readonly Person[] = [];
  let share = '0';
  for (;;) {
    const people = await askPeople({
      title: `Add people to ${plainTitle(group)}`,
      of: [1, 2],
      known,
      chosen,
      go: (now) => (now.length === 0 ? undefined : `Add ${namesOf(now)}`),
      changed: (now) => {
        chosen = now;
      },
    });
    if (people?.kind !== 'next') return;
    const shared = await askLine({
      title: `Add ${namesOf(chosen)} to ${plainTitle(group)}`,
      of: [2, 2],
      prompt: `How many of the last messages are they given to read? From 0 to ${maxShared}.`,
      value: share,
      problem: (text) => {
        share = text;
        return shareProblem(text);
      },
      submit: async (text) => {
        const addresses = chosen.map(({ address }) => address);
        await session.call('addToGroup', { conversation, addresses, shareLast: Number(text) });
      },
    });
    if (shared?.kind !== 'back') return;
  }
}
