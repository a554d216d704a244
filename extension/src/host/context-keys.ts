/**
 * What the manifest's `when` clauses ask for: `crypt2chat.state`, `crypt2chat.account`, and of the conversation on the
 * screen, `crypt2chat.shown`, what its row in the list says of it (ConversationRow.context), or nothing.
 */
import { commands, type Disposable } from 'vscode';
import type { ConversationKey } from '@crypt2chat/shared/engine';
import { contextOf } from './model/index.ts';
import type { QuietConversations } from './quiet.ts';
import type { Session } from './session/index.ts';

export class ContextKeys {
  readonly #session: Session;
  readonly #quiet: QuietConversations;
  readonly #shown: () => ConversationKey | undefined;
  readonly #said = new Map<string, unknown>();
  readonly #parts: Disposable[];

  /** @param shown the conversation on the screen of the chat view */
  constructor(session: Session, quiet: QuietConversations, shown: () => ConversationKey | undefined) {
    this.#session = session;
    this.#quiet = quiet;
    this.#shown = shown;
    const update = () => this.update();
    this.#parts = [
      { dispose: session.subscribe({ onState: update, onChange: update }) },
      quiet.onDidChange(update),
    ];
    this.update();
  }

  /** Says what has changed, and nothing else. */
  update(): void {
    const { state } = this.#session;
    const key = this.#shown();
    const engine = state.kind === 'open' ? state.engine : undefined;
    const shown = engine?.conversations.find((each) => each.key === key);
    this.#say('state', state.kind);
    this.#say('account', engine?.account !== undefined);
    this.#say('shown', shown === undefined ? '' : contextOf(shown, this.#quiet.has(shown.key)));
  }

  dispose(): void {
    for (const part of this.#parts) part.dispose();
  }

  #say(name: string, value: unknown): void {
    if (this.#said.get(name) === value) return;
    this.#said.set(name, value);
    void commands.executeCommand('setContext', `crypt2chat.${name}`, value);
  }
}
