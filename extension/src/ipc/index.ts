/** The messages between the parts of the extension that run apart from each other, and the words for what goes wrong. */
export * from './values.ts';
export * from './groups.ts';
export * from './view.ts';
export * from './limits.ts';
export * from './sentences.ts';
export * from './group-sentences.ts';
export * from './codes.ts';
export * from './rpc.ts';
export * from './engine.ts';
