/** The commands of the manifest. One table: what is missing in it, or there without being declared, fails a test. */
import { commands, type Disposable, env, ProgressLocation, Uri, window } from 'vscode';
import { hasCode } from '@crypt2chat/shared/errors';
import { maxTextBytes } from '../ipc/index.ts';
import {
  type Command,
  type CommandServices,
  engineWithAccount,
  keyIn,
  openAddress,
  pick,
  showConversation,
  showSafetyNumber,
} from './command-services.ts';
import { selectedCode } from './editor-code.ts';
import { groupCommands } from './groups/index.ts';
import { sayCode } from './messages.ts';
import { addressProblem, isOver, normaliseName } from './model/index.ts';
import { askPhrase, confirmShowing, showPhrase } from './phrase-dialogs.ts';
import { relaySetting } from './settings.ts';

const table: Readonly<Record<string, Command>> = {
  setUp: async ({ chatView }) => chatView.focus(),
  newConversation,
  openConversation,
  sendSelection,
  acceptRequest: (services, argument) => answer(services, argument, 'accept'),
  ignoreRequest: (services, argument) => answer(services, argument, 'ignore'),
  blockRequest: (services, argument) => answer(services, argument, 'block'),
  unblock: (services, argument) => answer(services, argument, 'accept'),
  copyAddress,
  copySafetyNumber,
  showRecoveryPhrase,
  recoverAccount,
  unlock,
  useHere: async ({ session, chatView }) => {
    await session.retry();
    await chatView.focus();
  },
  reconnect: async ({ session }) => {
    if (session.state.kind === 'open') await session.call('retryNow', undefined);
    else await session.retry();
  },
  mute: (services, argument) => setQuiet(services, argument, true),
  unmute: (services, argument) => setQuiet(services, argument, false),
  deleteMessage,
  startOver,
  ...groupCommands,
};

export function registerCommands(services: CommandServices): Disposable[] {
  return Object.entries(table).map(([name, run]) =>
    commands.registerCommand(`crypt2chat.${name}`, async (argument: unknown) => {
      try {
        await run(services, argument);
      } catch (error) {
        sayCode(hasCode(error) ? error.code : 'ERR_ENGINE_INTERNAL');
      }
    }),
  );
}

async function newConversation(services: CommandServices): Promise<void> {
  if (!(await engineWithAccount(services))) return;
  const address = await window.showInputBox({
    title: 'New conversation',
    prompt: 'Their address makes sure that it is them. A name alone is the relay’s word.',
    placeHolder: 'name or name#id',
    validateInput: addressProblem,
  });
  if (address !== undefined && address.trim() !== '') await openAddress(services, address.trim());
}

async function openConversation(services: CommandServices, argument: unknown): Promise<void> {
  const engine = await engineWithAccount(services);
  if (!engine) return;
  const key = keyIn(argument) ?? (await pick(engine.conversations, 'Open a conversation'));
  if (key !== undefined) await showConversation(services, key);
}

async function sendSelection(services: CommandServices): Promise<void> {
  const result = selectedCode();
  if (result.kind === 'empty') {
    void window.showInformationMessage('Select the code in an editor first.');
    return;
  }
  if (result.kind === 'too-large') {
    const kib = (bytes: number) => `${Math.ceil(bytes / 1024)} KiB`;
    void window.showWarningMessage(
      `The selection has ${kib(result.bytes)}. A message holds ${kib(maxTextBytes)}: select less of it.`,
    );
    return;
  }
  const engine = await engineWithAccount(services);
  if (!engine) return;
  const active = engine.conversations.filter((each) => each.status === 'active' && !isOver(each));
  const shown = active.find(({ key }) => key === services.controller.conversation)?.key;
  const key = shown ?? (await pick(active, 'Send the selection to'));
  if (key === undefined) return;
  services.controller.attach(key, result.anchor);
  await showConversation(services, key);
}

async function answer(
  services: CommandServices,
  argument: unknown,
  given: 'accept' | 'block' | 'ignore',
): Promise<void> {
  const engine = await engineWithAccount(services);
  if (!engine) return;
  const open = engine.conversations.filter(
    ({ status }) => status !== (given === 'accept' ? 'active' : 'blocked'),
  );
  const conversation = keyIn(argument) ?? (await pick(open, 'Whose messages?'));
  if (conversation === undefined) return;
  await services.session.call('answerRequest', { conversation, answer: given });
  if (given === 'accept') await showConversation(services, conversation);
}

