import { type Command, numberIn, type Outcome, wordOf } from '../command.ts';
import { countText, sizeText } from '../text.ts';

const yes = { yes: { words: 'do it; without it, only say what would be deleted' } };
const maxDays = 3650;

export const purgeCommands: readonly Command[] = [
  {
    name: 'purge account',
    words: ['NAME'],
    options: yes,
    summary: 'delete an account and everything that is kept about it',
    details: [
      'Its name can be registered again. Who knew the account is told that the name belongs to somebody else then.',
      'Its devices keep what they have: this deletes nothing on anybody’s computer.',
    ].join('\n'),
    async run(invocation) {
      const name = wordOf(invocation);
      const reach = invocation.reach();
      const account = await reach.call('account', { name });
      const what = `the account ${account.username} (${account.accountId}), its log, its devices and what waits for them`;
      if (!invocation.has('yes')) return notYet(what, account);
      return { lines: [`Deleted: ${what}.`], json: await reach.call('deleteAccount', { name }) };
    },
  },
  {
    name: 'purge mailbox',
    words: ['NAME'],
    options: yes,
    summary: 'delete what waits for an account',
    details: 'Senders are not told: what is deleted stays “sent” with them.',
    async run(invocation) {
      const name = wordOf(invocation);
      const reach = invocation.reach();
      const account = await reach.call('account', { name });
      if (!invocation.has('yes')) return notYet(`what waits for ${account.username}`, account);
      const { deleted } = await reach.call('emptyMailboxes', { name });
      return {
        lines: [`Deleted: ${countText(deleted.envelopes, 'envelope')}, ${sizeText(deleted.bytes)}.`],
        json: deleted,
      };
    },
  },
  {
    name: 'purge older',
    words: ['DAYS'],
    options: yes,
    summary: 'delete what has been waiting for longer than so many days',
    details:
      'Envelopes in all mailboxes, and messages in the logs of groups. CRYPT2CHAT_RETENTION_DAYS does the same regularly.',
    async run(invocation) {
      const days = numberIn(wordOf(invocation), 'DAYS', 0, maxDays);
      if (!invocation.has('yes'))
        return notYet(`everything that came more than ${countText(days, 'day')} ago`, { days });
      const deleted = await invocation.reach().call('forgetOlder', { days });
      return {
        lines: [
          `Deleted: ${countText(deleted.envelopes, 'envelope')}, ${sizeText(deleted.bytes)}; ${countText(deleted.groupMessages, 'message')} of groups.`,
        ],
        json: deleted,
      };
    },
  },
];

function notYet(what: string, json: unknown): Outcome {
  return {
    lines: [`This would delete ${what}.`, 'Nothing was deleted: add --yes to do it.'],
    json,
    exitCode: 1,
  };
}
