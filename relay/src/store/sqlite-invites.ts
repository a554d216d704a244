/** Invites as rows. Every function runs inside the caller's transaction. */
import type { Database, Row } from '@crypt2chat/shared/database';
import { bytesOf, numberOf, textOf } from './rows.ts';
import type { SweepOptions } from './sqlite-mailboxes.ts';
import type { Invite, InviteUse, NewInvite } from './operator-store.ts';

/** What an invite must be like to let somebody in; the one parameter is the time. */
export const isGood = 'revoked = 0 AND uses < max_uses AND expires_at > ?';

export function isInvited(db: Database, { codeHash, at }: InviteUse): boolean {
  return (
    db.get(`SELECT 1 AS good FROM invites WHERE code_hash = ? AND ${isGood}`, [codeHash, at]) !== undefined
  );
}

export function useInvite(db: Database, { codeHash }: InviteUse): void {
  db.run('UPDATE invites SET uses = uses + 1 WHERE code_hash = ?', [codeHash]);
}

export function addInvite(db: Database, invite: NewInvite): number {
  db.run('INSERT INTO invites (code_hash, note, made_at, expires_at, max_uses) VALUES (?, ?, ?, ?, ?)', [
    invite.codeHash,
    invite.note,
    invite.madeAt,
    invite.expiresAt,
    invite.maxUses,
  ]);
  return numberOf(db.get('SELECT number FROM invites WHERE code_hash = ?', [invite.codeHash])!, 'number');
}

export function addFirstInvite(db: Database, invite: NewInvite): boolean {
  if (db.get('SELECT 1 AS found FROM accounts LIMIT 1') !== undefined) return false;
  if (db.get(`SELECT 1 AS good FROM invites WHERE ${isGood} LIMIT 1`, [invite.madeAt]) !== undefined)
    return false;
  addInvite(db, invite);
  return true;
}

export function invites(db: Database): Invite[] {
  return db.all('SELECT * FROM invites ORDER BY number').map(inviteOf);
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
    revoked: numberOf(row, 'revoked') === 1,
  };
}

export function revokeInvite(db: Database, number: number): boolean {
  return db.run('UPDATE invites SET revoked = 1 WHERE number = ?', [number]).changes > 0;
}

export function sweepInvites(db: Database, { keepFrom, limit }: SweepOptions): boolean {
  const old = 'SELECT number FROM invites WHERE expires_at < ? LIMIT ?';
  return db.run(`DELETE FROM invites WHERE number IN (${old})`, [keepFrom, limit]).changes >= limit;
}
