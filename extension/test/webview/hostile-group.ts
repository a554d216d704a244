/** Groups whose names, people and events are attacks. */
import { groupTalk, happened, said } from './scripted-host.ts';

export const eventKinds = [
  ...(['created', 'added', 'joined', 'removed', 'left', 'renamed'] as const),
  ...([
    'adding',
    'admins-made',
    'admins-unmade',
    'computers',
    'succeeded',
    'refused',
    'lost',
    'differs',
  ] as const),
];

/** A group that calls itself so, of people who call themselves so, in which so much happens. */
export function hostileGroup(payload: string, key: string): ReturnType<typeof groupTalk> {
  const name = payload.slice(0, 200);
  const members = [
    { name, own: false, verified: true, keysMissing: 'ERR_NO_PREKEYS' },
    // Lower case and digits, as a name that can be mentioned has: it is looked for in what others write.
    { name: 'img', own: false, verified: false },
    { name: 'alice', own: true, verified: true },
  ];
  const messages = [
    ...eventKinds.map((event, i) =>
      happened(
        i,
        { event, by: name, people: [name, name], name, shared: 2, mayAdd: 'admins' },
        { author: name },
      ),
    ),
    said(20, `@${payload} @img${payload} @alice${payload}`, {
      author: name,
      sharedBy: name,
      mentionsUs: true,
    }),
  ];
  return groupTalk(
    { invitedBy: name },
    { key, title: name },
    {
      members,
      typing: [name, name],
      messages: messages.map((message) => ({ ...message, conversation: key })),
    },
  );
}
