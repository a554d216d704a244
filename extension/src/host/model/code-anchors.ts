/** From a selection in an editor to a passage of code that can be sent, and from such a passage back to a file. */
import { isAbsolute, join, relative, sep } from 'node:path';
import { realpath } from 'node:fs/promises';
import type { CodeAnchor } from '@crypt2chat/shared/engine';
import { isRelativePath } from '@crypt2chat/shared/wire';
import { maxTextBytes } from '../../ipc/index.ts';

/** A selection as an editor has it: lines count from 0, the last one may be selected up to its beginning only. */
export interface SelectedCode {
  readonly text: string;
  readonly language: string;
  readonly startLine: number;
  readonly endLine: number;
  readonly endCharacter: number;
  /** Relative to the workspace folder, with `/`; absent for a file outside. */
  readonly workspacePath?: string;
  /** Without its folder. */
  readonly fileName: string;
}

export type AnchorResult =
  | { readonly kind: 'anchor'; readonly anchor: CodeAnchor }
  | { readonly kind: 'empty' }
  | { readonly kind: 'too-large'; readonly bytes: number };

const maxPathBytes = 512;
const maxLanguageBytes = 40;

/** Of a file outside the workspace only its name goes along: where it lies says more about its owner than about it. */
export function anchorOf(selected: SelectedCode): AnchorResult {
  const text = selected.text.replaceAll('\r\n', '\n').replace(/\n+$/, '');
  if (text.trim() === '') return { kind: 'empty' };
  const bytes = Buffer.byteLength(text);
  if (bytes > maxTextBytes) return { kind: 'too-large', bytes };
  const endsBeforeLine = selected.endCharacter === 0 && selected.endLine > selected.startLine;
  const path = [selected.workspacePath, selected.fileName].find(
    (each) => each !== undefined && isSendable(each),
  );
  return {
    kind: 'anchor',
    anchor: {
      text,
      language: isLabel(selected.language, maxLanguageBytes) ? selected.language : 'plaintext',
      path: path ?? 'untitled',
      startLine: selected.startLine + 1,
      endLine: endsBeforeLine ? selected.endLine : selected.endLine + 1,
    },
  };
}

/**
 * The file that a passage from somebody else names, if it lies in one of the folders: no way out of them by `..`, by a
 * root or by a symbolic link.
 * @param folders absolute paths on this computer's disk.
 */
export async function findInFolders(folders: readonly string[], path: string): Promise<string | undefined> {
  if (!isRelativePath(path)) return undefined;
  for (const folder of folders) {
    try {
      const [root, file] = await Promise.all([realpath(folder), realpath(join(folder, ...path.split('/')))]);
      const way = relative(root, file);
      if (way !== '' && !isAbsolute(way) && way.split(sep)[0] !== '..') return file;
    } catch {
      // Not in this folder; perhaps in the next one.
    }
  }
  return undefined;
}

function isSendable(path: string): boolean {
  return isRelativePath(path) && isLabel(path, maxPathBytes);
}

function isLabel(text: string, maxBytes: number): boolean {
  return text !== '' && Buffer.byteLength(text) <= maxBytes && !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text);
}
