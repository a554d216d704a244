/**
 * The control: a page as one would write it without a thought, which the attacks must succeed against. Markdown through
 * marked, and everything into innerHTML.
 */
import { Marked } from 'marked';

declare global {
  var showNaively: (text: string) => void;
}

const marked = new Marked({ async: false });

globalThis.showNaively = (text) => {
  const place = document.getElementById('naive');
  if (place === null) return;
  const html = marked.parse(text, { async: false });
  place.innerHTML = `${html}<p>${text}</p><a title="${text}">x</a>`;
};

export {};
