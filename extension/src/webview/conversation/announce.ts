/**
 * What a screen reader says by itself: messages as they arrive, politely. History that is loaded or scrolled to is not
 * news, so the list itself is no live region.
 */
import type { ViewMessage } from '../../ipc/index.ts';
import { element } from '../elements.ts';
import { sayMessage } from './say.ts';

/** So many lines stay, for a reader that has not come to them. */
const maxLines = 5;

export function announcer(): { element: HTMLElement; say(message: ViewMessage): void } {
  const region = element('div', { class: 'sr-only', 'aria-live': 'polite', 'aria-relevant': 'additions' });
  return {
    element: region,
    say(message) {
      region.append(element('p', {}, sayMessage(message)));
      while (region.childElementCount > maxLines) region.firstElementChild?.remove();
    },
  };
}
