/** The extension's beginning and end. All there is stands in the container. */
import type { ExtensionContext } from 'vscode';
import { Container } from './container.ts';

let container: Container | undefined;

/** @returns what starting up took in here, for the benchmark: nothing else may rely on it. */
export function activate(context: ExtensionContext): { readonly ownTimeMs: number } {
  const beganAt = performance.now();
  container = new Container(context);
  return { ownTimeMs: performance.now() - beganAt };
}

/** VS Code waits for this. */
export async function deactivate(): Promise<void> {
  const ending = container;
  container = undefined;
  await ending?.close();
}
