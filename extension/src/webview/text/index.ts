/** What people write, made safe to show: Markdown, code, links. */
export * from './highlight.ts';
export * from './languages.ts';
export * from './links.ts';
export * from './mark-mentions.ts';
export * from './markdown.ts';
