/** How the person is told of what did not work: the sentence of its code, and the button that may help. */
import { commands, window } from 'vscode';
import { type Remedy, sentenceOf } from '../ipc/index.ts';

interface Button {
  readonly title: string;
  readonly command: string;
  readonly arguments?: readonly unknown[];
}

const buttons: Readonly<Record<Remedy, Button>> = {
  retry: { title: 'Try Again', command: 'crypt2chat.reconnect' },
  recover: { title: 'Recover Account', command: 'crypt2chat.recoverAccount' },
  update: {
    title: 'Show Extension',
    command: 'extension.open',
    arguments: ['crypt2chat.crypt2chat'],
  },
};

/** Called off by the person, or said by the state of the view already. */
const silent = new Set(['ERR_ABORTED']);

/** Never throws, and waits for nobody. */
export function sayCode(code: string): void {
  if (silent.has(code)) return;
  const { text, remedy } = sentenceOf(code);
  const button = remedy && buttons[remedy];
  void window.showWarningMessage(text, ...(button ? [button.title] : [])).then((chosen) => {
    if (button && chosen === button.title) {
      void commands.executeCommand(button.command, ...(button.arguments ?? []));
    }
  });
}
