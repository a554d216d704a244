/** Who is in a group, and what can be done with each of them. */
import { env, window } from 'vscode';
import type { ConversationSummary, GroupMember, GroupView } from '@crypt2chat/shared/engine';
import { type CommandServices, openAddress, showSafetyNumber } from '../command-services.ts';
import {
  isIn,
  isOnlyAdmin,
  type MemberAction,
  memberActions,
  memberRow,
  plainGroupName,
  plainName,
  plainTitle,
} from '../model/index.ts';
import { addPeople, type Group } from './add-people.ts';
import { type Choice, chooseOne } from './quick-steps.ts';

/** The list, until it is called off: what is done with somebody comes back to it. */
export async function showMembers(services: CommandServices, key: string): Promise<void> {
  const { session } = services;
  for (;;) {
    const group = summaryOf(services, key);
    if (!group) return;
    const view = await session.call('groupView', { conversation: key });
    const title = `${plainTitle(group)}: who is in it`;
    const chosen = await chooseOne({ title, placeholder: 'A name' }, memberChoices(view, group), (draw) => ({
      dispose: session.subscribe({
        onState: () => undefined,
        onChange: (change) => {
          if (change.kind !== 'conversation' || change.conversation.key !== key) return;
          const { conversation } = change;
          void session
            .call('groupView', { conversation: key })
            .then((now) => draw(memberChoices(now, conversation)))
            .catch(() => undefined);
        },
      }),
    }));
    if (chosen?.kind !== 'next') return;
    if (chosen.value === 'add') return addPeople(services, group);
    if (!(await actOn(services, group, chosen.value))) return;
  }
}

function memberChoices(
  { members }: GroupView,
  { group }: ConversationSummary,
): Choice<GroupMember | 'add'>[] {
  const all: Choice<GroupMember | 'add'>[] = members.map((member) => ({
    ...memberRow(member),
    value: member,
  }));
  const mayAdd = group !== undefined && isIn(group) && group.mayAdd;
  return mayAdd ? [...all, { label: 'Add People…', icon: 'person-add', value: 'add' }] : all;
}

/** @returns whether the list of members comes back. */
async function actOn(services: CommandServices, group: Group, member: GroupMember): Promise<boolean> {
  const { label, description } = memberRow(member);
  const choices = memberActions(member, group.group).map(({ action, ...rest }) => ({
    ...rest,
    value: action,
  }));
  const title = `${label} (${description})`;
  const chosen = await chooseOne<MemberAction>(
    { title, placeholder: 'What to do', canGoBack: true },
    choices,
  );
  if (chosen === undefined) return false;
  if (chosen.kind === 'back') return true;
  const { session } = services;
  const params = { conversation: group.key, account: member.account };
  switch (chosen.value) {
    case 'write':
      // Their whole address would make an account one that is sure.
      await openAddress(services, member.verified ? member.address : member.name);
      return false;
    case 'safety-number':
      await showSafetyNumber(await session.call('memberSafetyNumber', params));
      return true;
    case 'copy-address':
      await env.clipboard.writeText(member.address);
      window.setStatusBarMessage('The address is in the clipboard.', 4_000);
      return true;
    case 'make-admin':
    case 'unmake-admin':
      await session.call('setGroupAdmin', { ...params, admin: chosen.value === 'make-admin' });
      return true;
    case 'remove':
      await remove(services, group, member);
      return true;
    case 'leave':
      await leave(services, group);
      return false;
  }
}

/** Asks first. */
async function remove({ session }: CommandServices, group: Group, member: GroupMember): Promise<void> {
  const question = `Remove ${plainName(member.name)} from ${plainTitle(group)}?`;
  const detail = 'What was said so far stays with them. What is said from now on does not reach them.';
  const chosen = await window.showWarningMessage(question, { modal: true, detail }, 'Remove');
  if (chosen !== 'Remove') return;
  await session.call('removeFromGroup', { conversation: group.key, account: member.account });
}

/** Asks first. */
export async function leave({ session }: CommandServices, { key, title, group }: Group): Promise<void> {
  const view = group.admin ? await session.call('groupView', { conversation: key }) : undefined;
  const last =
    view !== undefined && isOnlyAdmin(view)
      ? 'You are its only admin: unless you make somebody else one first, nobody can remove people or rename it any more. '
      : '';
  const detail = `${last}What was said so far stays on this computer. To come back, somebody in the group must add you.`;
  const question = `Leave ${plainGroupName(title)}?`;
  const chosen = await window.showWarningMessage(question, { modal: true, detail }, 'Leave');
  if (chosen === 'Leave') await session.call('leaveGroup', { conversation: key });
}

function summaryOf({ session }: CommandServices, key: string): Group | undefined {
  const { state } = session;
  const found =
    state.kind === 'open' ? state.engine.conversations.find((each) => each.key === key) : undefined;
  return found?.group === undefined ? undefined : { ...found, group: found.group };
}
