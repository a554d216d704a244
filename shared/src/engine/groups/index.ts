/** Groups in the engine: what comes in, what goes out, what is to be changed, and what is told of it. */
export { Groups, refuseGroup, requireMembership } from './commands.ts';
export { mentions } from './mentions.ts';
export { receiveLetter } from './letters.ts';
export { receiveGroupReceipt } from './receipts.ts';
export { GroupSync } from './sync.ts';
