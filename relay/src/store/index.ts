/** What the relay keeps: the contract in store.ts, and what fulfils it, in a file or in a database server. */
export * from './store.ts';
export * from './group-store.ts';
export * from './operator-store.ts';
export { FolderInUseError } from './folder-guard.ts';
export { openPostgresStore } from './postgres.ts';
export { openSqliteStore } from './sqlite.ts';
