/** What the view knows, apart from the page: pure functions and small state machines that run without a DOM. */
export * from './clock.ts';
export * from './connection-line.ts';
export * from './event-words.ts';
export * from './group-words.ts';
export * from './mentions.ts';
export * from './order.ts';
export * from './reduce.ts';
export * from './rows.ts';
export * from './state.ts';
export * from './times.ts';
export * from './typing-notice.ts';
export * from './window.ts';
export * from './words.ts';
