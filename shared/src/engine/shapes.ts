/** The shapes of the engine's values, for those who handle them without the engine: no code stands behind these. */
export type * from './types.ts';
export type * from './unreadable.ts';
export type * from './ports.ts';
