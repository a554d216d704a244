/** What the chat view asks for that only VS Code can do. */
import { userInfo } from 'node:os';
import { commands, env, type Memento, Uri, window } from 'vscode';
import type { ChatActions } from './chat/index.ts';
import { openCode } from './editor-code.ts';
import { sayCode } from './messages.ts';
import { openableLink, plainLine, suggestName } from './model/index.ts';
import { showPhrase } from './phrase-dialogs.ts';
import type { Session } from './session/index.ts';
import { relaySetting } from './settings.ts';

const rememberedName = 'openConversation';

/** The conversation that was open in this workspace, by its key: a hash that names nobody. */
export function rememberedConversation(memento: Memento): string | undefined {
  const value = memento.get<unknown>(rememberedName);
  return typeof value === 'string' ? value : undefined;
}

export function createChatActions(session: Session, memento: Memento, shownChanged: () => void): ChatActions {
  const run = (command: string, ...args: unknown[]) => {
    void commands.executeCommand(`crypt2chat.${command}`, ...args);
  };
  return {
    formDefaults: () => ({ relay: relaySetting(), username: suggestName(systemName()) }),
    registered: () => void showPhrase(session).catch(() => sayCode('ERR_NOT_OPEN')),
    recover: () => run('recoverAccount'),
    unlock: () => run('unlock'),
    newConversation: () => run('newConversation'),
    copyAddress: () => run('copyAddress'),
    attachSelection: () => run('sendSelection'),
    showMembers: (conversation) => run('groupMembers', conversation),
    showReceipts: (conversation, key) => run('groupReceipts', { conversation, key }),
    leaveGroup: (conversation) => run('leaveGroup', conversation),
    deleteMessage: (conversation, key) => run('deleteMessage', { conversation, key }),
    copy: (text) => void env.clipboard.writeText(text),
    openLink: (url) => void openLink(url),
    openCode: (path, startLine, endLine) => void openPassage(path, startLine, endLine),
    say: sayCode,
    remember: (conversation) => void memento.update(rememberedName, conversation),
    shownChanged,
  };
}

function systemName(): string {
  try {
    return userInfo().username;
  } catch {
    return '';
  }
}

/** The whole address is shown before it is opened: what a message calls a link may be anything. */
async function openLink(text: string): Promise<void> {
  const url = openableLink(text);
  if (!url) {
    void window.showWarningMessage('Only links to the web and mail addresses are opened.');
    return;
  }
  const chosen = await window.showInformationMessage(
    'Open this link from a message?',
    { modal: true, detail: plainLine(url.href, 2_048) },
    'Open',
  );
  if (chosen === 'Open') await env.openExternal(Uri.parse(url.href, true));
}

async function openPassage(path: string, startLine: number, endLine: number): Promise<void> {
  try {
    if (await openCode(path, startLine, endLine)) return;
    void window.showInformationMessage('This file is not in the folders that are open here.');
  } catch {
    void window.showWarningMessage('This file could not be opened as text.');
  }
}
