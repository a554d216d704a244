/** Toasts for messages that arrive, as the person wants them. They never take the focus. */
import { window } from 'vscode';
import type { ConversationKey } from '@crypt2chat/shared/engine';
import { Toasts } from './model/index.ts';
import type { QuietConversations } from './quiet.ts';
import type { Session } from './session/index.ts';
import { toastSetting } from './settings.ts';

/** @returns what ends it. */
export function announceArrivals(
  session: Session,
  quiet: QuietConversations,
  /** The conversation on the screen of the chat view. */
  shown: () => ConversationKey | undefined,
  open: (conversation: ConversationKey) => void,
): () => void {
  const toasts = new Toasts();
  return session.subscribe({
    onState: () => undefined,
    onChange: (change) => {
      if (session.state.kind !== 'open') return;
      const watched = window.state.focused ? shown() : undefined;
      const toast = toasts.take(change, session.state.engine, { level: toastSetting(), watched, quiet });
      if (!toast) return;
      void window.showInformationMessage(toast.text, 'Open').then((chosen) => {
        if (chosen === 'Open') open(toast.conversation);
      });
    },
  });
}
