/** The extension's beginning and end. All there is stands in the container. */
import type { ExtensionContext } from 'vscode';
import { Container } from './container.ts';

let container: Container | undefined;

/** @returns what starting up cost in processor time, for who measures it: nothing else may rely on it. */
export function activate(context: ExtensionContext): { readonly ownTimeMs: number } {
  const before = process.cpuUsage();
  container = new Container(context);
  const { user, system } = process.cpuUsage(before);
  return { ownTimeMs: (user + system) / 1000 };
}

/** VS Code waits for this. */
export async function deactivate(): Promise<void> {
  const ending = container;
  container = undefined;
  await ending?.close();
}
