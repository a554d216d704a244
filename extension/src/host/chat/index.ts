/** What the chat view shows and asks for, without VS Code. */
export { ChatController, type ChatActions, type PostMessage } from './controller.ts';
