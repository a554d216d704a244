import assert from 'node:assert/strict';
import { picture } from './browser.ts';
import { bob, noon, ScriptedHost, talk, text } from './scripted-host.ts';

const code = {
  text: 'const a = 1;\nconst b = 2;',
  language: 'typescript',
  path: 'src/deep/retry.ts',
  startLine: 41,
  endLine: 42,
};

describe('a conversation', () => {
  let host: ScriptedHost;

  afterEach(async () => {
    assert.deepEqual(host.invalid, []);
    assert.deepEqual(await host.page.evaluate('watch.events'), []);
    await host.close();
  });

  it('groups by day and author', async () => {
    host = await ScriptedHost.open(talk(), {
      history: [
        text(1, 'one', { sentAt: noon }),
        text(2, 'two', { sentAt: noon + 1000 }),
        text(3, 'three', { sentAt: noon + 2000, own: true }),
        text(4, 'four', { sentAt: noon + 86_400_000 }),
      ],
    });
    await host.page.getByText('four').waitFor();
    assert.deepEqual(await host.page.locator('.author').allTextContents(), ['bob', 'You', 'bob']);
    assert.equal(await host.page.locator('.avatar').count(), 3);
    assert.deepEqual(await host.page.locator('.day').allTextContents(), ['12 May 2025', '13 May 2025']);
  });

  it('says who it is with, and how sure that is', async () => {
    host = await ScriptedHost.open(talk({ verified: false }));
    const notVerified = host.page.locator('.not-verified');
    await notVerified.waitFor();
    assert.match((await notVerified.getAttribute('title')) ?? '', /safety numbers/);
    await host.send({ type: 'conversation', conversation: { ...bob, verified: true } });
    await host.page.locator('.verified').waitFor();
    assert.equal(await notVerified.isVisible(), false);
    await host.send({ type: 'typing', conversation: bob.key, people: ['bob'] });
    await host.page.getByText('typing…').waitFor();
  });

  it('shows Markdown and code by classes, and opens links by way of the host', async () => {
    host = await ScriptedHost.open(talk(), {
      history: [
        text(
          1,
          '**bold** `inline` Promise<void> https://example.org/x and [docs](https://docs.example.org/)',
        ),
        text(2, '```ts\nconst a = "x";\n```'),
      ],
    });
    await host.page.locator('.hljs-keyword').waitFor();
    assert.equal(await host.page.locator('.text strong').textContent(), 'bold');
    assert.ok((await host.page.locator('.text').first().textContent())?.includes('Promise<void>'));
    const link = host.page.getByRole('link', { name: 'docs' });
    assert.equal(await link.textContent(), 'docs (docs.example.org)');
    assert.equal(await link.getAttribute('href'), null);
    await link.click();
    assert.equal((await host.posting('open-link')).url, 'https://docs.example.org/');
    await link.click({ button: 'middle' });
    await link.focus();
    await host.page.keyboard.press('Enter');
    await host.posting('open-link', 2);
    assert.equal(new URL(host.page.url()).pathname, '/');
    assert.equal(host.page.context().pages().length, 1);
  });

  it('shows where code is from, opens it there, and copies it as it was sent', async () => {
    const tricky = { ...code, text: 'a\u202eb' };
    host = await ScriptedHost.open(talk(), {
      history: [
        text(1, '', { body: { kind: 'code', ...code, note: 'look **here**' } }),
        text(2, '', { body: { kind: 'code', ...tricky } }),
      ],
    });
    const card = host.page.locator('.card').first();
    await card.locator('.hljs-keyword').first().waitFor();
    assert.equal(await card.locator('.language').textContent(), 'TypeScript');
    assert.equal(await host.page.locator('.text strong').textContent(), 'here');
    await card.getByRole('button', { name: 'Open retry.ts:41–42' }).click();
    const { path, startLine, endLine } = await host.posting('open-code');
    assert.deepEqual([path, startLine, endLine], ['src/deep/retry.ts', 41, 42]);
    const second = host.page.locator('.card').nth(1);
    assert.equal(await second.locator('code').textContent(), 'a[U+202E]b');
    await second.getByRole('button', { name: 'Copy' }).click();
    assert.equal((await host.posting('copy')).text, tricky.text);
  });

  it('shows how far each of our messages has come, by a picture and by words', async () => {
    const states = ['pending', 'sent', 'delivered', 'read', 'failed'] as const;
    host = await ScriptedHost.open(talk(), {
      history: states.map((state, i) =>
        text(i, state, { own: true, state, ...(state === 'failed' && { failure: 'ERR_STORAGE_FULL' }) }),
      ),
    });
    await host.page.locator('.failed').waitFor();
    const titles = await host.page.evaluate(
      `[...document.querySelectorAll('.state')].map((one) => one.title)`,
    );
    assert.deepEqual(titles, ['Waiting to be sent', 'Sent', 'Delivered', 'Read']);
    assert.equal(await host.page.locator('.state .icon').count(), 4);
    assert.equal(await host.page.locator('.state.read').textContent(), 'read');
    const failed = host.page.locator('.failed');
    assert.match((await failed.textContent()) ?? '', /Not sent\. The mailbox at the relay is full/);
    await failed.getByRole('button', { name: 'Retry' }).click();
    assert.equal((await host.posting('retry')).key, text(4, '').key);
    await failed.getByRole('button', { name: 'Delete' }).click();
    await host.posting('delete');
    await host.send({ type: 'message-removed', conversation: bob.key, key: text(4, '').key });
    await failed.waitFor({ state: 'detached' });
  });

  it('changes only what changes: body, focus and selection of a message outlive its states', async () => {
    host = await ScriptedHost.open(talk(), {
      history: [text(1, '**hello**', { own: true, state: 'pending' })],
    });
    await host.page.locator('.text strong').waitFor();
    await host.page.evaluate(
      `mark = document.querySelector('.text strong'); document.querySelector('.message').focus()`,
    );
    await host.send({
      type: 'message',
      message: text(1, '**hello**', { own: true, state: 'delivered' }),
      arrived: false,
    });
    await host.page.locator('.state.delivered').waitFor();
    assert.equal(await host.page.evaluate('mark.isConnected'), true);
    assert.equal(await host.page.evaluate(`document.activeElement.className.includes('message')`), true);
  });

  it('shows what can be done with a message while it is pointed at, and no sooner', async () => {
    host = await ScriptedHost.open(talk(), { history: [text(1, 'copy me')] });
    const words = host.page.getByText('copy me');
    await words.waitFor();
    const opacity = `getComputedStyle(document.querySelector('.message .tool')).opacity`;
    await host.page.mouse.move(5, 5);
    await host.holds(`${opacity} === '0'`);
    await words.hover();
    await host.holds(`${opacity} === '1'`);
  });

  it('says of a message that could not be opened whose it is, and why', async () => {
    host = await ScriptedHost.open(talk(), {
      history: [text(1, '', { body: { kind: 'unreadable', reason: 'no-session' } })],
    });
    const box = host.page.locator('.fail');
    await box.waitFor();
    assert.match((await box.textContent()) ?? '', /A message from bob could not be opened\. .*set up anew/);
  });

  it('lets a request be answered before anything can be written', async () => {
    host = await ScriptedHost.open(talk({ status: 'request', title: 'dave' }), { history: [text(1, 'hi')] });
    await host.page.getByText('dave wants to write to you').waitFor();
    assert.equal(await host.page.locator('.composer').isVisible(), false);
    await picture(host.page, 'request');
    for (const answer of ['Accept', 'Ignore', 'Block'] as const) {
      await host.page.getByRole('button', { name: answer }).click();
    }
    const answers = [1, 2, 3].map((n) => host.posting('answer-request', n));
    assert.deepEqual(
      (await Promise.all(answers)).map(({ answer }) => answer),
      ['accept', 'ignore', 'block'],
    );
    await host.send({ type: 'conversation', conversation: { ...bob, title: 'dave' } });
    await host.page.locator('.composer').waitFor({ state: 'visible' });
    assert.equal(await host.page.locator('.request').isVisible(), false);
    await host.send({ type: 'conversation', conversation: { ...bob, status: 'blocked' } });
    await host.page.getByRole('button', { name: 'Unblock' }).waitFor();
  });

  it('says why nothing can be sent, and sends nothing', async () => {
    host = await ScriptedHost.open(talk({ trouble: 'ERR_NAME_FORK', draft: 'hello' }));
    await host.page.getByRole('alert').getByText('this name is somebody else').waitFor();
    assert.equal(await host.page.locator('.send').isDisabled(), true);
    await host.page.locator('.input').press('Enter');
    assert.equal(host.all('send').length, 0);
    await picture(host.page, 'trouble');
  });

  it('is quiet about a short loss of the connection, and plain about a longer one', async () => {
    host = await ScriptedHost.open(talk());
    const line = host.page.locator('.connection');
    await host.send({
      type: 'connection',
      connection: { state: 'offline', code: 'ERR_RELAY_UNREACHABLE', retryAt: Date.now() + 60_000 },
    });
    assert.equal(await line.isVisible(), false);
    await line.waitFor({ state: 'visible' });
    assert.match(
      (await line.textContent()) ?? '',
      /Offline\. The relay cannot be reached\. Trying again in \d+ s\./,
    );
    await picture(host.page, 'offline');
    await host.send({ type: 'connection', connection: { state: 'online' } });
    await line.waitFor({ state: 'hidden' });
    await host.send({
      type: 'connection',
      connection: { state: 'offline', code: 'ERR_DEVICE_REVOKED', retryAt: Date.now() },
    });
    await line.getByRole('button', { name: 'Use recovery phrase' }).click();
    await host.posting('recover');
  });

  it('announces what arrives, and neither history nor our own messages', async () => {
    host = await ScriptedHost.open(talk(), { history: [text(1, 'from the past')] });
    await host.page.getByText('from the past').waitFor();
    const region = host.page.locator('[aria-live=polite]');
    assert.equal(await region.textContent(), '');
    await host.arrive(text(2, 'fresh **news**'));
    await host.arrive(text(3, 'mine', { own: true }));
    await host.page.getByText('mine').waitFor();
    assert.equal(await region.textContent(), 'bob: fresh **news**');
    assert.equal(await host.page.locator('.messages').getAttribute('aria-live'), 'off');
  });

  it('fits views from 220 pixels on', async () => {
    for (const width of [220, 280, 600]) {
      const narrow = await ScriptedHost.open(
        talk({ title: 'a-name-of-thirty-two-characters.x', verified: false }),
        {
          width,
          history: [
            text(1, `long words: ${'x'.repeat(200)}`),
            text(2, '', {
              body: { kind: 'code', ...code, path: `${'deep/'.repeat(30)}${'n'.repeat(80)}.ts` },
            }),
            text(3, '| a | b | c |\n|-|-|-|\n| some words | more words | yet more words |', { own: true }),
            text(4, 'not gone', { own: true, state: 'failed', failure: 'ERR_TOO_LARGE' }),
          ],
        },
      );
      await narrow.page.locator('.failed').waitFor();
      await narrow.send({
        type: 'attach',
        conversation: bob.key,
        code: { ...code, path: `${'n'.repeat(90)}.ts` },
      });
      await narrow.page.locator('.chip').waitFor();
      await picture(narrow.page, `width-${width}`);
      const wide = await narrow.page.evaluate<string[]>(`
        [...document.querySelectorAll('#crypt2chat *')]
          .filter((one) => one.closest('pre, .table, .sr-only, h1, .anchor, .chip, .byline') === null)
          .filter((one) => one.getBoundingClientRect().right > innerWidth + 0.5)
          .map((one) => one.className)`);
      assert.deepEqual(wide, [], `at ${width}`);
      await narrow.close();
    }
    host = await ScriptedHost.open(talk());
  });
});
