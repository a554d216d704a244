/**
 * Text from other people on its way into VS Code's own user interface: labels, descriptions, tooltips, toasts. All of
 * it passes here, so that a name or a message can neither draw an icon, nor make a link, nor turn the direction of the
 * text around it, nor hide.
 */

/** Control and format characters, halves of pairs, private use (where icon fonts live), line and paragraph separators. */
const unseen = /[\u{e0000}-\u{e0fff}\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu;
/** U+2060: nothing is seen of it, and nothing is joined across it by a parser. */
const wordJoiner = '\u2060';

/**
 * `text` as one line that is only text: `$(…)` draws no icon (in quick picks and status items), `[…](…)` is no link
 * (in notifications), control, bidirectional and invisible characters are gone.
 * @param maxLength in characters; what is longer ends with “…”.
 */
export function plainLine(text: string, maxLength: number): string {
  const line = text.replace(/\s+/gu, ' ').replace(unseen, '').trim();
  const characters = Array.from(line);
  const cut = characters.length > maxLength ? `${characters.slice(0, maxLength - 1).join('')}…` : line;
  return cut.replaceAll('$(', `$${wordJoiner}(`).replaceAll('](', `]${wordJoiner}(`);
}

/** A person's name. The protocol's names are short and plain; this holds for whatever comes instead. */
export function plainName(name: string): string {
  return plainLine(name, 40) || '?';
}
