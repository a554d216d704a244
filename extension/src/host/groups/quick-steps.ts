/**
 * Questions in VS Code's quick input, one after the other: each can be gone back from, keeps what was typed when it does
 * not work out, and says why in its own place. Nothing is lost by looking elsewhere in between.
 */
import {
  type Disposable,
  InputBoxValidationSeverity,
  type QuickInput,
  QuickInputButtons,
  type QuickPickItem,
  QuickPickItemKind,
  ThemeIcon,
  window,
} from 'vscode';
import { hasCode } from '@crypt2chat/shared/errors';
import { sentenceOf } from '../../ipc/index.ts';
import { sayCode } from '../messages.ts';
import { type Person, type PickerItem, pickerItems, toggled } from '../model/index.ts';

/** `undefined` when it was called off. */
export type Step<T> = { readonly kind: 'next'; readonly value: T } | { readonly kind: 'back' } | undefined;

interface Question<T> {
  readonly title: string;
  /** The number of this step, counted from 1, and of all. */
  readonly of?: readonly [step: number, steps: number];
  /** What is done with the answer before the question goes away. While it rejects, the question stays. */
  readonly submit?: (value: T) => Promise<void>;
}

export interface LineQuestion extends Question<string> {
  readonly prompt: string;
  readonly value: string;
  /** What is wrong with an answer, as a sentence. */
  readonly problem: (text: string) => string | undefined;
}

/** A line of text, trimmed. */
export function askLine(question: LineQuestion): Promise<Step<string>> {
  const box = window.createInputBox();
  box.prompt = question.prompt;
  box.value = question.value;
  const say = (message: string) => {
    box.validationMessage = { message, severity: InputBoxValidationSeverity.Error };
  };
  return ask(box, question, (done) => [
    box.onDidChangeValue(() => {
      box.validationMessage = undefined;
    }),
    box.onDidAccept(() => {
      const problem = question.problem(box.value);
      if (problem !== undefined) say(problem);
      else void done(box.value.trim(), say);
    }),
  ]);
}

export interface PeopleQuestion extends Question<readonly Person[]> {
  readonly known: readonly Person[];
  readonly chosen: readonly Person[];
  /** What going on with these is called; undefined where it takes somebody to be chosen first. */
  readonly go: (chosen: readonly Person[]) => string | undefined;
  /** Called whenever somebody is taken up or out, so that it outlives the question. */
  readonly changed: (chosen: readonly Person[]) => void;
}

/** Several people, known ones or by their addresses. */
export function askPeople(question: PeopleQuestion): Promise<Step<readonly Person[]>> {
  const box = window.createQuickPick<QuickPickItem & { readonly item: PickerItem }>();
  box.placeholder = 'A name or an address (name#id): Enter adds them';
  let { chosen } = question;
  let problem: string | undefined;
  const draw = () => {
    const items = pickerItems(question.known, chosen, box.value, question.go(chosen), problem);
    box.items = items.map(quickItem);
  };
  draw();
  return ask(box, question, (done) => [
    box.onDidChangeValue(() => {
      problem = undefined;
      draw();
    }),
    box.onDidAccept(() => {
      const item = box.selectedItems[0]?.item;
      if (item === undefined || item.kind === 'heading') return;
      if (item.kind === 'go') {
        void done(chosen, (message) => {
          problem = message;
          draw();
        });
        return;
      }
      chosen = toggled(chosen, item.person);
      question.changed(chosen);
      box.value = '';
      draw();
    }),
  ]);
}

export interface Choice<T> {
  readonly label: string;
  readonly description?: string;
  readonly detail?: string;
  /** The name of a codicon. */
  readonly icon: string;
  readonly value: T;
}

/** @param refresh calls `draw` with other choices as they change, and returns what ends that */
export function chooseOne<T>(
  question: Question<T> & { readonly placeholder: string; readonly canGoBack?: boolean },
  choices: readonly Choice<T>[],
  refresh: (draw: (choices: readonly Choice<T>[]) => void) => Disposable = () => ({
    dispose: () => undefined,
  }),
): Promise<Step<T>> {
  const box = window.createQuickPick<QuickPickItem & { readonly value: T }>();
  box.placeholder = question.placeholder;
  box.matchOnDescription = true;
  box.keepScrollPosition = true;
  const draw = (now: readonly Choice<T>[]) => {
    const active = box.activeItems[0]?.label;
    box.items = now.map(({ icon, ...rest }) => ({ ...rest, iconPath: new ThemeIcon(icon) }));
    const same = box.items.find(({ label }) => label === active);
    if (same) box.activeItems = [same];
  };
  draw(choices);
  if (question.canGoBack === true) box.buttons = [QuickInputButtons.Back];
  return ask(box, question, (done) => [
    refresh(draw),
    box.onDidAccept(() => {
      const [chosen] = box.selectedItems;
      if (chosen) void done(chosen.value, () => undefined);
    }),
  ]);
}

type Done<T> = (value: T, say: (problem: string) => void) => Promise<void>;

function ask<T>(
  box: QuickInput & Pick<ReturnType<typeof window.createInputBox>, 'buttons' | 'onDidTriggerButton'>,
  { title, of, submit }: Question<T>,
  wire: (done: Done<T>) => Disposable[],
): Promise<Step<T>> {
  box.title = title;
  box.ignoreFocusOut = of !== undefined;
  if (of !== undefined) {
    [box.step, box.totalSteps] = of;
    if (of[0] > 1) box.buttons = [QuickInputButtons.Back];
  }
  let isClosed = false;
  return new Promise((resolve) => {
    const parts = wire(async (value, say) => {
      box.busy = true;
      box.enabled = false;
      try {
        await submit?.(value);
      } catch (error) {
        const code = hasCode(error) ? error.code : 'ERR_ENGINE_INTERNAL';
        // Whoever closed it meanwhile would not see it there.
        if (isClosed) return sayCode(code);
        box.busy = false;
        box.enabled = true;
        say(sentenceOf(code).text);
        return;
      }
      resolve({ kind: 'next', value });
      box.hide();
    });
    parts.push(
      box.onDidTriggerButton((button) => {
        if (button !== QuickInputButtons.Back) return;
        resolve({ kind: 'back' });
        box.hide();
      }),
      box.onDidHide(() => {
        isClosed = true;
        resolve(undefined);
        for (const part of parts) part.dispose();
        box.dispose();
      }),
    );
    box.show();
  });
}

function quickItem(item: PickerItem): QuickPickItem & { readonly item: PickerItem } {
  if (item.kind === 'heading') return { label: item.label, kind: QuickPickItemKind.Separator, item };
  if (item.kind === 'go') {
    const detail = item.detail === undefined ? {} : { detail: item.detail };
    return { label: item.label, ...detail, iconPath: new ThemeIcon('arrow-right'), alwaysShow: true, item };
  }
  const icon = { chosen: 'check', known: item.person.verified ? 'verified' : 'account', typed: 'add' }[
    item.kind
  ];
  return {
    label: item.label,
    description: item.description,
    iconPath: new ThemeIcon(icon),
    alwaysShow: item.kind === 'typed',
    item,
  };
}
