/** The extension's side of VS Code. */
export { ChatController } from './chat/index.ts';
export { createChatActions, rememberedConversation } from './chat-actions.ts';
export { ChatView } from './chat-view.ts';
export { showConversation } from './command-services.ts';
export { registerCommands } from './commands.ts';
export { ContextKeys } from './context-keys.ts';
export { ConversationsView } from './conversations-view.ts';
export { Log } from './log.ts';
export { announceArrivals } from './notifier.ts';
export { QuietConversations } from './quiet.ts';
export { FetchTransport, Session, VaultFolder } from './session/index.ts';
export { registerUriHandler } from './uri-handler.ts';
