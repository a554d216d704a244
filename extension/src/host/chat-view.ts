/** The chat webview as VS Code sees it: its page, its life, and the messages through it. */
import { randomBytes } from 'node:crypto';
import { commands, type Disposable, Uri, type WebviewView, type WebviewViewProvider, window } from 'vscode';
import * as v from 'valibot';
import { fromWebviewSchema } from '../ipc/index.ts';
import type { ChatController } from './chat/index.ts';
import { renderPage } from './page.ts';

export const chatViewId = 'crypt2chat.chat';

export class ChatView implements WebviewViewProvider {
  readonly #dist: Uri;
  readonly #controller: () => ChatController;
  readonly #onShown: () => void;
  readonly #log: (code: string) => void;
  #view: WebviewView | undefined;

  /** @param onShown the person opened the view, for the first time in this window. */
  constructor(
    extensionUri: Uri,
    controller: () => ChatController,
    onShown: () => void,
    log: (code: string) => void,
  ) {
    this.#dist = Uri.joinPath(extensionUri, 'dist');
    this.#controller = controller;
    this.#onShown = onShown;
    this.#log = log;
  }

  register(): Disposable {
    return window.registerWebviewViewProvider(chatViewId, this);
  }

  get visible(): boolean {
    return this.#view?.visible ?? false;
  }

  /** Shows the view and gives it the keyboard: only ever because the person asked for it. */
  async focus(): Promise<void> {
    await commands.executeCommand(`${chatViewId}.focus`);
  }

  resolveWebviewView(view: WebviewView): void {
    this.#view = view;
    const { webview } = view;
    const controller = this.#controller();
    webview.options = { enableScripts: true, localResourceRoots: [this.#dist] };
    const subscriptions = [
      webview.onDidReceiveMessage((data: unknown) => {
        const message = v.safeParse(fromWebviewSchema, data);
        if (!message.success) return this.#log('ERR_IPC_INVALID');
        if (message.output.type === 'ready') {
          // While the view is hidden nothing is posted: VS Code would keep it all for a page that starts anew.
          void controller.ready((answer) => void webview.postMessage(answer));
          return;
        }
        void controller.receive(message.output);
      }),
      view.onDidChangeVisibility(() => {
        if (!view.visible) controller.gone();
      }),
    ];
    view.onDidDispose(() => {
      for (const subscription of subscriptions) subscription.dispose();
      if (this.#view !== view) return;
      this.#view = undefined;
      controller.gone();
    });
    webview.html = renderPage({
      nonce: randomBytes(24).toString('base64url'),
      cspSource: webview.cspSource,
      scriptUri: webview.asWebviewUri(Uri.joinPath(this.#dist, 'webview.js')).toString(),
      styleUri: webview.asWebviewUri(Uri.joinPath(this.#dist, 'webview.css')).toString(),
    });
    this.#onShown();
  }
}
