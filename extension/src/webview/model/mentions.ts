/**
 * Mentions: `@name` of a member, as a word of its own, by the rule by which the engine says whom a message mentions. The
 * sentence may go on behind it with a dot or a dash: the longest name that somebody has counts.
 */
import { usernamePattern, type ViewMember } from '../../ipc/index.ts';

/** No name or address goes on here. */
const before = String.raw`(?<![\p{L}\p{N}._@-])`;
const mention = new RegExp(`${before}@([a-z0-9][a-z0-9._-]{0,40})`, 'gu');
const beginning = new RegExp(`${before}@([a-z0-9._-]{0,32})$`, 'iu');
/** The name is another one, which goes on. */
const goesOn = /^(?:[a-z0-9_]|[.-][a-z0-9])/;

/** So many are offered at a time; whoever is not among them comes with the next letter. */
const maxOffered = 8;

export interface Mention {
  readonly start: number;
  /** The first index behind it. */
  readonly end: number;
  readonly name: string;
}

/** O(length of the text). */
export function mentionsIn(text: string, names: { has(name: string): boolean }): Mention[] {
  const found = [];
  for (const match of text.matchAll(mention)) {
    const start = match.index;
    for (let { length } = match[1]!; length > 0; length--) {
      const name = match[1]!.slice(0, length);
      const end = start + 1 + length;
      if (!names.has(name) || goesOn.test(text.slice(end, end + 2))) continue;
      found.push({ start, end, name });
      break;
    }
  }
  return found;
}

/** What is being typed at `caret`: where its @ stands, and what follows it. */
export function mentionAt(text: string, caret: number): { start: number; typed: string } | undefined {
  const match = beginning.exec(text.slice(0, caret));
  return match === null ? undefined : { start: match.index, typed: match[1]!.toLowerCase() };
}

/** Who may be meant, those first whose name begins so. Only names that can be mentioned at all are offered. */
export function offered(members: readonly ViewMember[], typed: string): ViewMember[] {
  const others = members.filter(
    ({ own, name }) => !own && usernamePattern.test(name) && name.includes(typed),
  );
  const rank = ({ name }: ViewMember): number => (name.startsWith(typed) ? 0 : 1);
  return others.sort((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1)).slice(0, maxOffered);
}
