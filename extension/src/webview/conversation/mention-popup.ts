/**
 * Whom an @ may mean, while it is typed: a list above the composer, worked by the keyboard of the field (the combobox
 * pattern with a listbox). The focus never leaves the field; the field is a combobox only while the list is there.
 */
import type { ViewMember } from '../../ipc/index.ts';
import { element, setShown } from '../elements.ts';
import { icon } from '../icons.ts';
import { avatarColour, initials, mentionAt, offered, oneLine } from '../model/index.ts';

const listId = 'mentions';
const optionId = (index: number): string => `mention-${index}`;
/** Of a combobox, while it is one. */
const comboboxAttributes = [
  'role',
  'aria-expanded',
  'aria-controls',
  'aria-autocomplete',
  'aria-activedescendant',
];

export class MentionPopup {
  readonly element = element('ul', {
    class: 'mentions',
    id: listId,
    role: 'listbox',
    'aria-label': 'Members',
  });
  readonly #field: HTMLTextAreaElement;
  readonly #changed: () => void;
  #members: readonly ViewMember[] = [];
  #offered: readonly ViewMember[] = [];
  #selected = 0;
  /** Where the @ stands of which the list was closed with Escape. */
  #dismissed: number | undefined;

  /** @param changed called when a name was put into the field */
  constructor(field: HTMLTextAreaElement, changed: () => void) {
    this.#field = field;
    this.#changed = changed;
    setShown(this.element, false);
    for (const type of ['input', 'click', 'keyup', 'focus'] as const) {
      field.addEventListener(type, () => {
        this.#look();
      });
    }
    field.addEventListener('blur', () => {
      this.#show([]);
    });
    // The focus stays in the field.
    this.element.addEventListener('mousedown', (event) => {
      event.preventDefault();
    });
    this.element.addEventListener('click', ({ target }) => {
      const option = target instanceof Element ? target.closest('[role=option]') : null;
      const index = option === null ? -1 : [...this.element.children].indexOf(option);
      if (index >= 0) this.#take(index);
    });
  }

  setMembers(members: readonly ViewMember[]): void {
    if (members === this.#members) return;
    this.#members = members;
    this.#look();
  }

  /** A key in the field, before the field itself has it. @returns whether the key was for the list. */
  pressed(event: KeyboardEvent): boolean {
    if (this.#offered.length === 0 || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey)
      return false;
    switch (event.key) {
      case 'ArrowDown':
        this.#select(this.#selected + 1);
        break;
      case 'ArrowUp':
        this.#select(this.#selected - 1);
        break;
      case 'Enter':
      case 'Tab':
        this.#take(this.#selected);
        break;
      case 'Escape':
        this.#dismissed = this.#mention()?.start;
        this.#show([]);
        break;
      default:
        return false;
    }
    event.preventDefault();
    return true;
  }

  #mention(): { start: number; typed: string } | undefined {
    const { selectionStart, selectionEnd, value } = this.#field;
    return selectionStart === selectionEnd ? mentionAt(value, selectionEnd) : undefined;
  }

  #look(): void {
    const mention = document.activeElement === this.#field ? this.#mention() : undefined;
    if (mention?.start !== this.#dismissed) this.#dismissed = undefined;
    const isWanted = mention !== undefined && this.#dismissed === undefined;
    this.#show(isWanted ? offered(this.#members, mention.typed) : []);
  }

  #show(members: readonly ViewMember[]): void {
    const isSame =
      members.length === this.#offered.length && members.every((member, i) => member === this.#offered[i]);
    if (isSame) return;
    this.#offered = members;
    this.element.replaceChildren(...members.map(optionOf));
    setShown(this.element, members.length > 0);
    if (members.length === 0) {
      for (const attribute of comboboxAttributes) this.#field.removeAttribute(attribute);
      return;
    }
    this.#field.setAttribute('role', 'combobox');
    this.#field.setAttribute('aria-expanded', 'true');
    this.#field.setAttribute('aria-controls', listId);
    this.#field.setAttribute('aria-autocomplete', 'list');
    this.#select(0);
  }

  /** Round and round. */
  #select(index: number): void {
    const count = this.#offered.length;
    this.#selected = (index + count) % count;
    for (const [i, option] of [...this.element.children].entries()) {
      option.setAttribute('aria-selected', String(i === this.#selected));
    }
    this.element.children[this.#selected]?.scrollIntoView({ block: 'nearest' });
    this.#field.setAttribute('aria-activedescendant', optionId(this.#selected));
  }

  #take(index: number): void {
    const member = this.#offered[index];
    const mention = this.#mention();
    if (member === undefined || mention === undefined) return;
    this.#field.setRangeText(`@${member.name} `, mention.start, this.#field.selectionEnd, 'end');
    this.#show([]);
    this.#changed();
  }
}

function optionOf({ name, verified }: ViewMember, index: number): HTMLElement {
  const shown = oneLine(name);
  return element(
    'li',
    {
      class: 'mention-option',
      id: optionId(index),
      role: 'option',
      'aria-selected': 'false',
      'aria-label': verified ? `${shown}, verified` : shown,
    },
    element('span', { class: `face hue-${avatarColour(name)}` }, initials(name)),
    element('bdi', {}, shown),
    verified && element('span', { class: 'verified' }, icon('check')),
  );
}
