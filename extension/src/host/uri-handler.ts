/** `vscode://crypt2chat.crypt2chat/open?address=name%23id`: an invitation as a link. Nothing happens without a yes. */
import { type Disposable, window } from 'vscode';
import { hasCode } from '@crypt2chat/shared/errors';
import { type CommandServices, engineWithAccount, openAddress } from './command-services.ts';
import { sayCode } from './messages.ts';
import { addressInUri, plainName } from './model/index.ts';

export function registerUriHandler(services: CommandServices): Disposable {
  return window.registerUriHandler({
    handleUri: async ({ path, query }) => {
      const address = addressInUri(path, query);
      if (address === undefined) {
        void window.showWarningMessage('This link is not an invitation that crypt2chat can read.');
        return;
      }
      try {
        const name = plainName(address.split('#')[0] ?? '');
        const question = `Open a conversation with ${name}?`;
        const detail = 'A link asked for this. They learn of it only when you write.';
        if ((await window.showInformationMessage(question, { modal: true, detail }, 'Open')) !== 'Open')
          return;
        if (await engineWithAccount(services)) await openAddress(services, address);
      } catch (error) {
        sayCode(hasCode(error) ? error.code : 'ERR_ENGINE_INTERNAL');
      }
    },
  });
}
