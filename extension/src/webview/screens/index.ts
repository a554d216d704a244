/** The screens that stand alone: everything but a conversation. */
export * from './register.ts';
export * from './still.ts';
