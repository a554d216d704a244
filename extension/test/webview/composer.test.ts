import assert from 'node:assert/strict';
import { picture } from './browser.ts';
import { bob, ScriptedHost, talk, text } from './scripted-host.ts';

const code = {
  text: 'const a = 1;',
  language: 'typescript',
  path: 'src/retry.ts',
  startLine: 41,
  endLine: 46,
};

describe('the composer', () => {
  let host: ScriptedHost;

  afterEach(async () => {
    assert.deepEqual(host.invalid, []);
    await host.close();
  });

  it('sends with Enter, shows the message at once, and its state as it changes', async () => {
    host = await ScriptedHost.open(talk());
    const input = host.page.getByRole('textbox', { name: 'Message bob' });
    await input.pressSequentially('hello');
    await input.press('Enter');
    assert.deepEqual((await host.posting('send')).draft, { kind: 'text', text: 'hello' });
    assert.equal(await input.inputValue(), '');
    await host.page.locator('.state.pending').waitFor();
    await host.send({ type: 'message', message: { ...host.history[0]!, state: 'sent' }, arrived: false });
    await host.page.locator('.state.sent').waitFor();
    assert.equal(await host.page.locator('.message').count(), 1);
  });

  it('begins a line with Shift+Enter, takes a paste of many, and grows with them', async () => {
    host = await ScriptedHost.open(talk());
    const input = host.page.locator('.input');
    const height = async (): Promise<number> => (await input.boundingBox())?.height ?? 0;
    const before = await height();
    await input.pressSequentially('a');
    await input.press('Shift+Enter');
    await input.pressSequentially('b');
    assert.equal(await input.inputValue(), 'a\nb');
    assert.equal(host.all('send').length, 0);
    assert.ok((await height()) > before + 10);
    await host.page.keyboard.insertText('\nc'.repeat(200));
    const tall = await height();
    assert.ok(tall < 0.45 * 700, `${tall} of 700`);
    await input.press('Enter');
    const { draft } = await host.posting('send');
    assert.ok(draft.kind === 'text' && draft.text.split('\n').length === 202);
    await host.page.locator('.message').waitFor();
    assert.ok((await height()) <= before + 1);
  });

  it('leaves Enter to an input method that is composing', async () => {
    host = await ScriptedHost.open(talk());
    const input = host.page.locator('.input');
    await input.focus();
    const session = await host.page.context().newCDPSession(host.page);
    await session.send('Input.imeSetComposition', { text: 'にほん', selectionStart: 3, selectionEnd: 3 });
    await host.page.evaluate(`document.activeElement.dispatchEvent(
      new KeyboardEvent('keydown', { key: 'Enter', isComposing: true, bubbles: true, cancelable: true }))`);
    await session.send('Input.insertText', { text: '日本' });
    assert.equal(await input.inputValue(), '日本');
    // As Safari tells it.
    await host.page.evaluate(`document.activeElement.dispatchEvent(new CompositionEvent('compositionend'));
      document.activeElement.dispatchEvent(
        new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }))`);
    assert.equal(host.all('send').length, 0);
    await host.frames();
    await host.frames();
    await input.press('Enter');
    const { draft } = await host.posting('send');
    assert.ok(draft.kind === 'text' && draft.text === '日本');
  });

  it('sends nothing of nothing', async () => {
    host = await ScriptedHost.open(talk());
    const input = host.page.locator('.input');
    await input.fill('  \n ');
    await input.press('Enter');
    assert.equal(await host.page.locator('.send').isDisabled(), true);
    assert.equal(host.all('send').length, 0);
  });

  describe('drafts', () => {
    it('go to the vault within a moment, and at once when the view is left', async () => {
      host = await ScriptedHost.open(talk());
      const input = host.page.locator('.input');
      await input.pressSequentially('half a thou');
      assert.equal((await host.posting('save-draft')).text, 'half a thou');
      await input.pressSequentially('ght');
      await host.page.evaluate('document.activeElement.blur()');
      assert.equal((await host.posting('save-draft', 2)).text, 'half a thought');
    });

    it('are not given to setState, which VS Code keeps in the clear', async () => {
      host = await ScriptedHost.open(talk(), { history: [text(1, 'a secret')] });
      await host.page.locator('.input').pressSequentially('another secret');
      await host.posting('save-draft');
      await host.holds('sessionStorage.length > 0');
      assert.doesNotMatch(await host.page.evaluate('JSON.stringify(sessionStorage)'), /secret/);
    });

    it('come back with the conversation, and are gone with what was sent', async () => {
      host = await ScriptedHost.open(talk({ draft: 'kept' }));
      const input = host.page.locator('.input');
      await input.waitFor();
      assert.equal(await input.inputValue(), 'kept');
      await input.press('Enter');
      await host.posting('send');
      assert.equal((await host.posting('save-draft')).text, '');
    });

    it('are not overwritten by what the host says of the same conversation', async () => {
      host = await ScriptedHost.open(talk());
      const input = host.page.locator('.input');
      await input.pressSequentially('mine');
      await host.send({ type: 'conversation', conversation: { ...bob, draft: 'old', unread: 1 } });
      await host.send({ type: 'screen', screen: talk({ draft: 'old' }) });
      await host.send({ type: 'typing', conversation: bob.key, people: ['bob'] });
      await host.page.getByText('typing…').waitFor();
      assert.equal(await input.inputValue(), 'mine');
    });

    it('change with the conversation', async () => {
      host = await ScriptedHost.open(talk());
      await host.page.locator('.input').pressSequentially('for bob');
      await host.send({ type: 'screen', screen: talk({ key: 'other', title: 'carol', draft: 'for carol' }) });
      const input = host.page.getByRole('textbox', { name: 'Message carol' });
      await input.waitFor();
      assert.equal(await input.inputValue(), 'for carol');
      const saved = await host.posting('save-draft');
      assert.deepEqual([saved.conversation, saved.text], [bob.key, 'for bob']);
    });

    it('come back with a sentence when the engine did not take them', async () => {
      host = await ScriptedHost.open(talk());
      const input = host.page.locator('.input');
      await input.pressSequentially('next');
      await host.send({
        type: 'not-sent',
        conversation: bob.key,
        draft: { kind: 'text', text: 'first' },
        code: 'ERR_ENGINE_BUSY',
      });
      await host.page.getByRole('alert').getByText('Not sent.').waitFor();
      assert.equal(await input.inputValue(), 'first\n\nnext');
      assert.equal((await host.posting('save-draft')).text, 'first\n\nnext');
    });
  });

  it('shows how much room is left before there is none, and does not send more', async () => {
    host = await ScriptedHost.open(talk());
    const input = host.page.locator('.input');
    const count = host.page.locator('.count');
    await input.fill('é'.repeat(6000));
    assert.equal(await count.textContent(), '');
    await input.fill('é'.repeat(7500));
    assert.equal(await count.textContent(), '14.6 of 16 KiB');
    await input.fill('é'.repeat(8192));
    assert.equal(await count.textContent(), '16.0 of 16 KiB');
    assert.equal(await host.page.locator('.send').isDisabled(), false);
    await input.fill(`${'é'.repeat(8192)}x`);
    assert.equal(await count.textContent(), '0.1 KiB too long');
    assert.equal(await input.getAttribute('aria-invalid'), 'true');
    await picture(host.page, 'too-long');
    await input.press('Enter');
    assert.equal(host.all('send').length, 0);
    assert.equal((await input.inputValue()).length, 8193, 'nothing is cut off');
  });

  describe('attached code', () => {
    it('is asked for with a button, shown as a chip, and can be taken off', async () => {
      host = await ScriptedHost.open(talk());
      await host.page.getByRole('button', { name: 'Attach selected code' }).click();
      await host.posting('attach-selection');
      await host.send({ type: 'attach', conversation: bob.key, code });
      await host.page.locator('.chip').getByText('retry.ts:41–46').waitFor();
      await picture(host.page, 'attached');
      await host.page.getByRole('button', { name: 'Remove retry.ts:41–46' }).click();
      await host.page.locator('.chip').waitFor({ state: 'detached' });
    });

    it('goes with a short text as its note, in one message', async () => {
      host = await ScriptedHost.open(talk());
      await host.send({ type: 'attach', conversation: bob.key, code });
      await host.page.locator('.chip').waitFor();
      await host.page.locator('.input').fill('look');
      await host.page.locator('.input').press('Enter');
      assert.deepEqual((await host.posting('send')).draft, { kind: 'code', ...code, note: 'look' });
      await host.page.locator('.chip').waitFor({ state: 'detached' });
      assert.equal(host.all('send').length, 1);
    });

    it('follows a text that is too long for a note, or comes in several', async () => {
      host = await ScriptedHost.open(talk());
      for (const path of ['a.ts', 'b.ts']) {
        await host.send({ type: 'attach', conversation: bob.key, code: { ...code, path } });
      }
      await host.page.locator('.chip').nth(1).waitFor();
      await host.page.locator('.input').fill('look');
      await host.page.locator('.input').press('Enter');
      await host.posting('send', 3);
      assert.deepEqual(
        host.all('send').map(({ draft }) => (draft.kind === 'code' ? draft.path : draft.text)),
        ['look', 'a.ts', 'b.ts'],
      );
      await host.send({ type: 'attach', conversation: bob.key, code });
      await host.page.locator('.chip').waitFor();
      await host.page.locator('.input').fill('x'.repeat(5000));
      await host.page.locator('.input').press('Enter');
      await host.posting('send', 5);
    });

    it('that is too long is marked, and holds the message back', async () => {
      host = await ScriptedHost.open(talk());
      await host.send({ type: 'attach', conversation: bob.key, code: { ...code, text: 'x'.repeat(20_000) } });
      await host.page.locator('.chip.invalid').getByText('is too long').waitFor();
      assert.equal(await host.page.locator('.send').isDisabled(), true);
    });
  });

  it('tells of typing, and takes it back when all is deleted', async () => {
    host = await ScriptedHost.open(talk());
    const input = host.page.locator('.input');
    await input.pressSequentially('ab');
    assert.equal((await host.posting('typing')).typing, true);
    await input.fill('');
    assert.equal((await host.posting('typing', 2)).typing, false);
    assert.equal(host.all('typing').length, 2);
  });

  it('takes the focus when the host says so, and at no other time', async () => {
    host = await ScriptedHost.open(talk(), { history: [text(1, 'one')] });
    await host.page.getByText('one').waitFor();
    assert.equal(await host.page.evaluate('document.activeElement === document.body'), true);
    await host.arrive(text(2, 'two'));
    await host.send({ type: 'attach', conversation: bob.key, code });
    await host.page.locator('.chip').waitFor();
    assert.equal(await host.page.evaluate('document.activeElement === document.body'), true);
    await host.send({ type: 'focus' });
    await host.holds(`document.activeElement.className === 'input'`);
  });
});
