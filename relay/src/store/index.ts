/** What the relay keeps: the contract in store.ts, and what fulfils it, in a file or in a database server. */
export * from './store.ts';
export * from './group-store.ts';
export * from './operator-store.ts';
export { auditedTables, tablesAboutNobody } from './audit.ts';
export { FolderInUseError } from './folder-guard.ts';
export { askOwner, type RequestHandler } from './guard-socket.ts';
export { openStore } from './open.ts';
export { openPostgresStore } from './postgres.ts';
export { databaseFile, openSqliteStore } from './sqlite.ts';
export { RestoreError, restoreBackup, verifyBackup } from './sqlite-restore.ts';
