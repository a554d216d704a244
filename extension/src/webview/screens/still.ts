/** Screens that say something and offer a button or two. */
import { sentenceOfLocked } from '../../ipc/index.ts';
import { element, plainButton } from '../elements.ts';
import { kitButton } from '../kit.ts';
import { oneLine, type StillScreen } from '../model/index.ts';
import type { Context, View } from '../view.ts';

export function stillView(screen: StillScreen, context: Context): View {
  const page = element('main', { class: 'welcome' }, ...contentOf(screen, context));
  return {
    element: page,
    update: () => undefined,
    focus() {
      page.querySelector<HTMLElement>('vscode-button, button')?.focus();
    },
    dispose: () => undefined,
  };
}

function contentOf(screen: StillScreen, { post }: Context): Node[] {
  switch (screen.screen) {
    case 'loading':
      return [element('p', { class: 'dim loading', role: 'status' }, 'Opening…')];
    case 'locked': {
      const { text, unlock } = sentenceOfLocked(screen.reason);
      const open = kitButton(unlock ? 'Enter recovery phrase' : 'Try again', 'primary', () => {
        post({ type: unlock ? 'unlock' : 'retry-open' });
      });
      const again = kitButton('Try again', 'secondary', () => {
        post({ type: 'retry-open' });
      });
      return [
        heading('Your messages are locked.'),
        said(text),
        open.element,
        ...(unlock ? [again.element] : []),
      ];
    }
    case 'elsewhere': {
      const use = kitButton('Use chat here', 'primary', () => {
        post({ type: 'retry-open' });
      });
      return [
        heading('The chat is open in another window.'),
        said(
          'One window at a time has it, so that no key is ever used twice. Nothing is lost when it moves.',
        ),
        use.element,
      ];
    }
    case 'empty': {
      const begin = kitButton('New conversation', 'primary', () => {
        post({ type: 'new-conversation' });
      });
      const copy = plainButton({ class: 'link-button' }, ['Copy'], () => {
        post({ type: 'copy-address' });
      });
      copy.setAttribute('aria-label', 'Copy your address');
      return [
        heading(screen.hasConversations ? 'No conversation is open.' : `Hello, ${oneLine(screen.username)}.`),
        said(
          screen.hasConversations
            ? 'Choose one in the list above, or begin another.'
            : 'Write to somebody by their name on the relay or, better, by their whole address: then nobody can stand in for them.',
        ),
        begin.element,
        element(
          'p',
          { class: 'small' },
          'Your address, for others to write to you: ',
          element('bdi', { class: 'address' }, oneLine(screen.address)),
          ' ',
          copy,
        ),
      ];
    }
  }
}

function heading(text: string): HTMLElement {
  return element('h1', {}, text);
}

function said(text: string): HTMLElement {
  return element('p', { class: 'dim' }, text);
}
