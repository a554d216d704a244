import assert from 'node:assert/strict';
import type { ViewMessage } from '../../src/ipc/index.ts';
import { picture } from './browser.ts';
import { bob, ScriptedHost, talk, text } from './scripted-host.ts';

/** Long enough for several pages, with messages of different heights. */
function longTalk(length: number): ViewMessage[] {
  return Array.from({ length }, (_, i) =>
    text(i + 1, `message ${i + 1}${' and more words'.repeat((i * 7) % 23)}`),
  );
}

const height = 500;

describe('the list of messages', () => {
  let host: ScriptedHost;

  afterEach(async () => {
    assert.deepEqual(host.invalid, []);
    await host.close();
  });

  const scrollTop = async (): Promise<number> =>
    host.page.evaluate(`document.querySelector('.messages').scrollTop`);
  const below = async (): Promise<number> =>
    host.page
      .evaluate(`(({ scrollHeight, scrollTop, clientHeight }) => scrollHeight - scrollTop - clientHeight)(
      document.querySelector('.messages'))`);
  const rows = async (): Promise<number> => host.page.locator('.row').count();
  const scrollTo = async (px: number): Promise<void> => {
    await host.page.evaluate(`document.querySelector('.messages').scrollTop = ${px}`);
  };
  /** The beginning of the first text that is on the screen as a whole. */
  const visibleWords = async (): Promise<string> =>
    host.page.evaluate(`[...document.querySelectorAll('.text')]
      .find((one) => one.getBoundingClientRect().top > 60).textContent.slice(0, 11).trim()`);
  const topOfInPage = (words: string): string =>
    `[...document.querySelectorAll('.text')].find((one) => one.textContent.startsWith(${JSON.stringify(words)})).getBoundingClientRect().top`;
  /** Where a message stands on the screen. */
  const topOf = async (words: string): Promise<number> => host.page.evaluate(topOfInPage(words));
  const frames = async (): Promise<void> => host.frames();

  it('opens at the end, and follows what arrives there', async () => {
    host = await ScriptedHost.open(talk(), { history: longTalk(30), height });
    await host.page.getByText('message 30').waitFor();
    await frames();
    assert.ok((await below()) < 2);
    await host.arrive(text(31, 'fresh'));
    await host.page.locator('.row').getByText('fresh').waitFor();
    await frames();
    assert.ok((await below()) < 2);
    assert.equal(await host.page.locator('.pill').isVisible(), false);
  });

  it('stays where one reads, and tells how many came', async () => {
    host = await ScriptedHost.open(talk(), { history: longTalk(40), height });
    await host.page.getByText('message 40').waitFor();
    await scrollTo(600);
    await frames();
    const before = await scrollTop();
    for (let i = 41; i <= 43; i++) await host.arrive(text(i, `fresh ${i}`));
    const pill = host.page.getByRole('button', { name: '3 new messages' });
    await pill.waitFor();
    await picture(host.page, 'pill');
    assert.equal(await scrollTop(), before);
    await pill.click();
    await frames();
    assert.ok((await below()) < 2);
    await pill.waitFor({ state: 'hidden' });
  });

  it('goes to the end for what one sends', async () => {
    host = await ScriptedHost.open(talk(), { history: longTalk(40), height });
    await host.page.getByText('message 40').waitFor();
    await scrollTo(500);
    await frames();
    await host.page.locator('.input').fill('mine');
    await host.page.locator('.input').press('Enter');
    await host.page.locator('.row').getByText('mine').waitFor();
    await frames();
    assert.ok((await below()) < 2);
  });

  it('stays at the end when the view or the composer changes its height', async () => {
    host = await ScriptedHost.open(talk(), { history: longTalk(40), height });
    await host.page.getByText('message 40').waitFor();
    await frames();
    await host.page.setViewportSize({ width: 260, height: 400 });
    await frames();
    assert.ok((await below()) < 2);
    await host.page.locator('.input').fill('\n'.repeat(5));
    await frames();
    assert.ok((await below()) < 2);
  });

  it('loads older pages while scrolling up, without moving what is on the screen', async () => {
    host = await ScriptedHost.open(talk(), { history: longTalk(400), height });
    await host.page.getByText('message 400').waitFor();
    await frames();
    await scrollTo(1500);
    await frames();
    for (let step = 0; step < 40; step++) {
      const words = await visibleWords();
      const before = await topOf(words);
      await host.page.mouse.move(100, 200);
      await host.page.mouse.wheel(0, -150);
      await host.holds(`Math.abs(${topOfInPage(words)} - ${before}) > 100`);
      await host.holds(`document.querySelector('.messages').ariaBusy === 'false'`);
      await frames();
      const moved = (await topOf(words)) - before;
      assert.ok(Math.abs(moved - 150) <= 2, `step ${step}: by ${moved}`);
    }
    const pages = host.all('load-older').length;
    assert.ok(pages >= 2, `${pages} pages`);
  });

  it('asks for one page at a time, and no more at the beginning', async () => {
    host = await ScriptedHost.open(talk(), { history: longTalk(120), height });
    await host.page.getByText('message 120').waitFor();
    for (let i = 0; i < 12; i++) {
      await scrollTo(0);
      await frames();
    }
    await host.page.getByText('This is where it began.').waitFor();
    assert.equal(host.all('load-older').length, 2);
    const places = host.all('load-older').map(({ before }) => before.counter);
    assert.deepEqual(places, [71, 21]);
  });

  it('never holds more than 300 rows, and reaches both ends of 1,000 messages', async () => {
    host = await ScriptedHost.open(talk(), { history: longTalk(1000), height });
    await host.page.getByText('message 1000').waitFor();
    let most = 0;
    const first = host.page.getByText('This is where it began.');
    for (let i = 0; i < 300 && !(await first.isVisible()); i++) {
      await scrollTo(0);
      await frames();
      most = Math.max(most, await rows());
    }
    await first.waitFor();
    assert.equal(await host.page.locator('.text').first().innerText(), 'message 1');
    assert.ok(most <= 300 && most > 100, `${most} rows`);
    const pill = host.page.locator('.pill');
    await host.arrive(text(1001, 'far below'));
    await host.page.getByRole('button', { name: '1 new message' }).waitFor();
    for (let i = 0; i < 300 && (await pill.isVisible()); i++) {
      await scrollTo(1e6);
      await frames();
      most = Math.max(most, await rows());
    }
    await host.page.locator('.row').getByText('far below').waitFor();
    assert.ok(most <= 300, `${most} rows`);
    assert.ok((await below()) <= 24);
  });

  it('comes back to where it was after the view was hidden', async () => {
    host = await ScriptedHost.open(talk(), { history: longTalk(50), height });
    await host.page.getByText('message 50').waitFor();
    await scrollTo(700);
    await host.holds(`sessionStorage.getItem('kept')?.includes('top')`);
    const words = await visibleWords();
    const before = await topOf(words);
    await host.page.reload();
    await host.posting('ready', 2);
    await host.page.getByText(words).first().waitFor();
    await frames();
    assert.ok(Math.abs((await topOf(words)) - before) <= 1);
  });

  describe('the “new” line', () => {
    it('is where one begins to read, and stays until the conversation is left', async () => {
      const at = text(12, '');
      host = await ScriptedHost.open(talk({ unread: 29 }, { firstUnread: { counter: 12, key: at.key } }), {
        history: longTalk(40),
        height,
      });
      const line = host.page.locator('.new');
      await line.waitFor();
      await frames();
      const { y = 0 } = (await line.boundingBox()) ?? {};
      assert.ok(y > 30 && y < 120, `at ${y}`);
      assert.match(await host.page.locator('.row:has(.new) .text').innerText(), /^message 12 /);
      await scrollTo(1e6);
      await frames();
      await host.posting('mark-read');
      await host.arrive(text(41, 'fresh'));
      assert.equal(await line.count(), 1);
      await host.send({ type: 'screen', screen: { screen: 'loading' } });
      await host.send({ type: 'screen', screen: talk({}, { messages: longTalk(40) }) });
      await host.page.getByText('message 40').waitFor();
      assert.equal(await line.count(), 0);
    });
  });

  describe('what was read', () => {
    it('is told once the message was on the screen of a focused view, up to its place', async () => {
      host = await ScriptedHost.open(
        talk({ unread: 30 }, { firstUnread: { counter: 11, key: text(11, '').key } }),
        {
          history: longTalk(40),
          height,
        },
      );
      const first = await host.posting('mark-read');
      assert.ok(first.upTo.counter >= 11 && first.upTo.counter < 25, `${first.upTo.counter}`);
      await scrollTo(1e6);
      await host.until(() => host.all('mark-read').at(-1)?.upTo.counter === 40, 'mark-read of the last');
      const told = host.all('mark-read').map(({ upTo }) => upTo.counter);
      assert.deepEqual(
        told,
        told.toSorted((a, b) => a - b),
      );
      assert.equal(new Set(told).size, told.length);
    });

    it('is not told while the view has no focus, and told when it gets it', async () => {
      host = await ScriptedHost.open(talk(), { history: longTalk(3), height });
      await host.page.getByText('message 3').waitFor();
      await host.page.evaluate(`document.hasFocus = () => false; window.dispatchEvent(new Event('blur'))`);
      await host.arrive(text(4, 'unseen'));
      await host.page.locator('.new').waitFor();
      await frames();
      assert.equal(host.all('mark-read').length, 0);
      await host.page.evaluate(`delete document.hasFocus; window.dispatchEvent(new Event('focus'))`);
      assert.equal((await host.posting('mark-read')).upTo.counter, 4);
    });

    it('is not told of what lies below the screen', async () => {
      host = await ScriptedHost.open(talk(), { history: longTalk(40), height });
      await host.page.getByText('message 40').waitFor();
      await scrollTo(300);
      await frames();
      await host.arrive(text(41, 'below'));
      await host.page.getByRole('button', { name: '1 new message' }).waitFor();
      await frames();
      assert.equal(host.all('mark-read').length, 0);
    });

    it('is not told of our own messages, nor again of what was read before', async () => {
      host = await ScriptedHost.open(talk(), { history: longTalk(3), height });
      await host.arrive(text(4, 'mine', { own: true }));
      await host.page.getByText('mine').waitFor();
      await frames();
      assert.equal(host.all('mark-read').length, 0);
    });
  });

  describe('by keyboard', () => {
    const focused = async (): Promise<string> =>
      host.page
        .evaluate(`document.activeElement.querySelector(':scope > .body .text')?.innerText.slice(0, 12).trim()
        ?? document.activeElement.className`);

    it('goes from message to message, to both ends, and back to the composer', async () => {
      host = await ScriptedHost.open(talk(), { history: longTalk(30), height });
      await host.page.locator('.input').focus();
      await host.page.keyboard.press('Shift+Tab');
      assert.equal(
        await focused(),
        'tool',
        'what can be done with the current message comes first from below',
      );
      await host.page.keyboard.press('Shift+Tab');
      assert.equal(await focused(), 'message 30 a'.slice(0, 12).trim());
      await host.page.keyboard.press('ArrowUp');
      assert.match(await focused(), /^message 29/);
      await host.page.keyboard.press('Home');
      assert.match(await focused(), /^message 1( |$)/);
      await host.page.keyboard.press('ArrowUp');
      assert.match(await focused(), /^message 1( |$)/);
      await host.page.keyboard.press('ArrowDown');
      assert.match(await focused(), /^message 2( |$)/);
      await picture(host.page, 'keyboard');
      await host.page.keyboard.press('End');
      assert.match(await focused(), /^message 30/);
      await host.page.keyboard.press('Escape');
      assert.equal(await focused(), 'input');
    });

    it('has one stop for Tab in the list, with the actions of its message', async () => {
      const body = { kind: 'code', text: 'x', language: '', path: 'a.ts', startLine: 1, endLine: 1 } as const;
      host = await ScriptedHost.open(talk(), {
        history: [text(1, '', { body }), text(2, 'a https://example.org/ b'), text(3, '', { body })],
        height,
      });
      await host.page.locator('.card').nth(1).waitFor();
      const stops = `[...document.querySelectorAll('.messages [tabindex="0"], .messages button, .messages a')]
        .filter((one) => one.tabIndex === 0).map((one) => one.closest('.row').querySelector('.gutter-time, .byline') && one.className)`;
      const last = await host.page.evaluate<string[]>(stops);
      assert.equal(last.length, 4);
      await host.page.locator('.message').nth(1).focus();
      const middle = await host.page.evaluate<string[]>(stops);
      assert.equal(middle.length, 3);
    });

    it('walks past the rows that are in the page', async () => {
      host = await ScriptedHost.open(talk(), { history: longTalk(500), height });
      await host.page.locator('.message').last().focus();
      for (let i = 0; i < 6; i++) {
        await host.page.keyboard.press('Home');
        await frames();
      }
      await host.until(() => host.all('load-older').length >= 5, 'older pages');
      for (let i = 0; i < 5; i++) await host.page.keyboard.press('ArrowDown');
      assert.match(await focused(), /^message/);
    });

    it('keeps the focus in the list when its message goes', async () => {
      host = await ScriptedHost.open(talk(), { history: longTalk(3), height });
      await host.page.locator('.message').nth(1).focus();
      await host.send({ type: 'message-removed', conversation: bob.key, key: text(2, '').key });
      await host.page.getByText('message 2').waitFor({ state: 'detached' });
      assert.equal(await focused(), 'messages');
      await host.page.keyboard.press('ArrowUp');
      assert.match(await focused(), /^message 3/);
    });
  });
});
