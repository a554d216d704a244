/** Everything between VS Code and an open engine, without VS Code: lock, secret, vault, thread and HTTP. */
export { FetchTransport } from './fetch-transport.ts';
export { Session, type SessionState } from './session.ts';
export { VaultFolder } from './vault-folder.ts';
export type { SecretStore } from './wrapping-key.ts';
