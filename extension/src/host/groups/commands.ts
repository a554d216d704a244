/** The commands of groups: each is worked by the keyboard in VS Code's own dialogs. */
import {
  type Command,
  type CommandServices,
  engineWithAccount,
  keyIn,
  pick,
  showConversation,
} from '../command-services.ts';
import {
  groupNameProblem,
  isIn,
  isOver,
  knownPeople,
  namesOf,
  type Person,
  plainGroupName,
  plainTitle,
  receiptRows,
} from '../model/index.ts';
import { addPeople, type Group } from './add-people.ts';
import { leave, showMembers } from './members.ts';
import { askLine, askPeople, chooseOne } from './quick-steps.ts';

export const groupCommands: Readonly<Record<string, Command>> = {
  newGroup,
  addPeople: async (services, argument) => {
    const group = await groupOf(
      services,
      argument,
      'Add people to',
      ({ group: each }) => isIn(each) && each.mayAdd,
    );
    if (group) await addPeople(services, group);
  },
  groupMembers: async (services, argument) => {
    const group = await groupOf(services, argument, 'Members of', () => true);
    if (group) await showMembers(services, group.key);
  },
  groupReceipts: showReceipts,
  renameGroup,
  whoMayAdd,
  leaveGroup: async (services, argument) => {
    const group = await groupOf(services, argument, 'Leave', (each) => !isOver(each));
    if (group) await leave(services, group);
  },
};

/** The group that is meant: by the row, else the one on the screen, else one of those that fit. */
async function groupOf(
  services: CommandServices,
  argument: unknown,
  title: string,
  fits: (group: Group) => boolean,
): Promise<Group | undefined> {
  const engine = await engineWithAccount(services);
  if (!engine) return undefined;
  const groups = engine.conversations.filter((each): each is Group => each.group !== undefined);
  const fitting = groups.filter(fits);
  const shown = fitting.find(({ key }) => key === services.controller.conversation)?.key;
  const key = keyIn(argument) ?? shown ?? (await pick(fitting, title));
  return groups.find((each) => each.key === key);
}

async function newGroup(services: CommandServices): Promise<void> {
  const engine = await engineWithAccount(services);
  if (!engine) return;
  const { session } = services;
  const known = knownPeople(engine.conversations, new Set());
  let name = '';
  let chosen: readonly Person[] = [];
  let key: string | undefined;
  for (;;) {
    const named = await askLine({
      title: 'New group',
      of: [1, 2],
      prompt: 'What the group is called. All who are in it see this; the relay does not.',
      value: name,
      problem: groupNameProblem,
    });
    if (named?.kind !== 'next') return;
    name = named.value;
    const people = await askPeople({
      title: `New group ${plainGroupName(name)}: who is in it`,
      of: [2, 2],
      known,
      chosen,
      go: (now) =>
        now.length === 0 ? 'Create it for yourself alone, for now' : `Create it with ${namesOf(now)}`,
      changed: (now) => {
        chosen = now;
      },
      submit: async (now) => {
        const addresses = now.map(({ address }) => address);
        ({ key } = await session.call('createGroup', { name, addresses }));
      },
    });
    if (people?.kind === 'back') continue;
    if (key !== undefined) await showConversation(services, key);
    return;
  }
}

async function renameGroup(services: CommandServices, argument: unknown): Promise<void> {
  const group = await groupOf(services, argument, 'Rename', ({ group: each }) => isIn(each) && each.admin);
  if (!group) return;
  await askLine({
    title: `Rename ${plainTitle(group)}`,
    prompt: 'The new name. All who are in the group see it, and who gave it.',
    value: group.title,
    problem: groupNameProblem,
    submit: (name) => services.session.call('renameGroup', { conversation: group.key, name }),
  });
}

async function whoMayAdd(services: CommandServices, argument: unknown): Promise<void> {
  const group = await groupOf(
    services,
    argument,
    'Who may add people to',
    ({ group: each }) => isIn(each) && each.admin,
  );
  if (!group) return;
  const conversation = group.key;
  const { mayAdd } = await services.session.call('groupView', { conversation });
  const now = (value: typeof mayAdd) => (value === mayAdd ? { description: 'as it is now' } : {});
  const choices = [
    { label: 'Anyone in it', icon: 'organization', value: 'anyone' as const, ...now('anyone') },
    { label: 'Its admins', icon: 'key', value: 'admins' as const, ...now('admins') },
  ];
  const title = `Who may add people to ${plainTitle(group)}`;
  const chosen = await chooseOne({ title, placeholder: 'Anyone or admins' }, choices);
  if (chosen?.kind !== 'next' || chosen.value === mayAdd) return;
  await services.session.call('setGroupMayAdd', { conversation, mayAdd: chosen.value });
}

/** Of a message of ours: with whom it is, and who has read it. */
async function showReceipts({ session }: CommandServices, argument: unknown): Promise<void> {
  const { conversation, key } = (argument ?? {}) as Record<string, unknown>;
  if (typeof conversation !== 'string' || typeof key !== 'string') return;
  const receipts = await session.call('groupReceipts', { conversation, key });
  const rows = receiptRows(receipts).map((row) => ({ ...row, value: undefined }));
  await chooseOne({ title: 'How far the message has come', placeholder: 'A name' }, rows, (draw) => ({
    dispose: session.subscribe({
      onState: () => undefined,
      onChange: (change) => {
        if (change.kind !== 'message' || change.message.key !== key) return;
        void session
          .call('groupReceipts', { conversation, key })
          .then((now) => draw(receiptRows(now).map((row) => ({ ...row, value: undefined }))))
          .catch(() => undefined);
      },
    }),
  }));
}
