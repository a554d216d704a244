/** Who is in the group on the screen, as the page needs it: asked for when the group changed, told when that is news. */
import type { ConversationKey } from '@crypt2chat/shared/engine';
import type { ViewMember } from '../../ipc/index.ts';
import type { Session } from '../session/index.ts';

export class Members {
  readonly #session: Session;
  readonly #tell: (conversation: ConversationKey, members: readonly ViewMember[]) => void;
  /** What was told last, of which conversation. */
  #told = '';
  #isAsking = false;
  /** The conversation that changed while it was being asked about. */
  #next: ConversationKey | undefined;

  constructor(
    session: Session,
    tell: (conversation: ConversationKey, members: readonly ViewMember[]) => void,
  ) {
    this.#session = session;
    this.#tell = tell;
  }

  /** For a page that is told everything. Rejects with the engine's code. */
  async of(conversation: ConversationKey): Promise<readonly ViewMember[]> {
    const members = await this.#ask(conversation);
    this.#told = told(conversation, members);
    return members;
  }

  /** Changes come in bursts, and most of them are no news of the members. Never rejects. */
  async refresh(conversation: ConversationKey): Promise<void> {
    this.#next = conversation;
    if (this.#isAsking) return;
    this.#isAsking = true;
    while (this.#next !== undefined) {
      const asked = this.#next;
      this.#next = undefined;
      try {
        const members = await this.#ask(asked);
        const now = told(asked, members);
        if (now === this.#told) continue;
        this.#told = now;
        this.#tell(asked, members);
      } catch {
        // Whatever ends the asking ends the screen as well, or is said by the next change.
      }
    }
    this.#isAsking = false;
  }

  async #ask(conversation: ConversationKey): Promise<readonly ViewMember[]> {
    const { members } = await this.#session.call('groupView', { conversation });
    return members.map(({ name, own, verified, keysMissing }) => ({
      name,
      own,
      verified,
      ...(keysMissing === undefined ? {} : { keysMissing }),
    }));
  }
}

function told(conversation: ConversationKey, members: readonly ViewMember[]): string {
  return JSON.stringify([conversation, members]);
}
