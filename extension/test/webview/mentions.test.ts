/** Mentions: completed in the composer by the keyboard alone, and marked where they are read. */
import assert from 'node:assert/strict';
import type { Locator } from 'playwright-core';
import { picture } from './browser.ts';
import { crew, crewMembers, groupTalk, said, ScriptedHost, talk } from './scripted-host.ts';

describe('mentions in the view', () => {
  let host: ScriptedHost;

  afterEach(async () => {
    assert.deepEqual(host.invalid, []);
    assert.deepEqual(await host.page.evaluate('watch.events'), []);
    await host.close();
  });

  const input = (): Locator => host.page.locator('.input');
  const list = (): Locator => host.page.getByRole('listbox', { name: 'Members' });
  const names = () => list().locator('[role=option] bdi').allTextContents();
  /** What a screen reader is told to be at. */
  const active = () =>
    host.page.evaluate<string | null>(
      `document.getElementById(document.activeElement.getAttribute('aria-activedescendant'))?.querySelector('bdi').textContent`,
    );

  it('are completed by arrow keys and Enter, without sending anything', async () => {
    host = await ScriptedHost.open(groupTalk());
    await input().pressSequentially('hello @');
    await list().waitFor();
    assert.deepEqual(await names(), ['bob', 'carol', 'dave', 'erin']);
    assert.equal(await active(), 'bob');
    await picture(host.page, 'mention-list');
    await input().press('ArrowDown');
    assert.equal(await active(), 'carol');
    for (const key of ['ArrowUp', 'ArrowUp']) await input().press(key);
    assert.equal(await active(), 'erin');
    await input().press('ArrowDown');
    await input().press('ArrowDown');
    await input().press('Enter');
    assert.equal(await input().inputValue(), 'hello @carol ');
    assert.equal(await list().isVisible(), false);
    assert.equal(host.all('send').length, 0);
    await input().press('Enter');
    const { draft } = await host.posting('send');
    assert.deepEqual(draft, { kind: 'text', text: 'hello @carol' });
  });

  it('are narrowed by what is typed, taken by Tab, and kept in the draft', async () => {
    host = await ScriptedHost.open(groupTalk());
    await input().pressSequentially('@R');
    await host.holds(`document.querySelectorAll('[role=option]').length === 2`);
    assert.deepEqual(await names(), ['carol', 'erin']);
    await input().pressSequentially('i');
    await host.holds(`document.querySelectorAll('[role=option]').length === 1`);
    await input().press('Tab');
    assert.equal(await input().inputValue(), '@erin ');
    assert.equal(await host.page.evaluate(`document.activeElement.className`), 'input');
    await host.until(() => host.all('save-draft').at(-1)?.text === '@erin ', 'the draft');
    // With nobody to offer, the keys are what they always are.
    await input().pressSequentially('@nobody');
    assert.equal(await list().isVisible(), false);
    await input().press('Enter');
    await host.posting('send');
  });

  it('stay as typed after Escape, until another one begins', async () => {
    host = await ScriptedHost.open(groupTalk());
    await input().pressSequentially('@ca');
    await list().waitFor();
    await input().press('Escape');
    await list().waitFor({ state: 'hidden' });
    await input().pressSequentially('r');
    assert.equal(await list().isVisible(), false);
    assert.equal(await input().inputValue(), '@car');
    await input().pressSequentially(' @');
    await list().waitFor();
  });

  it('are offered where the caret is, and replaced there only', async () => {
    host = await ScriptedHost.open(groupTalk());
    await input().fill('ask @da about it');
    await list().waitFor({ state: 'hidden' });
    await host.page.evaluate(`document.activeElement.setSelectionRange(7, 7)`);
    await input().press('ArrowLeft');
    await list().waitFor();
    await host.page.locator('.mention-option').first().click();
    assert.equal(await input().inputValue(), 'ask @dave a about it');
    assert.equal(await host.page.evaluate(`document.activeElement.selectionStart`), 10);
  });

  it('make the field a combobox while the list is there, and a plain field again after', async () => {
    host = await ScriptedHost.open(groupTalk());
    const box = host.page.getByRole('combobox', { name: 'Message release-crew' });
    await input().pressSequentially('@');
    await box.waitFor();
    assert.equal(await box.getAttribute('aria-expanded'), 'true');
    const controlled = (await box.getAttribute('aria-controls')) ?? '';
    assert.equal(await host.page.locator(`#${controlled}`).getAttribute('role'), 'listbox');
    const selected = host.page.getByRole('option', { selected: true });
    assert.equal(await selected.count(), 1);
    assert.equal(await selected.getAttribute('id'), await box.getAttribute('aria-activedescendant'));
    await host.page.getByRole('option', { name: 'dave', exact: true }).waitFor();
    await host.page.getByRole('option', { name: 'carol, verified' }).waitFor();
    await host.page.evaluate('document.activeElement.blur()');
    await list().waitFor({ state: 'hidden' });
    await host.page.getByRole('textbox', { name: 'Message release-crew' }).waitFor();
    const left = await host.page.evaluate<string[]>(
      `document.querySelector('.input').getAttributeNames().filter((name) => /expanded|controls|active|autocomplete|role/.test(name))`,
    );
    assert.deepEqual(left, []);
  });

  it('can be begun with a button, which is there in groups only', async () => {
    host = await ScriptedHost.open(groupTalk());
    await input().fill('hi');
    const button = host.page.getByRole('button', { name: 'Mention somebody' });
    await button.click();
    await list().waitFor();
    assert.equal(await input().inputValue(), 'hi @');
    await input().press('Enter');
    assert.equal(await input().inputValue(), 'hi @bob ');
    await host.send({ type: 'screen', screen: talk() });
    await input().fill('@b');
    assert.equal(await list().isVisible(), false);
    assert.equal(await button.isVisible(), false);
  });

  it('leave the keys to an input method that is composing', async () => {
    host = await ScriptedHost.open(groupTalk());
    await input().pressSequentially('@');
    await list().waitFor();
    await host.page.evaluate(`document.activeElement.dispatchEvent(
      new KeyboardEvent('keydown', { key: 'Enter', isComposing: true, bubbles: true, cancelable: true }))`);
    assert.equal(await input().inputValue(), '@');
  });

  it('follow the members as they change', async () => {
    host = await ScriptedHost.open(groupTalk(), {
      history: [said(1, 'ask @frank or @bob', { author: 'carol' })],
    });
    await host.page.locator('.mention').waitFor();
    assert.deepEqual(await host.page.locator('.mention').allTextContents(), ['@bob']);
    await input().pressSequentially('@fr');
    assert.equal(await list().isVisible(), false);
    const members = [...crewMembers, { name: 'frank', own: false, verified: false }];
    await host.send({ type: 'members', conversation: crew.key, members });
    await list().waitFor();
    assert.deepEqual(await names(), ['frank']);
    assert.deepEqual(await host.page.locator('.mention').allTextContents(), ['@frank', '@bob']);
    await host.send({ type: 'members', conversation: 'another', members: [] });
    assert.equal(await list().isVisible(), true);
  });

  it('are marked in text, ours more than others, and not in code, links and addresses', async () => {
    host = await ScriptedHost.open(groupTalk(), {
      history: [
        said(
          1,
          '@alice and **@carol.** but `@bob`, me@bob.example, [@bob](https://example.org) and @nobody',
          {
            author: 'bob',
          },
        ),
        said(2, '```\n@bob\n```', { author: 'bob' }),
        said(3, '', {
          author: 'bob',
          body: {
            kind: 'code',
            text: '@erin',
            language: '',
            path: 'a.ts',
            startLine: 1,
            endLine: 1,
            note: '@dave!',
          },
        }),
      ],
    });
    await host.page.getByText('but').waitFor();
    assert.deepEqual(await host.page.locator('.mention').allTextContents(), ['@alice', '@carol', '@dave']);
    assert.deepEqual(await host.page.locator('.mention.of-us').allTextContents(), ['@alice']);
    assert.match(
      await host.page.locator('.text').first().innerText(),
      /^@alice and @carol\. but @bob, me@bob/,
    );
  });
});
