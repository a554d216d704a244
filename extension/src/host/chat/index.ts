/** What the chat view shows and asks for, without VS Code. */
export { type ChatActions, ChatController } from './controller.ts';
