/** Holds the state, and puts the screen on the page that goes with it. */
import type { ToWebview } from '../ipc/index.ts';
import type { Bridge } from './bridge.ts';
import { conversationView } from './conversation/index.ts';
import { type Clock, type Happening, initialState, reduce, type Shown, type State } from './model/index.ts';
import { registerView, stillView } from './screens/index.ts';
import type { Context, View } from './view.ts';

export class App {
  readonly #root: HTMLElement;
  readonly #context: Context;
  #state: State = initialState;
  #view: View;

  constructor(root: HTMLElement, bridge: Bridge, clock: Clock) {
    this.#root = root;
    this.#context = {
      clock,
      post: (message) => {
        bridge.post(message);
      },
      dispatch: (happening) => {
        this.#step(happening);
      },
      kept: () => bridge.kept(),
      keep: (kept) => {
        bridge.keep(kept);
      },
    };
    this.#view = stillView({ screen: 'loading' }, this.#context);
    root.replaceChildren(this.#view.element);
  }

  start(): void {
    const look = (): void => {
      const attentive = document.visibilityState === 'visible' && document.hasFocus();
      if (attentive !== this.#state.attentive) this.#step({ type: 'attention', attentive });
    };
    window.addEventListener('focus', look);
    window.addEventListener('blur', look);
    document.addEventListener('visibilitychange', look);
    look();
    this.#context.post({ type: 'ready' });
  }

  receive(message: ToWebview): void {
    this.#step(message);
    if (message.type === 'focus') this.#view.focus();
  }

  #step(step: ToWebview | Happening): void {
    const before = this.#state;
    this.#state = reduce(before, step);
    if (step.type === 'screen' && identityOf(before.shown) !== identityOf(this.#state.shown)) {
      this.#view.dispose();
      this.#view = this.#viewOf(this.#state);
      this.#root.replaceChildren(this.#view.element);
    }
    this.#view.update(this.#state, step);
  }

  #viewOf({ shown }: State): View {
    if (shown.screen === 'register') return registerView(shown, this.#context);
    if (shown.screen === 'conversation') return conversationView(shown.open, this.#context);
    return stillView(shown, this.#context);
  }
}

/** What has the same identity is updated in place; a still screen is cheap, and made anew for any difference. */
function identityOf(shown: Shown): string {
  if (shown.screen === 'conversation') return `conversation ${shown.open.conversation.key}`;
  return shown.screen === 'register' ? 'register' : JSON.stringify(shown);
}
