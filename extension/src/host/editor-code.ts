/** Code between editors and the chat: a selection on its way out, a passage on its way back to its file. */
import { isRelativePath } from '@crypt2chat/shared/wire';
import { FileType, Range, TextEditorRevealType, Uri, window, workspace } from 'vscode';
import { type AnchorResult, anchorOf, findInFolders } from './model/index.ts';

/** The selection of the editor in use, as a passage that can be sent. */
export function selectedCode(): AnchorResult {
  const editor = window.activeTextEditor;
  if (!editor || editor.selection.isEmpty) return { kind: 'empty' };
  const { document, selection } = editor;
  const inside = workspace.getWorkspaceFolder(document.uri) !== undefined;
  return anchorOf({
    text: document.getText(selection),
    language: document.languageId,
    startLine: selection.start.line,
    endLine: selection.end.line,
    endCharacter: selection.end.character,
    ...(inside ? { workspacePath: workspace.asRelativePath(document.uri, false) } : {}),
    fileName: document.uri.path.split('/').at(-1) ?? '',
  });
}

/** Opens the file of a passage at its lines, if it is in the workspace. @returns whether it is. */
export async function openCode(path: string, startLine: number, endLine: number): Promise<boolean> {
  const uri = await findFile(path);
  if (!uri) return false;
  const document = await workspace.openTextDocument(uri);
  const last = Math.min(Math.max(endLine, 1), document.lineCount) - 1;
  const first = Math.min(Math.max(startLine, 1) - 1, last);
  const range = new Range(first, 0, last, document.lineAt(last).text.length);
  const editor = await window.showTextDocument(document, { selection: range });
  editor.revealRange(range, TextEditorRevealType.InCenterIfOutsideViewport);
  return true;
}

async function findFile(path: string): Promise<Uri | undefined> {
  if (!isRelativePath(path)) return undefined;
  const folders = (workspace.workspaceFolders ?? []).map(({ uri }) => uri);
  const local = folders.filter(({ scheme }) => scheme === 'file').map(({ fsPath }) => fsPath);
  const file = await findInFolders(local, path);
  if (file !== undefined) return Uri.file(file);
  for (const folder of folders) {
    if (folder.scheme === 'file') continue;
    const found = await findThroughVSCode(folder, path.split('/'));
    if (found) return found;
  }
  return undefined;
}

/** In a remote or virtual workspace nobody can ask for the real path: there no link is followed at all. */
async function findThroughVSCode(folder: Uri, parts: readonly string[]): Promise<Uri | undefined> {
  let place = folder;
  try {
    for (const part of parts) {
      place = Uri.joinPath(place, part);
      const { type } = await workspace.fs.stat(place);
      if ((type & FileType.SymbolicLink) !== 0) return undefined;
    }
    return place;
  } catch {
    return undefined;
  }
}
