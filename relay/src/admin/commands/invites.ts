import { type Command, numberIn, wordOf } from '../command.ts';
import { momentText, tableLines } from '../text.ts';

const defaultUses = '1';
const defaultDays = '7';
const maxUses = 1_000_000;
const maxDays = 3650;

export const inviteCommands: readonly Command[] = [
  {
    name: 'invites make',
    options: {
      uses: { value: 'N', words: `how many people it lets in; ${defaultUses}` },
      days: { value: 'N', words: `how long it is good; ${defaultDays}` },
      note: { value: 'TEXT', words: 'what to remember of it' },
    },
    summary: 'make an invite, and print its code',
    details: 'The code is printed once: the relay keeps only a hash of it.',
    async run(invocation) {
      const made = await invocation.reach().call('makeInvite', {
        uses: numberIn(invocation.text('uses') ?? defaultUses, '--uses', 1, maxUses),
        days: numberIn(invocation.text('days') ?? defaultDays, '--days', 1, maxDays),
        note: invocation.text('note') ?? '',
      });
      const people = made.uses === 1 ? 'one person' : `${made.uses} people`;
      const lines = [
        made.code,
        `Invite ${made.number}: it lets ${people} in, until ${momentText(made.expiresAt)}.`,
      ];
      if (made.registration !== 'invite') {
        lines.push(`CRYPT2CHAT_REGISTRATION is ${made.registration}: nobody is asked for an invite now.`);
      }
      return { lines, json: made };
    },
  },
  {
    name: 'invites',
    aliases: ['invites list'],
    summary: 'list the invites, without their codes',
    async run(invocation) {
      const invites = await invocation.reach().call('invites', {});
      const rows = invites.map((invite) => [
        String(invite.number),
        invite.state,
        `${invite.uses}/${invite.maxUses}`,
        momentText(invite.madeAt),
        momentText(invite.expiresAt),
        invite.note,
      ]);
      const lines =
        rows.length === 0
          ? ['There are no invites.']
          : tableLines(['number', 'state', 'used', 'made', 'good until', 'note'], rows);
      return { lines, json: invites };
    },
  },
  {
    name: 'invites revoke',
    words: ['NUMBER'],
    summary: 'revoke an invite',
    async run(invocation) {
      const number = numberIn(wordOf(invocation), 'NUMBER', 1, Number.MAX_SAFE_INTEGER);
      const revoked = await invocation.reach().call('revokeInvite', { number });
      return { lines: [`Invite ${number} lets nobody in any more.`], json: revoked };
    },
  },
];
