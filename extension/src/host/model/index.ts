/** Decisions about what is shown and taken in, as functions of plain values: nothing here knows VS Code. */
export * from './addresses.ts';
export * from './code-anchors.ts';
export * from './conversation-rows.ts';
export * from './group-rows.ts';
export * from './people-picker.ts';
export * from './phrase-words.ts';
export * from './plain-text.ts';
export * from './toasts.ts';
