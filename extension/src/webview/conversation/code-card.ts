/** A passage of code with the place it was taken from. */
import type { ViewCode } from '../../ipc/index.ts';
import { element, hiddenText, plainButton } from '../elements.ts';
import { anchorName, oneLine } from '../model/index.ts';
import { codeElement, languageName } from '../text/index.ts';
import type { Context } from '../view.ts';

export function codeCard(code: ViewCode, { post }: Context): HTMLElement {
  const name = anchorName(code.path, code.startLine, code.endLine);
  const open = (): void => {
    post({ type: 'open-code', path: code.path, startLine: code.startLine, endLine: code.endLine });
  };
  const hasPlace = code.path !== '';
  const anchor = plainButton(
    { class: 'link-button anchor', tabindex: '-1', title: oneLine(code.path) },
    [hiddenText('Open '), element('bdi', {}, name)],
    open,
  );
  return element(
    'div',
    { class: 'card' },
    element(
      'div',
      { class: 'card-head' },
      hasPlace && anchor,
      element('span', { class: 'language' }, languageName(code.language)),
    ),
    element('pre', { dir: 'ltr', 'aria-label': 'Code' }, codeElement(code.text, code.language)),
    element(
      'div',
      { class: 'card-actions' },
      hasPlace && plainButton({ class: 'link-button', tabindex: '-1' }, ['Open'], open),
      plainButton({ class: 'link-button', tabindex: '-1' }, ['Copy'], () => {
        post({ type: 'copy', text: code.text });
      }),
    ),
  );
}
