import assert from 'node:assert/strict';
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { accountId, formatAddress, parseAddress } from '@crypt2chat/shared/identity';
import { codeBodySchema } from '@crypt2chat/shared/wire';
import fc from 'fast-check';
import * as v from 'valibot';
import {
  addressInUri,
  addressProblem,
  anchorOf,
  findInFolders,
  numberedWords,
  openableLink,
  phraseProblem,
  plainLine,
  type SelectedCode,
  suggestName,
  typedPhrase,
} from '../../src/host/model/index.ts';
import { maxTextBytes } from '../../src/ipc/index.ts';

describe('text from other people', () => {
  // As VS Code has them: labelled icons, and links in notifications.
  const icon = /\$\([a-z0-9-]+(?:~[a-z]+)?\)/i;
  const link = /\[[^\]]+\]\((?:https?:\/\/|command:|file:)[^)\s]+/i;
  const unseen =
    /[\p{Cc}\u202a-\u202e\u2066-\u2069\u200b-\u200f\u061c\ufeff\ue000-\uf8ff\u{e0000}-\u{e007f}\u2028\u2029]/u;

  it('draws no icon, makes no link, turns no direction and hides nothing', () => {
    const tricks = '$(trash)[click](command:x)\u202egnp.exe\u200b\u0007\u{e0041}\uea60';
    const shown = plainLine(tricks, 200);
    assert.match(tricks, icon);
    assert.match(tricks, link);
    assert.doesNotMatch(shown, icon);
    assert.doesNotMatch(shown, link);
    assert.doesNotMatch(shown, unseen);
    assert.ok(shown.includes('gnp.exe'));
  });

  it('does none of that whatever it is made of', () => {
    const parts = fc.constantFrom(
      '$',
      '(',
      '$(',
      '$$(',
      'x)',
      '[a',
      ']',
      '](',
      'command:x)',
      '\u202e',
      '\u200b',
      '\0',
      '\n',
      ' ',
      '😀',
      '\ud800',
    );
    fc.assert(
      fc.property(
        fc.array(fc.oneof(parts, fc.string({ unit: 'binary' }))),
        fc.integer({ min: 2, max: 60 }),
        (list, max) => {
          const shown = plainLine(list.join(''), max);
          assert.doesNotMatch(shown, icon);
          assert.doesNotMatch(shown, link);
          assert.doesNotMatch(shown, unseen);
          assert.doesNotMatch(shown, /\p{Cs}/u);
          assert.ok(Array.from(shown.replaceAll('\u2060', '')).length <= max);
        },
      ),
    );
  });

  it('stays as it is when there is nothing about it', () => {
    for (const text of ['bob', 'größe 日本 עברית', 'f(x) [1] $5', '👩 a.b-c_d'])
      assert.equal(plainLine(text, 40), text);
    assert.equal(plainLine('12345', 5), '12345');
    assert.equal(plainLine('123456', 5), '1234…');
  });
});

describe('addresses', () => {
  const id = accountId(new Uint8Array(32).fill(7));
  const whole = formatAddress('bob', id);

  it('are taken as the protocol takes them', () => {
    for (const text of ['bob', '@Bob', whole, ` ${whole} `]) {
      assert.equal(addressProblem(text), undefined, text);
      parseAddress(text);
    }
    for (const text of [
      'b',
      'böb',
      '.bob',
      'bob smith',
      'bob#',
      'bob#x',
      `${whole}#`,
      `#${whole}`,
      'x'.repeat(33),
    ]) {
      assert.ok(addressProblem(text), text);
      assert.throws(() => parseAddress(text), text);
    }
  });

  it('come out of a link only whole', () => {
    const inQuery = (address: string) => addressInUri('/open', `address=${encodeURIComponent(address)}`);
    assert.equal(inQuery(whole), whole);
    assert.equal(addressInUri('/open', `address=${whole}`), whole);
    for (const address of ['bob', '', 'bob#short', `bob#${'A'.repeat(44)}`])
      assert.equal(inQuery(address), undefined);
    assert.equal(addressInUri('/other', `address=${encodeURIComponent(whole)}`), undefined);
    assert.equal(addressInUri('/open', ''), undefined);
  });

  it('begin with a name that fits, or with none', () => {
    assert.equal(suggestName('Alice'), 'alice');
    assert.equal(suggestName('DOMAIN\\José.García'), 'domainjose.garcia');
    for (const name of ['root', 'x', '', '日本', '...']) assert.equal(suggestName(name), '');
  });
});

