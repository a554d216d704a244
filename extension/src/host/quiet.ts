/**
 * The conversations that are not announced, by their keys alone: hashes that name nobody. VS Code keeps them, for all
 * windows; of a conversation that is gone a key is left over, and the oldest go first when there are many.
 */
import { EventEmitter, type Memento } from 'vscode';
import type { ConversationKey } from '@crypt2chat/shared/engine';

const place = 'mutedConversations';
const maxKept = 1_000;

export class QuietConversations {
  readonly #memento: Memento;
  readonly #changed = new EventEmitter<undefined>();
  readonly onDidChange = this.#changed.event;

  constructor(memento: Memento) {
    this.#memento = memento;
  }

  has(key: ConversationKey): boolean {
    return this.#keys().includes(key);
  }

  async set(key: ConversationKey, isQuiet: boolean): Promise<void> {
    const others = this.#keys().filter((each) => each !== key);
    await this.#memento.update(place, isQuiet ? [...others, key].slice(-maxKept) : others);
    this.#changed.fire(undefined);
  }

  dispose(): void {
    this.#changed.dispose();
  }

  #keys(): string[] {
    const kept = this.#memento.get<unknown>(place);
    return Array.isArray(kept) ? kept.filter((key) => typeof key === 'string') : [];
  }
}
