import { existsSync } from 'node:fs';
import eslint from '@eslint/js';
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
    plugins: { crypt2chat: importRules },
    languageOptions: { parserOptions: { project: projects, tsconfigRootDir: import.meta.dirname } },
    rules: {
      'crypt2chat/who-may-import-whom': 'error',
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
      // `return finish();` ends a branch and a function at once.
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
      // Objects here are mostly closures: taking them apart loses no `this`.
      '@typescript-eslint/unbound-method': 'off',
      // A custom element is made by its tag's name, never by its constructor.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // There are no enums: the compiler refuses them.
      '@typescript-eslint/no-unsafe-enum-assignment': 'off',
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
      '@typescript-eslint/no-extraneous-class': 'off',
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
