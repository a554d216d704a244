/**
 * Markdown of messages: marked, then DOMPurify with a short list of what may be, then our own finish of links and code.
 * HTML in a message is text, as its author typed it (`Promise<void>` is no element). There are no images, no styles, no
 * ids, no classes of a message's own making, and no attribute at all but `start` of a list.
 */
import DOMPurify, { type Config } from 'dompurify';
import { Marked } from 'marked';
import { proseToShow } from '../model/index.ts';
import { codeElement } from './highlight.ts';
import { makeLink, parseLink } from './links.ts';
import { markMentions, type Mentionable } from './mark-mentions.ts';

const allowed: Config = {
  ALLOWED_TAGS: [
    ...['p', 'br', 'strong', 'em', 'del', 'code', 'pre', 'blockquote', 'ul', 'ol', 'li', 'a', 'hr'],
    ...['table', 'thead', 'tbody', 'tr', 'th', 'td'],
  ],
  ALLOWED_ATTR: ['href', 'start'],
  ALLOWED_URI_REGEXP: /^(?:https?:|mailto:)/i,
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
};

/**
 * Markdown can be made to take time in the square of its length, or to run out of stack; and who sends a message must
 * not decide how long somebody's editor stands still. What goes past these bounds is shown as it was typed.
 *
 * Nested this deep in one line (quotes, lists); or with so many blanks in a row.
 */
const tooDeep = /^(?:[ \t]*(?:[>*+-]|\d{1,9}[.)])){16}| {1000}/m;
/** So many characters are looked at for inline marks, over all steps of the parser; emphasis looks at each ten times. */
const maxInlineWork = 2_000_000;
const emphasisWeight = 10;
/** So many tags come out of one message. */
const maxTags = 3000;

let inlineWork = 0;

const entities = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&#39;'],
]);

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities.get(character) ?? '');
}

/** Of the code blocks of the message being rendered, in their order. */
let languages: string[] = [];

const marked = new Marked({
  gfm: true,
  breaks: true,
  async: false,
  tokenizer: {
    // Nothing is HTML.
    html: () => undefined,
    tag: () => undefined,
    // The first to be asked at each step: it takes all that is left as text when the work is up.
    escape(src) {
      inlineWork += src.length;
      return inlineWork > maxInlineWork ? { type: 'escape', raw: src, text: src } : false;
    },
    emStrong(src) {
      if (src.startsWith('*') || src.startsWith('_')) inlineWork += emphasisWeight * src.length;
      return inlineWork > maxInlineWork ? undefined : false;
    },
  },
  renderer: {
    html: ({ text }) => escaped(text),
    code({ text, lang }) {
      languages.push(/^[\w+#.-]{1,40}/.exec(lang ?? '')?.[0] ?? '');
      return `<pre><code>${escaped(text)}</code></pre>`;
    },
    // A heading in a chat would be one of the page.
    heading({ tokens }) {
      return `<p><strong>${this.parser.parseInline(tokens)}</strong></p>`;
    },
    link({ href, tokens }) {
      return `<a href="${escaped(href)}">${this.parser.parseInline(tokens)}</a>`;
    },
    image: ({ href, text }) => `<a href="${escaped(href)}">${escaped(text === '' ? href : text)}</a>`,
    checkbox: ({ checked }) => (checked ? '☑ ' : '☐ '),
    tablecell({ tokens, header }) {
      const name = header ? 'th' : 'td';
      return `<${name}>${this.parser.parseInline(tokens)}</${name}>`;
    },
  },
});

/** The nodes of a message. Never throws: what cannot be rendered is shown as the text that it is. */
export function markdownNodes(source: string, mentionable: Mentionable): DocumentFragment {
  const fragment = renderedNodes(source);
  if (mentionable.size > 0) markMentions(fragment, mentionable);
  return fragment;
}

function renderedNodes(source: string): DocumentFragment {
  const text = proseToShow(source);
  if (tooDeep.test(text)) return plainNodes(text);
  languages = [];
  inlineWork = 0;
  let html;
  try {
    html = marked.parse(text, { async: false });
  } catch {
    return plainNodes(text);
  }
  if (html.split('<').length > 2 * maxTags) return plainNodes(text);
  const fragment = DOMPurify.sanitize(html, { ...allowed, RETURN_DOM_FRAGMENT: true });
  finish(fragment);
  return fragment;
}

function finish(fragment: DocumentFragment): void {
  for (const link of fragment.querySelectorAll('a')) {
    const url = parseLink(link.getAttribute('href') ?? '');
    link.removeAttribute('href');
    if (url === undefined) link.replaceWith(...link.childNodes);
    else makeLink(link, url);
  }
  for (const [index, block] of fragment.querySelectorAll('pre').entries()) {
    block.replaceChildren(codeElement(block.textContent.replace(/\n$/, ''), languages[index] ?? ''));
  }
  for (const table of fragment.querySelectorAll('table')) {
    const frame = document.createElement('div');
    frame.className = 'table';
    table.replaceWith(frame);
    frame.append(table);
  }
  // Each block reads in its own direction, and cannot turn that of its neighbours.
  for (const block of fragment.querySelectorAll('p, li, th, td')) block.setAttribute('dir', 'auto');
}

function plainNodes(text: string): DocumentFragment {
  const fragment = document.createDocumentFragment();
  const paragraph = document.createElement('p');
  paragraph.className = 'plain';
  paragraph.dir = 'auto';
  paragraph.textContent = text;
  fragment.append(paragraph);
  return fragment;
}
