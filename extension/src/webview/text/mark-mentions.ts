/** Marks the mentions in a message that has been rendered. */
import { mentionsIn } from '../model/index.ts';

/** The names that can be mentioned, each with whether it is our own. */
export type Mentionable = ReadonlyMap<string, boolean>;

/** Code and links say something else with an @. */
const apart = 'code, pre, a';

export function markMentions(fragment: DocumentFragment, mentionable: Mentionable): void {
  const walker = document.createTreeWalker(fragment, NodeFilter.SHOW_TEXT);
  const texts: Text[] = [];
  while (walker.nextNode()) {
    const text = walker.currentNode as Text;
    if (text.data.includes('@') && (text.parentElement?.closest(apart) ?? null) === null) texts.push(text);
  }
  for (const text of texts) markIn(text, mentionable);
}

function markIn(text: Text, mentionable: Mentionable): void {
  const { data } = text;
  let at = 0;
  const parts: (string | HTMLElement)[] = [];
  for (const { start, end, name } of mentionsIn(data, mentionable)) {
    const mark = document.createElement('strong');
    mark.className = mentionable.get(name) === true ? 'mention of-us' : 'mention';
    mark.textContent = data.slice(start, end);
    parts.push(data.slice(at, start), mark);
    at = end;
  }
  if (at > 0) text.replaceWith(...parts, data.slice(at));
}
