/** Who this is with, and how sure that is. */
import { element, hiddenText, setShown, setText } from '../elements.ts';
import { icon } from '../icons.ts';
import { oneLine, type OpenConversation } from '../model/index.ts';

const verifiedWhy =
  'You began with their whole address, so the relay could not put somebody else in their place.';
const notVerifiedWhy =
  'You found them by their name, and the relay said whose it is. Compare your safety numbers in person to be sure.';

export function conversationHead(): { element: HTMLElement; update(open: OpenConversation): void } {
  const name = element('bdi');
  const verified = element('span', { class: 'verified', title: verifiedWhy }, icon('check'), 'verified');
  const notVerified = element('span', { class: 'not-verified', title: notVerifiedWhy }, 'not verified');
  verified.append(hiddenText(`: ${verifiedWhy}`));
  notVerified.append(hiddenText(`: ${notVerifiedWhy}`));
  const typing = element('span', { class: 'typing' }, 'typing…');
  return {
    element: element('header', { class: 'head' }, element('h1', {}, name), verified, notVerified, typing),
    update({ conversation, typing: people }) {
      setText(name, oneLine(conversation.title));
      name.title = oneLine(conversation.address);
      setShown(verified, conversation.verified);
      setShown(notVerified, !conversation.verified);
      setShown(typing, people.length > 0);
    },
  };
}
