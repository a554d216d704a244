/** What the relay keeps: the contract in store.ts, and SQLite as the first to fulfil it. */
export * from './store.ts';
export * from './group-store.ts';
export * from './operator-store.ts';
export { FolderInUseError } from './folder-guard.ts';
export { openSqliteStore } from './sqlite.ts';
