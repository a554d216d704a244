/**
 * What travels: limits, the relay's HTTP interface, envelopes and message contents, each with the schema that
 * checks it on the way in. One source for the client, the relay and the relay's OpenAPI document.
 */
export * from './limits.ts';
export * from './encoding.ts';
export * from './api.ts';
export * from './api-errors.ts';
export * from './delivery.ts';
export * from './envelope.ts';
export * from './groups.ts';
export * from './content.ts';
export type { Letter } from './letters.ts';
export { letterBodySchema } from './letters.ts';
