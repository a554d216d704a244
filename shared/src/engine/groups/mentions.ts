/** Who is named in a text: `@name`, as a word of its own. Names are those of the relay, so they are unique and plain. */
import type { Draft } from '../types.ts';

/** Whether the message names `username` with an @. Linear in its length. */
export function mentions(body: Draft, username: string): boolean {
  const text = body.kind === 'text' ? body.text : (body.note ?? '');
  const wanted = `@${username}`;
  for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + 1)) {
    if (!isOfName(text[at - 1]) && !continuesName(text.slice(at + wanted.length, at + wanted.length + 2)))
      return true;
  }
  return false;
}

function isOfName(character: string | undefined): boolean {
  return character !== undefined && /[\p{L}\p{N}._@-]/u.test(character);
}

/** A dot or a hyphen at the end of a sentence is not of the name, one that goes on with a letter is. */
function continuesName(rest: string): boolean {
  return /^[a-z0-9_]/.test(rest) || /^[.-][a-z0-9]/.test(rest);
}
