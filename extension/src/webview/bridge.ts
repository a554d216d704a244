/** The way to and from the extension host. What comes is parsed; what goes is typed, and parsed at the other side. */
import * as v from 'valibot';
import { type FromWebview, keySchema, placeSchema, type ToWebview, toWebviewSchema } from '../ipc/index.ts';

interface VsCodeApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): unknown;
}
declare function acquireVsCodeApi(): VsCodeApi;

/**
 * What is kept while the view is hidden and its page gone. VS Code writes it to its own database in the clear: so it holds
 * no word that anybody wrote, only which message was at the top. Drafts are the vault's.
 */
const keptSchema = v.strictObject({
  conversation: keySchema,
  /** The message at the upper edge, and by how many pixels it was past it. Absent at the end of the conversation. */
  top: v.exactOptional(v.strictObject({ place: placeSchema, pastPx: v.number() })),
});
export type Kept = v.InferOutput<typeof keptSchema>;

export class Bridge {
  readonly #api = acquireVsCodeApi();

  post(message: FromWebview): void {
    this.#api.postMessage(message);
  }

  /** Calls `receive` with each message that is one. The rest is reported without what was in it. */
  listen(receive: (message: ToWebview) => void): void {
    window.addEventListener('message', (event: MessageEvent<unknown>) => {
      // VS Code delivers from the frame around this one, which has the same origin. No other page has a say.
      if (event.origin !== window.origin) return;
      const parsed = v.safeParse(toWebviewSchema, event.data);
      if (parsed.success) receive(parsed.output);
      else console.error('a message of the host was dropped: it does not parse at', pathOf(parsed.issues));
    });
  }

  kept(): Kept | undefined {
    const parsed = v.safeParse(keptSchema, this.#api.getState());
    return parsed.success ? parsed.output : undefined;
  }

  keep(kept: Kept): void {
    this.#api.setState(kept);
  }
}

/** Names of keys only, never values: those of our own schemas. */
function pathOf(issues: readonly v.BaseIssue<unknown>[]): string {
  const keys = issues[0]?.path?.map((item) => (typeof item.key === 'number' ? '#' : String(item.key))) ?? [];
  return keys.filter((key) => /^[A-Za-z#]{1,20}$/.test(key)).join('.') || 'the top';
}
