/** What is said around the messages of a group: how it stands, who cannot read what is new, who is typing. */
import { sentenceOfMissingKeys, sentenceOfStanding } from '../../ipc/index.ts';
import { element, plainButton, setShown, setText } from '../elements.ts';
import { icon } from '../icons.ts';
import { listed, oneLine, type OpenConversation, typingParts } from '../model/index.ts';
import type { Context } from '../view.ts';
import type { Bar } from './bars.ts';
import { nodesOf } from './parts.ts';

/** How this computer stands in the group, where that is not as it should be or was. */
export function standingBar(): Bar<OpenConversation> {
  const words = element('span');
  const bar = element('div', { class: 'bar standing', role: 'status' }, icon('warning'), words);
  return {
    element: bar,
    update({ conversation: { group, status } }) {
      const standing = group === undefined ? undefined : sentenceOfStanding(group.standing);
      setShown(bar, standing !== undefined && status === 'active');
      setText(words, standing?.text ?? '');
    },
  };
}

/** Other members who lack the group's keys: the cause, and that it is being repaired. */
export function missingKeysBar(key: string, { post }: Context): Bar<OpenConversation> {
  const words = element('span');
  const show = plainButton({ class: 'link-button' }, ['Members'], () => {
    post({ type: 'show-members', conversation: key });
  });
  const bar = element('div', { class: 'bar missing-keys', role: 'status' }, icon('key'), words, show);
  let said = '';
  return {
    element: bar,
    update({ conversation: { group }, members }) {
      const without = members.filter(({ own, keysMissing }) => !own && keysMissing !== undefined);
      const [first] = without;
      const isOver = group === undefined || sentenceOfStanding(group.standing)?.over === true;
      setShown(bar, first !== undefined && !isOver);
      if (first?.keysMissing === undefined) return;
      const now = JSON.stringify(without);
      if (now === said) return;
      said = now;
      const names = without.map(({ name }) => ({ name: oneLine(name) || '?' }));
      // Of several, the list of members tells the cause of each.
      const why = names.length === 1 ? ` ${sentenceOfMissingKeys(first.keysMissing)}` : '';
      words.replaceChildren(...nodesOf([...listed(names), ` cannot read what is new here yet.${why}`]));
    },
  };
}

/** Always there in a group, so that nothing moves when somebody begins. */
export function typingLine(): Bar<OpenConversation> {
  const line = element('div', { class: 'typing-line' });
  let shown: readonly string[] = [];
  return {
    element: line,
    update({ conversation: { group }, typing }) {
      setShown(line, group !== undefined && sentenceOfStanding(group.standing)?.over !== true);
      if (typing === shown || group === undefined) return;
      shown = typing;
      line.replaceChildren(...nodesOf(typingParts(typing)));
    },
  };
}
