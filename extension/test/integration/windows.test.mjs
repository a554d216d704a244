/**
 * What a person sees of the extension in VS Code windows, clicked and typed as they would: registering, the phrase,
 * a second window, a keychain that lost its key, somebody who writes first.
 */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'mocha';
import { build } from '../../../scripts/build.mjs';
import { Driver } from '../../../scripts/demo/driver.mjs';
import { packageExtension, vsixFile } from '../../../scripts/package.mjs';
import { stopAll } from '../../../scripts/processes.mjs';
import { startRelay } from '../../../scripts/start/relay.mjs';
import { bootVSCode, findFrame } from '../../../scripts/vscode/boot.mjs';
import { profileAt } from '../../../scripts/vscode/profile.mjs';

/** Of anything that must appear. */
const timeout = 60_000;

/**
 * @typedef {import('playwright-core').Page} Page
 * @typedef {import('../../../scripts/vscode/boot.mjs').Window} Window
 */

/** @param {Page} page */
const dialog = (page) => page.locator('.monaco-dialog-box');

/**
 * @param {Page} page
 * @param {string} name
 */
async function press(page, name) {
  await dialog(page).getByRole('button', { name, exact: true }).click({ timeout });
}

/**
 * @param {Page} page
 * @param {string} text
 */
const row = (page, text) =>
  page.locator('.tree-explorer-viewlet-tree-view .monaco-list-row', { hasText: text }).first();

/** @param {Page} page */
async function openChat(page) {
  await page.locator('.activitybar [aria-label*="crypt2chat"]').first().click({ timeout });
}

/**
 * The words of the phrase that a dialog shows.
 *
 * @param {Page} page
 */
async function phraseIn(page) {
  await dialog(page).waitFor({ timeout });
  const text = await dialog(page).innerText();
  const words = [...text.matchAll(/(\d+)\. ([a-z]+)/g)];
  assert.deepEqual(
    words.map(([, number]) => Number(number)),
    Array.from({ length: 24 }, (_, index) => index + 1),
  );
  return words.map(([, , word]) => word ?? '').join(' ');
}

/**
 * Presses a button of the chat view that has this text.
 *
 * @param {Page} page
 * @param {string} text
 */
async function pressInChat(page, text) {
  const frame = await findFrame(page, `vscode-button:has-text("${text}")`, timeout);
  await frame.locator('vscode-button', { hasText: text }).first().click({ timeout });
}

/**
 * The badge on the icon in the activity bar.
 *
 * @param {Page} page
 * @param {string} count
 */
const badgeOf = (page, count) =>
  page
    .locator('.activitybar .action-item', { has: page.locator('[aria-label*="crypt2chat"]') })
    .locator('.badge-content', { hasText: count });

/**
 * The notification centre, opened: VS Code shows no toasts to a test driver, but keeps what they say there.
 *
 * @param {Page} page
 */
async function noticesOf(page) {
  const center = page.locator('.notifications-center.visible');
  const bell = page.locator('.statusbar-item').locator('.codicon-bell-dot, .codicon-bell').first();
  if (!(await center.isVisible())) await bell.click({ timeout });
  await center.waitFor({ timeout });
  return center;
}

