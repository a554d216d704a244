/**
 * Makes elements. Text only ever becomes text nodes, attribute names are our own constants, and there is no way to
 * give markup or a style: the view's one other way into the page is text/markdown.ts.
 */

type Attribute =
  | 'class'
  | 'id'
  | 'role'
  | 'title'
  | 'type'
  | 'tabindex'
  | 'dir'
  | 'rows'
  | 'placeholder'
  | 'disabled'
  | 'hidden'
  | 'lang'
  | 'spellcheck'
  | 'autocomplete'
  | 'appearance'
  | 'maxlength'
  | `aria-${string}`;

type Attributes = Readonly<Partial<Record<Attribute, string | boolean>>>;
type Child = Node | string | undefined | false;

/** `true` sets an attribute without a value, `false` leaves it out. */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) made.setAttribute(attribute, value === true ? '' : value);
  }
  for (const child of children) if (child !== undefined && child !== false) made.append(child);
  return made;
}

/** A button that looks like a link or an icon. It can be reached by Tab only while its message is the current one. */
export function plainButton(
  attributes: Attributes,
  children: readonly Child[],
  act: () => void,
): HTMLButtonElement {
  const made = element('button', { type: 'button', ...attributes }, ...children);
  made.addEventListener('click', act);
  return made;
}

/** For screen readers only. */
export function hiddenText(text: string): HTMLElement {
  return element('span', { class: 'sr-only' }, text);
}

export function setText(target: Element, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}

export function setShown(target: HTMLElement, shown: boolean): void {
  if (target.hidden === shown) target.hidden = !shown;
}
