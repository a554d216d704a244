/** The settings of the manifest. A workspace that is not trusted has no say in them: VS Code holds its values back. */
import { workspace } from 'vscode';
import type { ToastLevel } from './model/index.ts';

const section = 'crypt2chat';

/** What the form and the recovery begin with; empty where none is set. */
export function relaySetting(): string {
  const value = workspace.getConfiguration(section).get<unknown>('relayUrl');
  return typeof value === 'string' ? value.slice(0, 200) : '';
}

export function toastSetting(): ToastLevel {
  const value = workspace.getConfiguration(section).get<unknown>('notifications');
  return value === 'off' || value === 'preview' ? value : 'sender';
}