describe('windows', function () {
  this.timeout(240_000);
  /** @type {string} */
  let folder;
  /** @type {Awaited<ReturnType<typeof startRelay>>} */
  let relay;
  /** @type {Window[]} */
  let windows = [];

  before(async () => {
    await build({ quiet: true });
    await packageExtension({ quiet: true });
    folder = await mkdtemp(join(tmpdir(), 'crypt2chat-windows-'));
    relay = await startRelay({ data: join(folder, 'relay'), port: 0 });
  });

  afterEach(async function () {
    if (this.currentTest?.state !== 'failed') return;
    for (const [index, { page }] of windows.entries()) {
      await page
        .screenshot({ path: join(tmpdir(), `crypt2chat-window-${String(index)}.png`) })
        .catch(() => undefined);
    }
  });

  after(async () => {
    for (const window of windows) await window.close();
    await stopAll();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  /**
   * @param {string} name
   * @param {Partial<import('../../../scripts/vscode/boot.mjs').BootOptions>} [more]
   */
  async function boot(name, more = {}) {
    const window = await bootVSCode({
      profile: profileAt(join(folder, name)),
      install: [vsixFile],
      settings: { 'crypt2chat.relayUrl': relay.url },
      ...more,
    });
    windows.push(window);
    return window;
  }

  /** @param {Window} window */
  async function close(window) {
    windows = windows.filter((each) => each !== window);
    await window.close();
  }

  describe('of one person', () => {
    /** @type {Window} */
    let first;
    /** @type {string} */
    let phrase;

    it('take them in by a form, and show the phrase in a dialog of VS Code alone', async () => {
      first = await boot('erin');
      const { page } = first;
      await openChat(page);
      const field = 'vscode-text-field[aria-label="Your name on this relay"]';
      const form = await findFrame(page, field, timeout);
      await form.locator('.hint.good').first().waitFor({ timeout });
      await form.locator(`${field} input`).fill('erin');
      await form.locator('vscode-button', { hasText: 'Create identity' }).click();
      phrase = await phraseIn(page);
      const words = phrase.split(' ');
      for (const frame of page.frames()) {
        if (frame === page.mainFrame()) continue;
        const text = await frame
          .locator('body')
          .innerText()
          .catch(() => '');
        assert.ok(!text.includes(words.slice(0, 2).join(' ')) && !text.includes(`1. ${words[0] ?? ''}`));
      }
      await press(page, 'Copy');
      assert.equal(await phraseIn(page), phrase);
      assert.equal(await page.evaluate(() => navigator.clipboard.readText()), phrase);
      await page.keyboard.press('Escape');
      await dialog(page).waitFor({ state: 'hidden', timeout });
      await findFrame(page, 'h1:has-text("Hello, erin.")', timeout);
    });

    it('offer the phrase again until it has been written down', async () => {
      const { page } = first;
      const offer = row(page, 'Write down your recovery phrase');
      await offer.click({ timeout });
      await press(page, 'Show');
      assert.equal(await phraseIn(page), phrase);
      await press(page, 'I Have Written It Down');
      await offer.waitFor({ state: 'hidden', timeout });
    });

    it('are the same again after a reload', async () => {
      const { page } = first;
      await page.reload();
      await openChat(page).catch(() => undefined);
      await findFrame(page, 'h1:has-text("Hello, erin.")', timeout);
      assert.equal(await row(page, 'Write down your recovery phrase').count(), 0);
    });

    it('have the chat one at a time, and hand it over when asked to', async () => {
      const { page, context } = first;
      const second = await context.newPage();
      await second.goto(page.url());
      await openChat(second);
      await findFrame(second, 'h1:has-text("open in another window")', timeout);
      await findFrame(page, 'h1:has-text("Hello, erin.")', timeout);
      await pressInChat(second, 'Use chat here');
      await findFrame(second, 'h1:has-text("Hello, erin.")', timeout);
      await findFrame(page, 'h1:has-text("open in another window")', timeout);
      await second.close();
      await close(first);
    });

    it('ask for the phrase when the keychain has lost the key, and for no new account', async () => {
      // In the browser, secrets are kept per address: another port is another keychain.
      const window = await boot('erin');
      const { page } = window;
      await openChat(page);
      const locked = await findFrame(page, 'h1:has-text("locked")', timeout);
      assert.equal(await locked.locator('vscode-text-field').count(), 0);
      await pressInChat(page, 'Enter recovery phrase');
      const input = page.locator('.quick-input-widget input');
      await input.waitFor({ timeout });
      assert.equal(await input.getAttribute('type'), 'password');
      await input.fill('three words only');
      await input.press('Enter');
      await page.locator('.quick-input-message', { hasText: '24 words' }).waitFor({ timeout });
      await input.fill(phrase);
      await input.press('Enter');
      await findFrame(page, 'h1:has-text("Hello, erin.")', timeout);
      await close(window);
    });
  });

  describe('of two people', () => {
    /** @type {Driver} */
    let alice;
    /** @type {Driver} */
    let bob;

    before(async () => {
      /** @param {string} name */
      const open = async (name) => {
        const workspace = join(folder, `project-${name}`);
        await mkdir(join(workspace, 'src'), { recursive: true });
        await writeFile(join(workspace, 'src', 'both.ts'), 'one();\ntwo();\nthree();\n');
        await writeFile(join(workspace, `only-${name}.ts`), 'mine();\n');
        return new Driver(name, await boot(name, { workspace }));
      };
      [alice, bob] = await Promise.all([open('alice'), open('bob')]);
      await Promise.all([alice.openChat(), bob.openChat()]);
      await Promise.all([alice.register(), bob.register()]);
    });

    /** @param {Driver} person */
    const openExplorer = async ({ page }) => {
      await page.locator('.activitybar [aria-label*="Explorer"]').first().click({ timeout });
    };

    it('show who writes first as a request, count what is unread, and announce without taking the focus', async () => {
      // Bob goes back to his files: whatever comes, they stay in front of him.
      await openExplorer(bob);
      const files = bob.page.locator('.explorer-viewlet').first();
      await alice.find('bob');
      await alice.write('first contact');
      await badgeOf(bob.page, '1').waitFor({ timeout });
      await files.waitFor({ timeout });

      await bob.openChat();
      const request = row(bob.page, 'wants to write to you');
      await request.hover({ timeout });
      await request.locator('[aria-label*="Accept"]').click({ timeout });
      await bob.sees('first contact');

      await openExplorer(bob);
      await alice.write('$(trash) secret words');
      await badgeOf(bob.page, '1').waitFor({ timeout });
      const center = await noticesOf(bob.page);
      await center.locator('.notification-list-item', { hasText: 'alice' }).waitFor({ timeout });
      const said = await center.innerText();
      const times = said.split('New message from alice').length - 1;
      assert.equal(times, 1, 'one of them, and none while she was a stranger');
      assert.ok(!said.includes('secret words'));
      await files.waitFor({ timeout });
      await center.getByRole('button', { name: 'Open', exact: true }).click({ timeout });
      await bob.sees('secret words');
    });

    it('carry code from its place to the same place, and say where there is none', async () => {
      await alice.sendSelection('both.ts', { fromLine: 2, lines: 1 }, 'look at two');
      await bob.sees('look at two');
      const chat = await findFrame(bob.page, 'article.message:has-text("look at two")', timeout);
      const card = chat.locator('article.message', { hasText: 'look at two' }).last();
      await card.getByRole('button', { name: 'Open', exact: true }).click({ timeout });
      await bob.page.locator('.tab.active', { hasText: 'both.ts' }).waitFor({ timeout });
      await bob.page.locator('.statusbar-item', { hasText: 'Ln 2' }).waitFor({ timeout });

      await alice.sendSelection('only-alice.ts', { fromLine: 1, lines: 1 }, 'and mine');
      await bob.sees('and mine');
      const mine = chat.locator('article.message', { hasText: 'and mine' }).last();
      await mine.getByRole('button', { name: 'Open', exact: true }).click({ timeout });
      const center = await noticesOf(bob.page);
      await center.getByText('not in the folders that are open here').waitFor({ timeout });
    });

    it('open a link only after its whole address has been seen', async () => {
      await alice.write('see [the docs](https://example.org/where?it=leads)');
      await bob.sees('the docs');
      const chat = await findFrame(bob.page, 'article.message:has-text("the docs")', timeout);
      await chat.locator('a', { hasText: 'the docs' }).last().click({ timeout });
      await dialog(bob.page).waitFor({ timeout });
      assert.ok((await dialog(bob.page).innerText()).includes('https://example.org/where?it=leads'));
      await bob.page.keyboard.press('Escape');
      await dialog(bob.page).waitFor({ state: 'hidden', timeout });
    });

    it('count what is unread after a start, before anybody has opened the chat', async () => {
      await openExplorer(bob);
      await bob.page.keyboard.press('F1');
      const input = bob.page.locator('.quick-input-widget input');
      await input.fill('>Developer: Reload Window', { timeout });
      await Promise.all([bob.page.waitForEvent('load', { timeout }), input.press('Enter')]);
      await alice.write('while you were away');
      await badgeOf(bob.page, '1').waitFor({ timeout });
      await bob.page.locator('.explorer-viewlet').first().waitFor({ timeout });
      await bob.openChat();
      await bob.sees('while you were away');
      const chat = await findFrame(bob.page, 'textarea.input', timeout);
      await chat.locator('textarea.input').click({ timeout });
      await badgeOf(bob.page, '1').waitFor({ state: 'hidden', timeout });
    });

    it('delete a message here after asking', async () => {
      await alice.write('a slip');
      const chat = await findFrame(alice.page, 'article.message:has-text("a slip")', timeout);
      const slip = chat.locator('article.message', { hasText: 'a slip' }).last();
      // A menu that has just opened takes no click yet.
      const entry = alice.page.locator('.context-view .action-item', { hasText: 'Delete Message' });
      for (let tries = 0; tries < 20 && !(await dialog(alice.page).isVisible()); tries++) {
        if (!(await entry.isVisible())) await slip.click({ timeout, button: 'right' });
        await entry.click({ timeout: 2_000 }).catch(() => undefined);
        await dialog(alice.page)
          .waitFor({ timeout: 2_000 })
          .catch(() => undefined);
      }
      await press(alice.page, 'Delete');
      await slip.waitFor({ state: 'detached', timeout });
    });
  });
});
