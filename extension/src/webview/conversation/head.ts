/** Who this is with, and how sure that is. */
import { sentenceOfStanding } from '../../ipc/index.ts';
import { element, hiddenText, plainButton, setShown, setText } from '../elements.ts';
import { icon } from '../icons.ts';
import { oneLine, type OpenConversation, peopleWords, titleOf } from '../model/index.ts';
import type { Context } from '../view.ts';

const verifiedWhy =
  'You began with their whole address, so the relay could not put somebody else in their place.';
const notVerifiedWhy =
  'You found them by their name, and the relay said whose it is. Compare your safety numbers in person to be sure.';
const membersWhy = 'Show who is in the group';

export function conversationHead(
  key: string,
  { post }: Context,
): { element: HTMLElement; update(open: OpenConversation): void } {
  const name = element('bdi');
  const hash = element('span', { class: 'hash' }, element('span', { 'aria-hidden': 'true' }, '# '));
  hash.append(hiddenText('Group '));
  const verified = element('span', { class: 'verified', title: verifiedWhy }, icon('check'), 'verified');
  const notVerified = element('span', { class: 'not-verified', title: notVerifiedWhy }, 'not verified');
  verified.append(hiddenText(`: ${verifiedWhy}`));
  notVerified.append(hiddenText(`: ${notVerifiedWhy}`));
  const people = plainButton({ class: 'link-button people', title: membersWhy }, ['Members'], () => {
    post({ type: 'show-members', conversation: key });
  });
  const typing = element('span', { class: 'typing' }, 'typing…');
  return {
    element: element(
      'header',
      { class: 'head' },
      element('h1', {}, hash, name),
      verified,
      notVerified,
      people,
      typing,
    ),
    update({ conversation, typing: typists }) {
      const { group } = conversation;
      setText(name, titleOf(conversation));
      name.title = oneLine(conversation.address);
      setShown(hash, group !== undefined);
      setShown(verified, group === undefined && conversation.verified);
      setShown(notVerified, group === undefined && !conversation.verified);
      // In a group there is a line of its own for it, with names.
      setShown(typing, group === undefined && typists.length > 0);
      const isOver = group !== undefined && sentenceOfStanding(group.standing)?.over === true;
      setShown(people, group !== undefined && group.people > 0 && !isOver);
      if (group === undefined) return;
      const words = peopleWords(group);
      setText(people, words);
      people.setAttribute('aria-label', `${words}. ${membersWhy}`);
    },
  };
}
