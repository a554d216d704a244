/** The vault: what the engine keeps, sealed, in one SQLite file. */
export { wrappingKeyBytes } from './header.ts';
export { createVault, openVault, reopenVault, vaultExists, type VaultLocation } from './open.ts';
export { defineTable, type RankPlace, type Table } from './table.ts';
export { Vault } from './vault.ts';
