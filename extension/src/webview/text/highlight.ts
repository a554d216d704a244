/**
 * Colours code by classes. highlight.js is given an emitter of ours that builds nodes, so no markup is made of the code
 * on the way: its text can only become text nodes, and its classes only `hljs-…`.
 */
import type { Emitter } from 'highlight.js';
import { codeToShow } from '../model/index.ts';
import { hljs } from './languages.ts';

/** Longer code stays plain. Nothing that comes over the wire is longer; it keeps any mistake cheap. */
const maxLength = 32 * 1024;

class NodeEmitter implements Emitter {
  readonly root = document.createDocumentFragment();
  #open: (DocumentFragment | HTMLElement)[] = [this.root];

  addText(text: string): void {
    if (text !== '') this.#top.append(text);
  }

  startScope(scope: string): void {
    const node = document.createElement('span');
    // `title.function` becomes `hljs-title hljs-title-function`.
    const [kind = '', detail] = scope.replace(/[^a-z_.-]/gi, '').split('.');
    node.className = detail === undefined ? `hljs-${kind}` : `hljs-${kind} hljs-${kind}-${detail}`;
    this.#top.append(node);
    this.#open.push(node);
  }

  endScope(): void {
    if (this.#open.length > 1) this.#open.pop();
  }

  openNode(scope: string): void {
    this.startScope(scope);
  }

  closeNode(): void {
    this.endScope();
  }

  finalize(): void {
    this.#open = [this.root];
  }

  toHTML(): string {
    return '';
  }

  __addSublanguage(emitter: Emitter): void {
    if (emitter instanceof NodeEmitter) this.#top.append(emitter.root);
  }

  get #top(): DocumentFragment | HTMLElement {
    return this.#open.at(-1) ?? this.root;
  }
}
hljs.configure({ __emitter: NodeEmitter });

/** What waits to be coloured. What has left the page meanwhile is passed over. */
const waiting: { readonly code: HTMLElement; readonly text: string; readonly language: string }[] = [];
let isAsked = false;

/** A `code` element with `text`, which gets its colours when there is time: colours move nothing. */
export function codeElement(text: string, language: string): HTMLElement {
  const code = document.createElement('code');
  const shown = codeToShow(text);
  code.textContent = shown;
  if (shown.length <= maxLength && hljs.getLanguage(language) !== undefined) {
    waiting.push({ code, text: shown, language });
    ask();
  }
  return code;
}

function ask(): void {
  if (isAsked) return;
  isAsked = true;
  requestIdleCallback(work, { timeout: 500 });
}

function work(deadline: IdleDeadline): void {
  isAsked = false;
  // The newest first: that is where people look.
  let next = waiting.pop();
  while (next !== undefined) {
    if (next.code.isConnected) {
      next.code.replaceChildren(highlighted(next.text, next.language));
      if (deadline.timeRemaining() < 2) break;
    }
    next = waiting.pop();
  }
  if (waiting.length > 0) ask();
}

function highlighted(text: string, language: string): Node {
  const result = hljs.highlight(text, { language, ignoreIllegals: true });
  const emitter = result._emitter;
  // The text must come out as it went in, whatever the grammar did.
  return emitter instanceof NodeEmitter && emitter.root.textContent === text
    ? emitter.root
    : document.createTextNode(text);
}
