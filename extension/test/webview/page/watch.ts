/**
 * Runs in a page before anything else: notes whatever an attack could bring about there, and says what stands in the
 * page that has no business in it.
 */

declare global {
  var watch: {
    /** Scripts that ran, and what the policy had to stop. */
    readonly events: string[];
    /** Elements and attributes within `root` that are not of the view's making. */
    foreign(root: string): string[];
    /** Milliseconds of main-thread tasks that were longer than 50. */
    longTasks(): number[];
  };
  /** What the attacks call. */
  var struck: (name: unknown) => void;
}

const events: string[] = [];
const longTasks: number[] = [];

/** Within a message's text there is only what Markdown makes. */
const textElements = new Set([
  ...[
    'p',
    'br',
    'strong',
    'em',
    'del',
    'code',
    'pre',
    'blockquote',
    'ul',
    'ol',
    'li',
    'a',
    'hr',
    'div',
    'span',
  ],
  ...['table', 'thead', 'tbody', 'tr', 'th', 'td'],
]);
const textAttributes = new Set(['class', 'dir', 'role', 'tabindex', 'title', 'start']);
const textClasses = /^(hljs-[a-z_-]+|table|link-host|plain|mention|of-us)$/;

const elements = new Set([
  ...[
    'main',
    'header',
    'section',
    'div',
    'span',
    'p',
    'h1',
    'bdi',
    'br',
    'button',
    'textarea',
    'article',
    'time',
  ],
  ...['strong', 'code', 'pre', 'ul', 'li', 'vscode-button', 'vscode-text-field'],
]);
const svgElements = new Set(['svg', 'path']);
const attributes = new Set([
  ...[
    'class',
    'role',
    'title',
    'type',
    'tabindex',
    'dir',
    'rows',
    'hidden',
    'start',
    'placeholder',
    'spellcheck',
  ],
  ...['disabled', 'appearance', 'maxlength', 'current-value', 'autocomplete'],
]);
const svgAttributes = new Set([
  'class',
  'aria-hidden',
  'hidden',
  'd',
  'fill',
  'viewBox',
  'width',
  'height',
  'xmlns',
  'fill-rule',
  'clip-rule',
]);
/** Of the list of members and of what is in it; a number at most is made of what others say. */
const ownIds = /^(mentions|mention-\d)$/;
const ownClasses = /^[a-z][a-z0-9-]*_?$/;

globalThis.struck = (name) => {
  events.push(`ran: ${String(name)}`);
};
globalThis.watch = {
  events,
  longTasks: () => longTasks,
  foreign(root) {
    return [...document.querySelectorAll(`${root} *`)].flatMap((element) => {
      const isSvg = element.namespaceURI === 'http://www.w3.org/2000/svg';
      const isText = element.parentElement?.closest('.text, #naive') !== null;
      const name = isSvg ? element.tagName : element.localName;
      const known = isText ? textElements : isSvg ? svgElements : elements;
      const found = known.has(name) ? [] : [`<${name}>`];
      for (const { name: attribute, value } of element.attributes) {
        const knownAttributes = isText ? textAttributes : isSvg ? svgAttributes : attributes;
        const isOurs =
          (!isText && /^aria-[a-z]+$/.test(attribute)) ||
          (!isText && attribute === 'id' && ownIds.test(value)) ||
          // For VS Code's context menu.
          (name === 'article' && attribute === 'data-vscode-context');
        if (!knownAttributes.has(attribute) && !isOurs) found.push(`${name}[${attribute}]`);
        if (attribute === 'class') {
          const knownClasses = isText ? textClasses : ownClasses;
          for (const part of value.split(' '))
            if (part !== '' && !knownClasses.test(part)) found.push(`.${part}`);
        }
        if (isText && attribute === 'role' && value !== 'link') found.push(`role ${value}`);
      }
      return found;
    });
  },
};

document.addEventListener('securitypolicyviolation', (event) => {
  events.push(
    `policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}:${event.columnNumber}`,
  );
});
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) longTasks.push(entry.duration);
}).observe({ type: 'longtask', buffered: true });

export {};
