/** What the manifest's `when` clauses ask for: `crypt2chat.state` and `crypt2chat.account`. */
import { commands } from 'vscode';
import type { Session, SessionState } from './session/index.ts';

/** @returns what ends it. */
export function keepContextKeys(session: Session): () => void {
  let said = '';
  const say = (state: SessionState) => {
    const account = state.kind === 'open' && state.engine.account !== undefined;
    const now = `${state.kind} ${account}`;
    if (now === said) return;
    said = now;
    void commands.executeCommand('setContext', 'crypt2chat.state', state.kind);
    void commands.executeCommand('setContext', 'crypt2chat.account', account);
  };
  say(session.state);
  return session.subscribe({
    onState: say,
    onChange: ({ kind }) => {
      if (kind === 'account') say(session.state);
    },
  });
}
