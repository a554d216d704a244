/** The table of layers.mjs as an ESLint rule. */
import { relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { judgeImport } from './layers.mjs';

const top = fileURLToPath(new URL('../../', import.meta.url));

/** @type {import('eslint').Rule.RuleModule} */
const rule = {
  meta: { type: 'problem', schema: [], messages: { barred: '{{reason}}' } },
  create(context) {
    const file = relative(top, context.filename).split(sep).join('/');
    /** @param {{ source?: unknown }} node */
    const judge = (node) => {
      const source = /** @type {import('eslint').AST.Token | null | undefined} */ (node.source);
      if (typeof source?.value !== 'string') return;
      const reason = judgeImport(file, source.value);
      if (reason !== undefined) context.report({ node: source, messageId: 'barred', data: { reason } });
    };
    return {
      ImportDeclaration: judge,
      ExportNamedDeclaration: judge,
      ExportAllDeclaration: judge,
      ImportExpression: judge,
      TSImportType: judge,
    };
  },
};

export const importRules = { rules: { 'who-may-import-whom': rule } };
