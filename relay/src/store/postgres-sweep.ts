import { type Run, statement } from './postgres-connections.ts';
import { sweepGroups } from './postgres-groups.ts';
import { sweepInvites } from './postgres-invites.ts';
import { sweepMailboxes } from './postgres-mailboxes.ts';
import type { Store } from './store.ts';

/** Of the lock that lets one process at a time sweep: 'C2Cs'. */
const lockKey = 0x43324373;

const sql = {
  tryLock: statement('try-sweep-lock', 'SELECT pg_try_advisory_xact_lock($1) AS is_ours'),
  sessions: statement(
    'sweep-sessions',
    `DELETE FROM sessions WHERE bearer_hash = ANY (ARRAY(
       SELECT bearer_hash FROM sessions WHERE expires_at < $1 LIMIT $2
     )) RETURNING 1`,
  ),
  challenges: statement(
    'sweep-challenges',
    `DELETE FROM spent_challenges WHERE challenge = ANY (ARRAY(
       SELECT challenge FROM spent_challenges WHERE expires_at < $1 LIMIT $2
     )) RETURNING 1`,
  ),
};

/** One transaction. Nothing where another process is at it. @returns whether there may be more */
export async function sweep(
  run: Run,
  { now, keepFrom, limit }: Parameters<Store['sweep']>[0],
): Promise<boolean> {
  const [lock] = await run(sql.tryLock, lockKey);
  if (lock?.['is_ours'] !== true) return false;
  const sessions = await run(sql.sessions, now, limit);
  const challenges = await run(sql.challenges, now, limit);
  const hasMore = [
    sessions.length >= limit,
    challenges.length >= limit,
    await sweepMailboxes(run, keepFrom, limit),
    await sweepGroups(run, keepFrom, limit),
    await sweepInvites(run, keepFrom, limit),
  ];
  return hasMore.includes(true);
}
