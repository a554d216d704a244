/** What the commands stand on, and what several of them do. */
import { env, type QuickPickItem, window } from 'vscode';
import type { ConversationKey, ConversationSummary, EngineState } from '@crypt2chat/shared/engine';
import type { ChatController } from './chat/index.ts';
import { type ChatView, chatViewId } from './chat-view.ts';
import { isOver, plainName, plainTitle } from './model/index.ts';
import type { QuietConversations } from './quiet.ts';
import type { Session } from './session/index.ts';

export interface CommandServices {
  readonly session: Session;
  readonly controller: ChatController;
  readonly chatView: ChatView;
  readonly quiet: QuietConversations;
}

/** @param argument what a command was called with: a row of the list, a key, or nothing. Rejections have codes. */
export type Command = (services: CommandServices, argument: unknown) => Promise<void>;

/** Opens the chat view on a conversation, with the keyboard in its composer. */
export async function showConversation(
  { controller, chatView }: CommandServices,
  key: ConversationKey,
): Promise<void> {
  controller.open(key);
  controller.focusComposer();
  await chatView.focus();
}

/** Opens the conversation with `address`, once the relay has said who that is. */
export async function openAddress(services: CommandServices, address: string): Promise<void> {
  const options = { location: { viewId: chatViewId } };
  const { key } = await window.withProgress(options, () =>
    services.session.call('openConversation', { address }),
  );
  await showConversation(services, key);
}

/** The engine with an account, else the view that says what is missing. */
export async function engineWithAccount({
  session,
  chatView,
}: CommandServices): Promise<EngineState | undefined> {
  const state = await session.start();
  if (state.kind === 'open' && state.engine.account) return state.engine;
  await chatView.focus();
  return undefined;
}

/** A conversation's key, from a row of the list or as it is. */
export function keyIn(argument: unknown): ConversationKey | undefined {
  if (typeof argument === 'string') return argument;
  const { row } = (argument ?? {}) as { readonly row?: { readonly key?: unknown } };
  return typeof row?.key === 'string' ? row.key : undefined;
}

/** Of several conversations the one that is meant; with `undefined` when none was chosen or there is none. */
export async function pick(
  conversations: readonly ConversationSummary[],
  title: string,
): Promise<ConversationKey | undefined> {
  if (conversations.length === 0) {
    void window.showInformationMessage('There is no conversation for this yet.');
    return undefined;
  }
  const items = conversations.map((conversation): QuickPickItem & { readonly key: ConversationKey } => ({
    key: conversation.key,
    label: plainTitle(conversation),
    description: wordsOf(conversation),
  }));
  return (await window.showQuickPick(items, { title, placeHolder: 'A name' }))?.key;
}

function wordsOf(conversation: ConversationSummary): string {
  const { status, group } = conversation;
  const inviter = group?.invitedBy;
  const request = inviter === undefined ? 'wants to write to you' : `${plainName(inviter)} added you`;
  const said = { active: '', request, ignored: 'ignored', blocked: 'blocked' }[status];
  const standing = isOver(conversation) ? 'not in it any more' : '';
  return [group === undefined ? '' : 'group', said, standing].filter((part) => part !== '').join(' · ');
}

/** Twelve groups of digits, to be compared by two people. */
export async function showSafetyNumber(number: string): Promise<void> {
  const detail = `${number}\n\nRead it to each other in person or on a call. If both see the same digits, nobody stands between you.`;
  const options = { modal: true, detail };
  if ((await window.showInformationMessage('Safety number', options, 'Copy')) === 'Copy') {
    await env.clipboard.writeText(number);
  }
}
