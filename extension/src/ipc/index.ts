/** The messages between the parts of the extension that run apart from each other. */
export * from './view.ts';
