/**
 * Builds the services and owns the order in which they end: first what people can touch, then the engine, then the
 * lock that it stands on. Building costs next to nothing: no key, no vault, no thread before somebody needs them.
 */
import { randomBytes } from 'node:crypto';
import { env, type ExtensionContext, UIKind, Uri, window } from 'vscode';
import {
  announceArrivals,
  ChatController,
  ChatView,
  ContextKeys,
  ConversationsView,
  createChatActions,
  FetchTransport,
  Log,
  QuietConversations,
  registerCommands,
  registerUriHandler,
  rememberedConversation,
  Session,
  showConversation,
  VaultFolder,
} from './host/index.ts';

/** VS Code gives an extension five seconds to end; what is not done in three is replayed at the next start. */
const closeTimeoutMs = 3_000;
/** After the window has settled. Until then, opening the view starts the engine at once. */
const startLaterMs = 1_500;
const saidAboutBrowser = 'saidAboutBrowser';

export class Container {
  readonly #context: ExtensionContext;
  readonly #log = new Log();
  readonly #folder: VaultFolder;
  readonly #session: Session;
  /** In the order in which they were made; ended in the reverse. */
  readonly #parts: { dispose(): unknown }[] = [];
  readonly #startLater: NodeJS.Timeout;

  constructor(context: ExtensionContext) {
    this.#context = context;
    const dist = Uri.joinPath(context.extensionUri, 'dist');
    this.#folder = new VaultFolder(context.globalStorageUri.fsPath);
    const session = new Session({
      folder: this.#folder,
      secrets: context.secrets,
      randomness: { bytes: (size) => new Uint8Array(randomBytes(size)) },
      // Asked for at each request: VS Code puts its own `fetch` there, proxies and all.
      transport: new FetchTransport((input, init) => globalThis.fetch(input, init)),
      workerFile: Uri.joinPath(dist, 'worker.cjs').fsPath,
      wasmFile: Uri.joinPath(dist, 'sql-wasm-debug.wasm').fsPath,
      log: this.#log.code,
    });
    this.#session = session;

    const quiet = new QuietConversations(context.globalState);
    const conversations = new ConversationsView(session, quiet);
    const actions = createChatActions(session, context.workspaceState, () => {
      conversations.select(controller.conversation);
      keys.update();
    });
    const controller = new ChatController(session, actions, rememberedConversation(context.workspaceState));
    const keys = new ContextKeys(session, quiet, () => controller.conversation);
    const chatView = new ChatView(
      context.extensionUri,
      () => controller,
      () => void session.start(),
      this.#log.code,
    );
    const services = { session, controller, chatView, quiet };
    const open = (key: string) => void showConversation(services, key);
    this.#parts.push(
      this.#log,
      controller,
      quiet,
      conversations,
      chatView.register(),
      keys,
      { dispose: announceArrivals(session, quiet, () => controller.conversation, open) },
      {
        dispose: session.subscribe({
          onState: () => this.#sayAboutBrowser(),
          onChange: () => this.#sayAboutBrowser(),
        }),
      },
      ...registerCommands(services),
      registerUriHandler(services),
    );
    this.#startLater = setTimeout(() => void this.#startIfUsed(), startLaterMs);
  }

  /** Resolves when the engine has stopped, or when it is no longer waited for. Never rejects. */
  async close(): Promise<void> {
    clearTimeout(this.#startLater);
    for (const part of this.#parts.splice(0).reverse()) part.dispose();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, closeTimeoutMs);
    });
    await Promise.race([this.#session.close(), late]);
    clearTimeout(timer);
  }

  /** Without a vault there is nothing to fetch; the view starts the session when it is opened. */
  async #startIfUsed(): Promise<void> {
    try {
      if (await this.#folder.exists()) await this.#session.start();
    } catch {
      // Opening the view says what is wrong.
    }
  }

  /** In the browser the keychain is the browser's own storage. That is worth knowing, once. */
  #sayAboutBrowser(): void {
    const { state } = this.#session;
    if (env.uiKind !== UIKind.Web || state.kind !== 'open' || !state.engine.account) return;
    if (this.#context.globalState.get(saidAboutBrowser) === true) return;
    void this.#context.globalState.update(saidAboutBrowser, true);
    void window.showInformationMessage(
      'VS Code in a browser keeps keys in the browser’s storage, which may be cleared. Your recovery phrase opens the chat again when that happens.',
    );
  }
}
