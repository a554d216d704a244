/** What every part of the page is to the app, and the app to them. */
import type { FromWebview, ToWebview } from '../ipc/index.ts';
import type { Kept } from './bridge.ts';
import type { Clock, Happening, State } from './model/index.ts';

export interface View {
  readonly element: HTMLElement;
  /** @param step what led from the state before to this one */
  update(state: State, step: ToWebview | Happening): void;
  /** Takes the keyboard focus, because the person asked for it. */
  focus(): void;
  dispose(): void;
}

export interface Context {
  readonly clock: Clock;
  post(message: FromWebview): void;
  dispatch(happening: Happening): void;
  kept(): Kept | undefined;
  keep(kept: Kept): void;
}
