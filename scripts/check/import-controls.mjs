/**
 * The control of the import rules: for each kind of violation one import that must be refused, and beside it one
 * that must pass. A table that lets everything through would otherwise look like a clean tree.
 */
import { ESLint, Linter } from 'eslint';
import { inCheckout, top } from '../checkout.mjs';
import { importRules } from '../lint/import-rules.mjs';
import { judgeImport } from '../lint/layers.mjs';

/** @type {readonly (readonly [file: string, specifier: string])[]} */
const refused = [
  ['shared/src/bytes/text.ts', '../errors/index.ts'],
  ['shared/src/cbor/index.ts', '../primitives/index.ts'],
  ['shared/src/wire/envelope.ts', '../primitives/index.ts'],
  ['shared/src/log/log.ts', '../identity/index.ts'],
  ['shared/src/ratchet/state.ts', '../x3dh/index.ts'],
  ['shared/src/ratchet/state.ts', '../primitives/aead.ts'],
  ['shared/src/ratchet/state.ts', '@noble/curves/ed448.js'],
  ['shared/src/engine/sync.ts', 'cborg'],
  ['shared/src/engine/sync.ts', '../../../relay/src/app.ts'],
  ['relay/src/app.ts', '@crypt2chat/shared/x3dh'],
  ['relay/src/app.ts', '@crypt2chat/shared/ratchet'],
  ['relay/src/app.ts', '@crypt2chat/shared/groups'],
  ['relay/src/app.ts', '@crypt2chat/shared/engine'],
  ['relay/src/app.ts', '../../shared/src/ratchet/index.ts'],
  ['relay/src/app.ts', './store/sqlite.ts'],
  ['relay/src/routes/accounts.ts', '../store/sqlite.ts'],
  ['relay/src/app.ts', '../../extension/src/ipc/index.ts'],
  ['extension/src/host/views.ts', '@crypt2chat/relay/testing'],
  ['extension/src/ipc/index.ts', '../host/index.ts'],
  ['extension/src/ipc/index.ts', 'vscode'],
  ['extension/src/worker.ts', './host/index.ts'],
  ['extension/src/webview/main.ts', '../host/index.ts'],
  ['extension/src/webview/main.ts', '@crypt2chat/shared/primitives'],
  ['extension/src/webview/main.ts', '@crypt2chat/shared/engine'],
  ['extension/src/host/views.ts', '@vscode/webview-ui-toolkit'],
];

/** @type {readonly (readonly [file: string, specifier: string])[]} */
const allowed = [
  ['shared/src/ratchet/state.ts', '../primitives/index.ts'],
  ['shared/src/ratchet/state.ts', './header.ts'],
  ['shared/src/primitives/dh.ts', '@noble/curves/ed448.js'],
  ['shared/test/ratchet/state.test.ts', '../../src/ratchet/state.ts'],
  ['relay/src/app.ts', '@crypt2chat/shared/identity'],
  ['relay/src/routes/accounts.ts', '../config.ts'],
  ['relay/src/routes/accounts.ts', '../store/index.ts'],
  ['extension/src/host/views.ts', 'vscode'],
  ['extension/src/webview/main.ts', '../ipc/index.ts'],
  ['extension/src/webview/main.ts', '@crypt2chat/shared/errors'],
  ['extension/src/webview/main.ts', './main.css'],
  ['extension/test/integration/chat.test.ts', '@crypt2chat/relay/testing'],
];

/** @returns {Promise<string[]>} what does not hold */
export async function checkImportControls() {
  const wrong = [];
  for (const [file, specifier] of refused) {
    if (judgeImport(file, specifier) === undefined) wrong.push(`${file} could import ${specifier}`);
  }
  for (const [file, specifier] of allowed) {
    const reason = judgeImport(file, specifier);
    if (reason !== undefined) wrong.push(`${file} could not import ${specifier}: ${reason}`);
  }
  // The table counts for nothing unless the linter asks it, and hears the answer.
  const judged = new Linter({ cwd: top }).verify(
    "import '@crypt2chat/shared/ratchet';",
    [{ plugins: { crypt2chat: importRules }, rules: { 'crypt2chat/who-may-import-whom': 'error' } }],
    { filename: inCheckout('relay', 'src', 'app.js') },
  );
  if (judged[0]?.messageId !== 'barred') wrong.push('the lint rule let a violation through');
  const eslint = new ESLint({ cwd: top });
  const config = await eslint.calculateConfigForFile(inCheckout('relay', 'src', 'app.ts'));
  if (config?.rules?.['crypt2chat/who-may-import-whom']?.[0] !== 2)
    wrong.push('the linter does not judge imports');
  return wrong;
}
