/** The recovery phrase as people copy it by hand, and as they type it in. */

/** “ 1. word   2. word …”, four to a line. */
export function numberedWords(phrase: string): string {
  const words = phrase.split(' ').map((word, index) => `${index + 1}. ${word}`);
  const lines: string[] = [];
  for (let at = 0; at < words.length; at += 4) lines.push(words.slice(at, at + 4).join('    '));
  return lines.join('\n');
}

/** What was typed or pasted, also with the numbers and line breaks that we show it with. */
export function typedPhrase(text: string): string {
  return text
    .toLowerCase()
    .replace(/\d+\s*[.)]/g, ' ')
    .split(/[\s,]+/)
    .filter((word) => word !== '')
    .join(' ');
}

/** What is wrong with a phrase in an input box, or undefined. */
export function phraseProblem(text: string): string | undefined {
  const { length } = typedPhrase(text).split(' ');
  return text.trim() === '' || length === 24
    ? undefined
    : `A recovery phrase has 24 words; this has ${length}.`;
}
