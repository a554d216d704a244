/** Looks through a whole database for what cannot be: of a backup, before anybody relies on it. */
import { equalBytes } from '@crypt2chat/shared/bytes';
import type { Database } from '@crypt2chat/shared/database';
import { verifyIdentity } from '@crypt2chat/shared/identity';
import { bytesOf, numberOf, textOf } from './rows.ts';
import { accountByName } from './sqlite-accounts.ts';

const maxProblems = 20;
const accountsAtOnce = 500;

/** A sentence, and a query for how many rows show that it is true. */
const impossible: readonly (readonly [string, string])[] = [
  [
    'devices belong to no account',
    'SELECT count(*) AS n FROM devices WHERE account NOT IN (SELECT number FROM accounts)',
  ],
  [
    'envelopes belong to no mailbox',
    'SELECT count(*) AS n FROM envelopes WHERE device NOT IN (SELECT device FROM mailboxes)',
  ],
  [
    'mailboxes hold another number of envelopes or bytes than they count',
    `SELECT count(*) AS n FROM mailboxes m LEFT JOIN
       (SELECT device, count(*) AS found, sum(length(envelope)) AS bytes FROM envelopes GROUP BY device) e
       ON e.device = m.device
     WHERE m.waiting <> coalesce(e.found, 0) OR m.waiting_bytes <> coalesce(e.bytes, 0)`,
  ],
  [
    'active devices have no mailbox',
    'SELECT count(*) AS n FROM devices WHERE revoked = 0 AND number NOT IN (SELECT device FROM mailboxes)',
  ],
];

/** @returns what is wrong, in words that name nobody; at most 20 lines. It takes about a millisecond per account. */
export function problemsOf(db: Database): string[] {
  const problems = db
    .all('SELECT integrity_check AS line FROM pragma_integrity_check')
    .map((row) => textOf(row, 'line'))
    .filter((line) => line !== 'ok')
    .slice(0, maxProblems)
    .map((line) => `The file is damaged: ${line}`);
  // What stands in a damaged file says nothing.
  if (problems.length > 0) return problems;
  for (const [words, sql] of impossible) {
    const count = numberOf(db.get(sql)!, 'n');
    if (count > 0) problems.push(`${count} ${words}.`);
  }
  const broken = brokenLogs(db);
  if (broken > 0) problems.push(`${broken} identity logs do not verify.`);
  return problems;
}

function brokenLogs(db: Database): number {
  let broken = 0;
  let after = '';
  for (;;) {
    const names = db
      .all('SELECT username FROM accounts WHERE username > ? ORDER BY username LIMIT ?', [
        after,
        accountsAtOnce,
      ])
      .map((row) => textOf(row, 'username'));
    for (const name of names) if (!verifies(db, name)) broken += 1;
    const last = names.at(-1);
    if (last === undefined) return broken;
    after = last;
  }
}

function verifies(db: Database, username: string): boolean {
  const account = accountByName(db, username)!;
  const active = db
    .all(
      `SELECT d.device_id FROM devices d JOIN accounts a ON a.number = d.account
       WHERE a.username = ? AND d.revoked = 0`,
      [username],
    )
    .map((row) => bytesOf(row, 'device_id'));
  try {
    const identity = verifyIdentity(account.links);
    return (
      identity.username === username &&
      equalBytes(identity.accountId, account.accountId) &&
      identity.devices.length === active.length &&
      identity.devices.every(({ id }) => active.some((stored) => equalBytes(stored, id)))
    );
  } catch {
    return false;
  }
}
