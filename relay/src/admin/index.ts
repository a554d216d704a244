/** The operator's command line, and what the relay answers to it. */
export { runCommandLine } from './command-line.ts';
export { answerRequests } from './channel.ts';
export type { AdminContext } from './operations.ts';