describe('links in messages', () => {
  it('are opened to the web and to mail, and to nothing else', () => {
    for (const text of ['https://example.org/a?b#c', 'http://localhost:1', 'mailto:a@example.org'])
      assert.ok(openableLink(text));
    const others = [
      'javascript:alert(1)',
      'command:workbench.action.quit',
      'file:///etc/hosts',
      'vscode://a.b/c',
      'data:text/html,x',
    ];
    for (const text of [...others, 'https://user:pw@example.org/', '//example.org', 'no'])
      assert.equal(openableLink(text), undefined, text);
  });
});

describe('the recovery phrase in dialogs', () => {
  const words = Array.from(
    { length: 24 },
    (_, index) => `word${'abcdefghijklmnopqrstuvwx'[index] ?? ''}`,
  ).join(' ');

  it('comes back as it was shown', () => {
    assert.equal(typedPhrase(numberedWords(words)), words);
    assert.equal(typedPhrase(` ${words.toUpperCase().replaceAll(' ', '\n')} `), words);
    assert.equal(phraseProblem(numberedWords(words)), undefined);
    assert.ok(phraseProblem('three words only'));
  });
});

describe('a selection', () => {
  const selected: SelectedCode = {
    text: 'const a = 1;\r\nconst b = 2;\r\n',
    language: 'typescript',
    startLine: 40,
    endLine: 42,
    endCharacter: 0,
    workspacePath: 'src/retry.ts',
    fileName: 'retry.ts',
  };

  it('becomes a passage with its place, lines counted from 1 and both ends included', () => {
    const result = anchorOf(selected);
    assert.deepEqual(result, {
      kind: 'anchor',
      anchor: {
        text: 'const a = 1;\nconst b = 2;',
        language: 'typescript',
        path: 'src/retry.ts',
        startLine: 41,
        endLine: 42,
      },
    });
    const oneLine = anchorOf({ ...selected, text: 'a', endLine: 40, endCharacter: 1 });
    assert.ok(oneLine.kind === 'anchor' && oneLine.anchor.endLine === 41);
  });

  it('says nothing of where a file outside the workspace lies', () => {
    const { workspacePath: _, ...outside } = selected;
    const result = anchorOf(outside);
    assert.ok(result.kind === 'anchor' && result.anchor.path === 'retry.ts');
  });

  it('is empty, or too large, or what the protocol takes', () => {
    assert.equal(anchorOf({ ...selected, text: ' \n\t' }).kind, 'empty');
    assert.equal(anchorOf({ ...selected, text: 'x'.repeat(maxTextBytes) }).kind, 'anchor');
    assert.deepEqual(anchorOf({ ...selected, text: 'é'.repeat(maxTextBytes / 2 + 1) }), {
      kind: 'too-large',
      bytes: maxTextBytes + 2,
    });
    const paths = fc.oneof(
      fc.constantFrom('../x', '/x', 'C:\\x', 'a//b', 'a\nb', '', 'a'.repeat(600)),
      fc.string(),
    );
    fc.assert(
      fc.property(
        paths,
        paths,
        fc.string(),
        fc.string({ minLength: 1 }),
        (workspacePath, fileName, language, text) => {
          const result = anchorOf({ ...selected, workspacePath, fileName, language, text });
          if (result.kind === 'anchor') v.parse(codeBodySchema, result.anchor);
        },
      ),
    );
  });
});

describe('a passage from somebody else', () => {
  let folder: string;
  before(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'crypt2chat-code-')));
    for (const name of ['one/src', 'two/lib', 'outside'])
      await mkdir(join(folder, name), { recursive: true });
    await writeFile(join(folder, 'one/src/a.ts'), '');
    await writeFile(join(folder, 'two/lib/b.ts'), '');
    await writeFile(join(folder, 'outside/secret'), '');
    await symlink(join(folder, 'outside'), join(folder, 'one/link'), 'junction');
    await symlink(join(folder, 'one/src'), join(folder, 'one/inner'), 'junction');
  });
  after(() => rm(folder, { recursive: true }));

  it('finds its file in the folders and nowhere else', async () => {
    const find = (path: string) => findInFolders([join(folder, 'one'), join(folder, 'two')], path);
    assert.equal(await find('src/a.ts'), join(folder, 'one/src/a.ts'));
    assert.equal(await find('lib/b.ts'), join(folder, 'two/lib/b.ts'));
    assert.equal(await find('inner/a.ts'), join(folder, 'one/src/a.ts'));
    const outside = [
      '../outside/secret',
      'link/secret',
      join(folder, 'outside/secret'),
      'src/../../outside/secret',
      '.',
      '',
      'src\\a.ts',
      'gone.ts',
    ];
    for (const path of outside) assert.equal(await find(path), undefined, path);
  });
});
