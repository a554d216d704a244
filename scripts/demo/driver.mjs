/** A person at a VS Code window: sees what is on the screen, clicks and types. Nothing here reaches behind it. */
import { findFrame } from '../vscode/boot.mjs';

const appearsMs = 60_000;

/** Where the chat view ends, so that a screenshot shows it in a comfortable width. */
const sideBarWidth = 470;

export class Driver {
  /**
   * @param {string} name
   * @param {import('../vscode/boot.mjs').Window} window
   */
  constructor(name, window) {
    this.name = name;
    this.window = window;
    this.page = window.page;
  }

  /** Clicks the icon in the activity bar. */
  async openChat() {
    const icon = this.page.locator('.activitybar [aria-label*="crypt2chat"]').first();
    await icon.click({ timeout: appearsMs });
    await this.#widenSideBar();
    await this.chat('main, section.composer');
  }

  /** Fills the form in, and puts the recovery phrase away. */
  async register() {
    const form = await this.chat('vscode-text-field[aria-label="Your name on this relay"]');
    await form.locator('.hint.good').first().waitFor({ timeout: appearsMs });
    await form.locator('vscode-text-field[aria-label="Your name on this relay"] input').fill(this.name);
    await form.locator('vscode-button', { hasText: 'Create identity' }).click();
    const dialog = this.page.locator('.monaco-dialog-box');
    await dialog.waitFor({ timeout: appearsMs });
    await dialog.getByRole('button', { name: 'I Have Written It Down' }).click();
    await dialog.waitFor({ state: 'hidden', timeout: appearsMs });
    await this.page
      .locator('.monaco-list[aria-label*="Conversations"], .tree-explorer-viewlet-tree-view')
      .first()
      .waitFor({ timeout: appearsMs });
  }

  /** @param {string} name */
  async find(name) {
    await this.command('crypt2chat: New Conversation');
    const input = this.page.locator('.quick-input-widget input');
    await input.waitFor({ timeout: appearsMs });
    await input.fill(name);
    await input.press('Enter');
    await this.chat(`textarea.input[placeholder="Message ${name}"]`);
  }

  /**
   * Opens a conversation from the list.
   *
   * @param {string} name
   */
  async open(name) {
    await this.page
      .locator('.tree-explorer-viewlet-tree-view .monaco-list-row', { hasText: name })
      .first()
      .click({ timeout: appearsMs });
    await this.chat(`h1:has-text("${name}")`);
  }

  /** @param {string} name */
  async accept(name) {
    await this.open(name);
    const chat = await this.chat('section.request');
    await chat.locator('vscode-button', { hasText: 'Accept' }).click();
    await chat.locator('textarea.input').waitFor({ timeout: appearsMs });
  }

  /** @param {string} text with as many lines as it has */
  async write(text) {
    const chat = await this.chat('textarea.input');
    const input = chat.locator('textarea.input');
    await input.click();
    await input.fill(text);
    await input.press('Enter');
  }

  /**
   * Opens a file, selects some of its lines and sends them, with a word about it.
   *
   * @param {string} file
   * @param {{ fromLine: number, lines: number }} range
   * @param {string} note
   */
  async sendSelection(file, { fromLine, lines }, note) {
    await this.page.keyboard.press('Control+P');
    const input = this.page.locator('.quick-input-widget input');
    await input.waitFor({ timeout: appearsMs });
    await input.fill(file);
    await this.page
      .locator('.quick-input-list .monaco-list-row', { hasText: file })
      .first()
      .waitFor({ timeout: appearsMs });
    await input.press('Enter');
    const line = this.page.locator('.monaco-editor .view-line').first();
    await line.click({ timeout: appearsMs });
    await this.page.keyboard.press('Control+Home');
    for (let i = 1; i < fromLine; i++) await this.page.keyboard.press('ArrowDown');
    for (let i = 0; i < lines; i++) await this.page.keyboard.press('Shift+ArrowDown');
    await this.command('crypt2chat: Send Selection to Chat');
    const chat = await this.chat('.composer .chip');
    const message = chat.locator('textarea.input');
    await message.click();
    await message.fill(note);
    await message.press('Enter');
  }

  /**
   * Waits until the message is on the screen.
   *
   * @param {string} text
   */
  async sees(text) {
    const chat = await this.chat('article.message');
    await chat.locator('article.message', { hasText: text }).last().waitFor({ timeout: appearsMs });
  }

  /** Waits until each own message says that the other has read it, or that it was delivered. */
  async seesAllDelivered() {
    const chat = await this.chat('article.message');
    await chat.waitForFunction(
      () =>
        document.querySelectorAll('article.own .state:not(.delivered, .read), article.own .failed').length ===
        0,
      undefined,
      { timeout: appearsMs },
    );
  }

  /**
   * What the chat shows, from top to bottom.
   *
   * @returns {Promise<{ author: string, text: string, state: string }[]>}
   */
  async transcript() {
    const chat = await this.chat('article.message');
    return chat.evaluate(() => {
      let author = '';
      return [...document.querySelectorAll('article.message')].map((message) => {
        author = message.querySelector('.author')?.textContent ?? author;
        const parts = [...message.querySelectorAll('.text, pre')].filter(
          (part) => part.parentElement?.closest('.text') === null,
        );
        const state = message.querySelector('.state')?.getAttribute('title') ?? '';
        return { author, text: parts.map((part) => part.textContent.trim()).join('\n'), state };
      });
    });
  }

  /** @param {string} path */
  async screenshot(path) {
    await this.page.mouse.move(900, 700);
    await this.page.screenshot({ path, animations: 'disabled' });
  }

  /**
   * Runs a command from the palette.
   *
   * @param {string} title
   */
  async command(title) {
    // F1 goes to the page, not to a webview that may have the keyboard.
    await this.page
      .locator('.part.titlebar, .part.statusbar')
      .first()
      .click({ position: { x: 500, y: 3 } })
      .catch(() => undefined);
    await this.page.keyboard.press('Escape');
    await this.page.keyboard.press('F1');
    const input = this.page.locator('.quick-input-widget input');
    await input.waitFor({ timeout: appearsMs });
    await input.fill(`>${title}`);
    await this.page
      .locator('.quick-input-list .monaco-list-row', { hasText: title })
      .first()
      .waitFor({ timeout: appearsMs });
    await input.press('Enter');
  }

  /**
   * The chat view's frame, once it shows this.
   *
   * @param {string} selector
   */
  chat(selector) {
    return findFrame(this.page, selector, appearsMs);
  }

  async #widenSideBar() {
    const edge = await this.page.locator('.part.sidebar').boundingBox();
    if (edge === null) return;
    const x = edge.x + edge.width;
    await this.page.mouse.move(x, 400);
    await this.page.mouse.down();
    await this.page.mouse.move(edge.x + sideBarWidth, 400, { steps: 8 });
    await this.page.mouse.up();
  }
}
