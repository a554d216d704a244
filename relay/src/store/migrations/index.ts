/** The schema in steps: each takes a database from one version to the next, and is never changed once it is out. */
import { begin } from './0001-begin.ts';
import { groups } from './0002-groups.ts';
import { invites } from './0003-invites.ts';
import { accountsAndBytes } from './0004-accounts.ts';

export const migrations: readonly string[] = [begin, groups, invites, accountsAndBytes];
