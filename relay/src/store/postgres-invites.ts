/** Invites. What takes a {@link Run} is one transaction. */
import type { Invite, InviteUse, NewInvite } from './operator-store.ts';
import { type Connections, type Run, statement, type Step } from './postgres-connections.ts';
import type { Row } from './postgres-values.ts';
import { bytesOf, numberOf, textOf } from './rows.ts';

/** What an invite must be like to let somebody in, at the time that follows. */
export const isGood = 'NOT revoked AND uses < max_uses AND expires_at >';

const sql = {
  add: statement(
    'add-invite',
    `INSERT INTO invites (code_hash, note, made_at, expires_at, max_uses) VALUES ($1, $2, $3, $4, $5)
     RETURNING number`,
  ),
  // Of those who begin at the same time, one finds nothing there.
  lockAll: statement('lock-invites', 'LOCK TABLE invites IN SHARE ROW EXCLUSIVE MODE'),
  isFirst: statement(
    'is-first-invite',
    `SELECT NOT EXISTS (SELECT FROM accounts) AND NOT EXISTS (SELECT FROM invites WHERE ${isGood} $1) AS is_first`,
  ),
  lock: statement(
    'lock-invite',
    `SELECT 1 FROM invites WHERE code_hash = $1 AND ${isGood} $2 FOR NO KEY UPDATE`,
  ),
  use: statement('use-invite', 'UPDATE invites SET uses = uses + 1 WHERE code_hash = $1'),
  all: statement('invites', 'SELECT * FROM invites ORDER BY number'),
  revoke: statement('revoke-invite', 'UPDATE invites SET revoked = true WHERE number = $1 RETURNING 1'),
  sweep: statement(
    'sweep-invites',
    `DELETE FROM invites WHERE number = ANY (ARRAY(
       SELECT number FROM invites WHERE expires_at < $1 LIMIT $2
     )) RETURNING 1`,
  ),
};

/** Nobody else can take its last use before this transaction is over. */
export async function isInvited(run: Run, { codeHash, at }: InviteUse): Promise<boolean> {
  return (await run(sql.lock, codeHash, at)).length > 0;
}

export async function useInvite(run: Run, { codeHash }: InviteUse): Promise<void> {
  await run(sql.use, codeHash);
}

export async function addInvite(connections: Connections, invite: NewInvite): Promise<number> {
  const [row] = await connections.query(...adding(invite));
  return numberOf(row!, 'number');
}

export async function addFirstInvite(run: Run, invite: NewInvite): Promise<boolean> {
  await run(sql.lockAll);
  const [row] = await run(sql.isFirst, invite.madeAt);
  if (row?.['is_first'] !== true) return false;
  await run(...adding(invite));
  return true;
}

function adding({ codeHash, note, madeAt, expiresAt, maxUses }: NewInvite): Step {
  return [sql.add, codeHash, note, madeAt, expiresAt, maxUses];
}

export async function invites(connections: Connections): Promise<Invite[]> {
  return (await connections.query(sql.all)).map(inviteOf);
}

function inviteOf(row: Row): Invite {
  return {
    number: numberOf(row, 'number'),
    codeHash: bytesOf(row, 'code_hash'),
    note: textOf(row, 'note'),
    madeAt: numberOf(row, 'made_at'),
    expiresAt: numberOf(row, 'expires_at'),
    maxUses: numberOf(row, 'max_uses'),
    uses: numberOf(row, 'uses'),
    revoked: row['revoked'] === true,
  };
}

export async function revokeInvite(connections: Connections, number: number): Promise<boolean> {
  return (await connections.query(sql.revoke, number)).length > 0;
}

/** Forgets invites that expired before `keepFrom`. @returns whether there may be more. */
export async function sweepInvites(run: Run, keepFrom: number, limit: number): Promise<boolean> {
  return (await run(sql.sweep, keepFrom, limit)).length >= limit;
}
