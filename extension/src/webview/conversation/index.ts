/** An open conversation: its head, its messages, and the composer. */
export { conversationView } from './view.ts';
