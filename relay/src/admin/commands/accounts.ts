import { type Command, type Invocation, type Outcome, wordOf } from '../command.ts';
import { accountsPerPage, type ResultOf } from '../operations.ts';
import { countText, momentText, sizeText, tableLines } from '../text.ts';

const nameHelp = 'NAME is a name or an account id.';

export const accountCommands: readonly Command[] = [
  {
    name: 'accounts',
    aliases: ['accounts list'],
    options: { after: { value: 'NAME', words: 'only names that come after this one' } },
    summary: 'list the accounts',
    async run(invocation) {
      const accounts = await allAccounts(invocation);
      const rows = accounts.map(({ username, accountId, devices, waiting, blocked }) => [
        username,
        accountId,
        String(devices),
        String(waiting.envelopes),
        sizeText(waiting.bytes),
        blocked ? 'blocked' : 'active',
      ]);
      const header = ['name', 'id', 'devices', 'waiting', 'size', 'state'];
      return {
        lines: rows.length === 0 ? ['There are no accounts.'] : tableLines(header, rows),
        json: accounts,
      };
    },
  },
  {
    name: 'accounts show',
    words: ['NAME'],
    summary: 'show an account',
    details: nameHelp,
    async run(invocation) {
      const account = await invocation.reach().call('account', { name: wordOf(invocation) });
      const active = account.devices.filter(({ revoked }) => !revoked);
      const lines = [
        `name     ${account.username}`,
        `id       ${account.accountId}`,
        `state    ${account.blocked ? 'blocked' : 'active'}`,
        `log      ${countText(account.links, 'link')}`,
        `devices  ${active.length} active, ${account.devices.length - active.length} revoked`,
        `waiting  ${countText(sum(active, 'envelopes'), 'envelope')}, ${sizeText(sum(active, 'bytes'))}`,
      ];
      return { lines, json: account };
    },
  },
  {
    name: 'accounts block',
    words: ['NAME'],
    summary: 'block an account: it cannot sign in, fetch, or write to strangers',
    details: [
      nameHelp,
      'Its sessions end at once. What others send waits for it, as long as the retention says. Contacts that gave',
      'it the capability of their mailbox still get what it sends: the relay cannot tell who shows a capability.',
    ].join('\n'),
    run: (invocation) => setBlocked(invocation, true),
  },
  {
    name: 'accounts unblock',
    words: ['NAME'],
    summary: 'take a block away',
    details: nameHelp,
    run: (invocation) => setBlocked(invocation, false),
  },
  {
    name: 'devices',
    words: ['NAME'],
    summary: 'list the devices of an account',
    details: nameHelp,
    async run(invocation) {
      const { devices } = await invocation.reach().call('account', { name: wordOf(invocation) });
      const rows = devices.map((device) => [
        device.deviceId,
        device.revoked ? 'revoked' : 'active',
        String(device.sessions),
        device.hasPrekeys ? `${device.oneTimePrekeys} + ${device.oneTimeKemKeys}` : 'none',
        String(device.waiting.envelopes),
        sizeText(device.waiting.bytes),
      ]);
      return {
        lines: tableLines(['id', 'state', 'sessions', 'prekeys', 'waiting', 'size'], rows),
        json: devices,
      };
    },
  },
  {
    name: 'audit',
    words: ['NAME'],
    summary: 'print every row that the relay holds about an account, in words',
    details: `${nameHelp} Of what is sealed, the size is printed.`,
    async run(invocation) {
      const audit = await invocation.reach().call('audit', { name: wordOf(invocation) });
      return { lines: auditLines(audit), json: audit };
    },
  },
];

async function allAccounts(invocation: Invocation): Promise<ResultOf<'accounts'>> {
  const reach = invocation.reach();
  const all: ResultOf<'accounts'> = [];
  let after = invocation.text('after') ?? '';
  for (;;) {
    const page = await reach.call('accounts', { after });
    all.push(...page);
    const last = page.at(-1);
    if (page.length < accountsPerPage || last === undefined) return all;
    after = last.username;
  }
}

async function setBlocked(invocation: Invocation, blocked: boolean): Promise<Outcome> {
  const account = await invocation.reach().call('setBlocked', { name: wordOf(invocation), blocked });
  return {
    lines: [`${account.username} is ${blocked ? 'blocked' : 'not blocked any more'}.`],
    json: account,
  };
}

type Devices = ResultOf<'account'>['devices'];

function sum(devices: Devices, what: 'envelopes' | 'bytes'): number {
  return devices.reduce((total, { waiting }) => total + waiting[what], 0);
}

type Audit = ResultOf<'audit'>;
type AuditedTable = Audit['tables'][number];

function auditLines({ username, accountId, tables, aboutNobody }: Audit): string[] {
  const rows = tables.reduce((total, table) => total + table.rows.length, 0);
  const lines = [`What this relay holds about ${username} (${accountId}): ${countText(rows, 'row')}.`];
  for (const table of tables) {
    lines.push('', `${table.table}: ${countText(table.rows.length, 'row')}. ${table.words}`);
    lines.push(...table.rows.map((row) => `  ${rowText(table, row)}`));
  }
  lines.push('', 'Tables without rows about accounts:');
  for (const [table, words] of Object.entries(aboutNobody)) lines.push(`  ${table}: ${words}.`);
  return lines;
}

function rowText({ columns }: AuditedTable, row: AuditedTable['rows'][number]): string {
  return Object.entries(row)
    .map(
      ([column, value]) => `${columns[column]?.words ?? column}: ${valueText(columns[column]?.kind, value)}`,
    )
    .join('; ');
}

function valueText(kind: string | undefined, value: AuditedTable['rows'][number][string]): string {
  if (value === null) return 'none';
  if (typeof value === 'object') return sizeText(value.bytes);
  if (kind === 'time') return momentText(Number(value));
  if (kind === 'flag') return Number(value) === 1 ? 'yes' : 'no';
  return String(value);
}
