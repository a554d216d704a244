/** Small words of the view that follow from a value. */
import type { ViewMessage } from '../../ipc/index.ts';

/**
 * Characters that change how the text around them reads, or that nobody sees: overrides and isolates of direction,
 * control characters, invisible operators, tags. Joiners and variation selectors stay, because scripts and emoji need them.
 */
const deceptive =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu;

/** For names, paths and addresses: one line, with a visible sign for whatever would deceive. */
export function oneLine(text: string): string {
  return text.replace(/[\t\n]/g, ' ').replace(deceptive, '\ufffd');
}

/** For code, where such a character can make it mean something else than it shows: its number stands in its place. */
export function codeToShow(text: string): string {
  return text
    .replace(/\r\n?/g, '\n')
    .replace(
      deceptive,
      (found) => `[U+${found.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}]`,
    );
}

/** For prose: what turns the direction of all that follows goes; the marks that scripts need stay. */
export function proseToShow(text: string): string {
  return text.replace(
    /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g,
    '\ufffd',
  );
}

/** Two letters for a face. */
export function initials(name: string): string {
  const letters = [...name.matchAll(/[\p{L}\p{N}]/gu)].map(([letter]) => letter);
  return letters.slice(0, 2).join('').toUpperCase() || '?';
}

export const avatarColours = 8;

/** A number below {@link avatarColours}, the same for the same name everywhere. */
export function avatarColour(name: string): number {
  let sum = 0;
  for (const character of name) sum = (sum * 31 + character.codePointAt(0)!) % 65_521;
  return sum % avatarColours;
}

export const stateWords: Readonly<Record<NonNullable<ViewMessage['state']>, string>> = {
  pending: 'Waiting to be sent',
  sent: 'Sent',
  delivered: 'Delivered',
  read: 'Read',
  failed: 'Not sent',
};

/** `src/net/retry.ts:41–46` without its folders. */
export function anchorName(path: string, startLine: number, endLine: number): string {
  const name = oneLine(path.slice(path.lastIndexOf('/') + 1));
  const lines = startLine === endLine ? `${startLine}` : `${startLine}–${endLine}`;
  return startLine > 0 ? `${name}:${lines}` : name;
}

export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    // A surrogate pair is two units and four bytes: one more byte for each unit.
    if (unit > 0x7f) bytes += unit <= 0x7ff || (unit >= 0xd800 && unit <= 0xdfff) ? 1 : 2;
  }
  return bytes;
}
