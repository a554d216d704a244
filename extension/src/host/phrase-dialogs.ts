/**
 * The recovery phrase, out and in: in VS Code's own dialogs, never in a webview, a document, a setting or the log.
 */
import { env, InputBoxValidationSeverity, type QuickInputButton, ThemeIcon, window } from 'vscode';
import { numberedWords, phraseProblem, typedPhrase } from './model/index.ts';
import type { Session } from './session/index.ts';

const written = 'I Have Written It Down';
const copy = 'Copy';
const show = 'Show';

const explanation =
  'These 24 words are the only way back to your account and your messages if this computer or its keychain is lost. ' +
  'Whoever has them is you: write them down on paper, in this order, and keep them where you keep other keys.';

/** Shows the phrase until it has been written down or put off. @throws CodedError of the engine. */
export async function showPhrase(session: Session): Promise<void> {
  const phrase = await session.call('recoveryPhrase', undefined);
  let title = 'Your recovery phrase';
  for (;;) {
    const detail = `${numberedWords(phrase)}\n\n${explanation}`;
    const chosen = await window.showInformationMessage(title, { modal: true, detail }, written, copy);
    if (chosen === written) await session.call('confirmPhrase', undefined);
    if (chosen !== copy) return;
    await env.clipboard.writeText(phrase);
    title = 'Your recovery phrase (copied: other programs can read the clipboard)';
  }
}

/** Makes sure that nobody else looks on. */
export async function confirmShowing(): Promise<boolean> {
  const detail =
    'Whoever sees it can take over your account and read your messages. Do not share your screen now.';
  const question = 'Show the recovery phrase on the screen?';
  return (await window.showWarningMessage(question, { modal: true, detail }, show)) === show;
}

/** Takes a phrase in; hidden until the person wants to see what they type. @returns undefined when called off. */
export function askPhrase(title: string): Promise<string | undefined> {
  const box = window.createInputBox();
  box.title = title;
  box.prompt = 'The 24 words of your recovery phrase, in their order.';
  box.ignoreFocusOut = true;
  const setHidden = (hidden: boolean) => {
    box.password = hidden;
    box.buttons = [eye(hidden)];
  };
  setHidden(true);
  return new Promise((resolve) => {
    box.onDidTriggerButton(() => setHidden(!box.password));
    box.onDidChangeValue(() => {
      box.validationMessage = undefined;
    });
    box.onDidAccept(() => {
      const problem = box.value.trim() === '' ? 'The phrase is missing.' : phraseProblem(box.value);
      if (problem !== undefined) {
        box.validationMessage = { message: problem, severity: InputBoxValidationSeverity.Error };
        return;
      }
      resolve(typedPhrase(box.value));
      box.hide();
    });
    box.onDidHide(() => {
      resolve(undefined);
      box.dispose();
    });
    box.show();
  });
}

function eye(hidden: boolean): QuickInputButton {
  return hidden
    ? { iconPath: new ThemeIcon('eye'), tooltip: 'Show What I Type' }
    : { iconPath: new ThemeIcon('eye-closed'), tooltip: 'Hide What I Type' };
}