async function copyAddress(services: CommandServices): Promise<void> {
  const engine = await engineWithAccount(services);
  if (!engine?.account) return;
  await env.clipboard.writeText(engine.account.address);
  window.setStatusBarMessage('Your address is in the clipboard.', 4_000);
}

async function copySafetyNumber(services: CommandServices, argument: unknown): Promise<void> {
  const engine = await engineWithAccount(services);
  if (!engine) return;
  // In a group there is one for each member: the list of members shows them.
  const people = engine.conversations.filter(({ group }) => !group);
  const picked = keyIn(argument) ?? people.find(({ key }) => key === services.controller.conversation)?.key;
  const conversation = picked ?? (await pick(people, 'With whom?'));
  if (conversation === undefined) return;
  const number = await services.session.call('safetyNumber', { conversation });
  await showSafetyNumber(number);
}

async function setQuiet(services: CommandServices, argument: unknown, isQuiet: boolean): Promise<void> {
  const engine = await engineWithAccount(services);
  if (!engine) return;
  const { controller, quiet } = services;
  const open = engine.conversations.filter(
    ({ key, status }) => status === 'active' && quiet.has(key) !== isQuiet,
  );
  const shown = open.find(({ key }) => key === controller.conversation)?.key;
  const title = isQuiet ? 'Announce nothing of' : 'Announce again what comes in';
  const conversation = keyIn(argument) ?? shown ?? (await pick(open, title));
  if (conversation !== undefined) await quiet.set(conversation, isQuiet);
}

async function showRecoveryPhrase(services: CommandServices): Promise<void> {
  if (!(await engineWithAccount(services))) return;
  if (await confirmShowing()) await showPhrase(services.session);
}

async function recoverAccount(services: CommandServices): Promise<void> {
  const { session, chatView } = services;
  const state = await session.start();
  if (state.kind === 'locked') return unlock(services);
  if (state.kind !== 'fresh' && state.kind !== 'open') return chatView.focus();
  if (state.kind === 'open' && state.engine.account) {
    void window.showInformationMessage(
      'This computer has an account already. To begin with another one, start over first.',
    );
    return;
  }
  const title = 'Recover an account';
  const base = { title, ignoreFocusOut: true };
  const relay = await window.showInputBox({
    ...base,
    prompt: 'The relay of the account',
    value: relaySetting(),
  });
  if (!relay?.trim()) return;
  const username = await window.showInputBox({ ...base, prompt: 'Your name on this relay' });
  if (!username?.trim()) return;
  const phrase = await askPhrase(title);
  if (phrase === undefined) return;
  const recovery = { relay: relay.trim(), username: normaliseName(username), phrase };
  await window.withProgress(
    { location: ProgressLocation.Notification, title: 'Recovering the account…' },
    () => session.recover(recovery),
  );
  await chatView.focus();
}

async function unlock({ session, chatView }: CommandServices): Promise<void> {
  const phrase = await askPhrase('Open your messages with the recovery phrase');
  if (phrase === undefined) return;
  await session.unlock(phrase);
  await chatView.focus();
}

async function deleteMessage({ session }: CommandServices, argument: unknown): Promise<void> {
  const { conversation, key } = (argument ?? {}) as Record<string, unknown>;
  if (typeof conversation !== 'string' || typeof key !== 'string') return;
  const detail = 'It goes away on this computer. If it has left already, the others keep theirs.';
  const chosen = await window.showWarningMessage('Delete this message?', { modal: true, detail }, 'Delete');
  if (chosen === 'Delete') await session.call('deleteMessage', { conversation, key });
}

async function startOver({ session }: CommandServices): Promise<void> {
  const detail =
    'Your account and its messages are put aside in a folder on this computer, and nothing is deleted. ' +
    'On the relay the account stays as it is. You can then register anew, or recover the account with its phrase.';
  const question = 'Start over on this computer?';
  const chosen = await window.showWarningMessage(question, { modal: true, detail }, 'Start Over');
  if (chosen !== 'Start Over') return;
  await session.start();
  const folder = await session.startOver(new Date());
  if (folder === undefined) return;
  const said = await window.showInformationMessage('The old chat is in a folder of its own.', 'Show Folder');
  if (said === 'Show Folder') await commands.executeCommand('revealFileInOS', Uri.file(folder));
}
