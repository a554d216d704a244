/** The chat client without a face: conversations, outbox, sync and the vault. */
export type * from './shapes.ts';
export { Engine, type EngineOptions } from './engine.ts';
export { mentions } from './groups/index.ts';
export { askAbout, type Registration } from './registration.ts';
export {
  createVault,
  openVault,
  reopenVault,
  type Vault,
  vaultExists,
  type VaultLocation,
  wrappingKeyBytes,
} from './vault/index.ts';
