import { existsSync } from 'node:fs';
import eslint from '@eslint/js';
import { createNodeResolver, importX } from 'eslint-plugin-import-x';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';
import { importRules } from './scripts/lint/import-rules.mjs';

const projects = [
  'tsconfig.json',
  'extension/src/webview/tsconfig.json',
  'extension/test/webview/page/tsconfig.json',
  'scripts/tsconfig.json',
].filter((file) => existsSync(new URL(file, import.meta.url)));

const tests = ['*/test/**', 'bench/**'];

export default defineConfig(
  { ignores: ['**/dist/', '.vscode-test/', '.crypt2chat/', '.cache/', '**/media/'] },
  // A rule that does not fit is changed here, for everybody to see, and not switched off beside the code.
  { linterOptions: { noInlineConfig: true } },
  eslint.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    plugins: { 'import-x': importX, crypt2chat: importRules },
    settings: {
      'import-x/resolver-next': [createNodeResolver({ extensions: ['.ts', '.js', '.mjs', '.cjs', '.json'] })],
    },
    languageOptions: { parserOptions: { project: projects, tsconfigRootDir: import.meta.dirname } },
    rules: {
      'crypt2chat/who-may-import-whom': 'error',
      'import-x/no-cycle': ['error', { ignoreExternal: true }],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: true },
      ],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      // Whether a structure is a type or an interface says nothing to a reader.
      '@typescript-eslint/consistent-type-definitions': 'off',
      // With noUncheckedIndexedAccess, `bytes[i]!` under a loop's own bound is the plainest thing to write.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // `async` turns a throw into a rejection: ports and handlers want that with nothing to wait for.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
      '@typescript-eslint/no-import-type-side-effects': 'off',
    },
  },
  {
    rules: {
      eqeqeq: 'error',
      // Control characters are what the patterns here are there to find.
      'no-control-regex': 'off',
      'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx'], location: 'anywhere' }],
      'max-lines': ['error', { max: 400 }],
      'no-restricted-syntax': [
        'error',
        {
          selector: 'TSAsExpression > TSAsExpression > TSUnknownKeyword',
          message: 'Check the value instead of casting it through unknown.',
        },
        {
          selector:
            'CallExpression[callee.object.name=/^(describe|it|suite|test)$/][callee.property.name=/^(only|skip)$/]',
          message: 'Every test runs, every time.',
        },
      ],
    },
  },
  { files: ['shared/src/**', 'relay/src/**'], rules: { 'no-console': 'error' } },
  {
    files: tests.map((folder) => `${folder}/*.ts`),
    rules: {
      '@typescript-eslint/no-dynamic-delete': 'off',
    },
  },
  {
    files: ['**/*.{js,mjs,cjs}'],
    extends: [tseslint.configs.base],
    languageOptions: { parserOptions: { project: projects, tsconfigRootDir: import.meta.dirname } },
    rules: {
      'no-undef': 'off',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      'no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },
);
