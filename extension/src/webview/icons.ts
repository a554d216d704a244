/**
 * The few codicons that the view uses, as SVG within the page: a few kilobytes instead of the whole font, and the policy
 * needs no font source. They say nothing to screen readers: the words stand beside them.
 */
import arrowDown from '@vscode/codicons/src/icons/arrow-down.svg';
import checkAll from '@vscode/codicons/src/icons/check-all.svg';
import check from '@vscode/codicons/src/icons/check.svg';
import close from '@vscode/codicons/src/icons/close.svg';
import code from '@vscode/codicons/src/icons/code.svg';
import copy from '@vscode/codicons/src/icons/copy.svg';
import disconnected from '@vscode/codicons/src/icons/debug-disconnect.svg';
import error from '@vscode/codicons/src/icons/error.svg';
import history from '@vscode/codicons/src/icons/history.svg';
import key from '@vscode/codicons/src/icons/key.svg';
import mention from '@vscode/codicons/src/icons/mention.svg';
import warning from '@vscode/codicons/src/icons/warning.svg';

const sources = {
  'arrow-down': arrowDown,
  'check-all': checkAll,
  check,
  close,
  code,
  copy,
  disconnected,
  error,
  history,
  key,
  mention,
  warning,
};
export type IconName = keyof typeof sources;

const parsed = new Map<IconName, SVGSVGElement>();

export function icon(name: IconName): SVGElement {
  let made = parsed.get(name);
  if (made === undefined) {
    const root = new DOMParser().parseFromString(sources[name], 'image/svg+xml').documentElement;
    if (!(root instanceof SVGSVGElement)) throw new TypeError(`the icon ${name} is not an SVG`);
    root.setAttribute('class', 'icon');
    root.setAttribute('aria-hidden', 'true');
    made = document.adoptNode(root);
    parsed.set(name, made);
  }
  const copied = made.cloneNode(true);
  if (!(copied instanceof SVGElement)) throw new TypeError('a clone is what it was cloned from');
  return copied;
}
