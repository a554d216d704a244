/** The chat client without a face: conversations, outbox, sync and the vault. */
export type * from './types.ts';
export type * from './unreadable.ts';
export type * from './ports.ts';
export { systemClock } from './ports.ts';
