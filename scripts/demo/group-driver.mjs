/** What a person at a VS Code window does with groups: by the keyboard, through the palette and the quick input. */
import { Driver } from './driver.mjs';

const appearsMs = 60_000;

export class GroupDriver extends Driver {
  /**
   * Makes a group with people that one has talked to, or by their names on the relay.
   *
   * @param {string} name
   * @param {readonly string[]} people
   */
  async newGroup(name, people) {
    await this.command('crypt2chat: New Group');
    await this.#answer(name, 'What the group is called');
    await this.#choose(people, 'Create it with');
    await this.chat(`textarea.input[placeholder="Message ${name}"]`);
  }

  /**
   * Adds people to the group on the screen.
   *
   * @param {readonly string[]} people
   * @param {number} share how many of the last messages they are given
   */
  async addPeople(people, share) {
    await this.command('crypt2chat: Add People to Group');
    await this.#choose(people, 'Add ');
    await this.#answer(String(share), 'How many of the last messages');
  }

  /**
   * Opens the members by the head of the chat, and does something with one of them.
   *
   * @param {string} name
   * @param {string} action as the list calls it
   */
  async withMember(name, action) {
    const chat = await this.chat('button.people');
    await chat.locator('button.people').click({ timeout: appearsMs });
    await this.#pick(name);
    await this.#pick(action);
  }

  /**
   * The button of a dialog that asks first.
   *
   * @param {string} name
   */
  async confirm(name) {
    const dialog = this.page.locator('.monaco-dialog-box');
    await dialog.getByRole('button', { name, exact: true }).click({ timeout: appearsMs });
    await dialog.waitFor({ state: 'hidden', timeout: appearsMs });
  }

  /**
   * Writes to somebody in the group, whose name the list at the @ completes.
   *
   * @param {string} name
   * @param {string} text goes behind the name
   */
  async mention(name, text) {
    const chat = await this.chat('textarea.input');
    const input = chat.locator('textarea.input');
    await input.click();
    await input.pressSequentially(`@${name.slice(0, 2)}`);
    await chat
      .locator('.mention-option[aria-selected=true]', { hasText: name })
      .waitFor({ timeout: appearsMs });
    await input.press('Enter');
    await input.pressSequentially(text);
    await input.press('Enter');
  }

  /**
   * Waits until the group tells of it.
   *
   * @param {string} text
   */
  async seesEvent(text) {
    const chat = await this.chat('.event');
    await chat.locator('.event', { hasText: text }).last().waitFor({ timeout: appearsMs });
  }

  /**
   * Waits until the newest own message has come so far with everybody.
   *
   * @param {string} words as the button at the message says it
   */
  async seesProgress(words) {
    const chat = await this.chat('button.state');
    await chat.locator('article.own button.state').last().getByText(words).waitFor({ timeout: appearsMs });
  }

  /**
   * What the chat shows, from top to bottom, with what happened in between.
   *
   * @returns {Promise<string[]>} “author: text”, or what happened
   */
  async lines() {
    const chat = await this.chat('main.conversation');
    return chat.evaluate(() => {
      let author = '';
      return [...document.querySelectorAll('article.message')].map((message) => {
        const event = message.querySelector('.event');
        if (event !== null) return (event.textContent ?? '').replace(/ · [^·]*$/, '');
        author = message.querySelector('.author')?.textContent ?? author;
        return `${author}: ${message.querySelector('.text')?.textContent.trim() ?? ''}`;
      });
    });
  }

  /**
   * @param {string} text
   * @param {string} prompt what the input asks
   */
  async #answer(text, prompt) {
    const widget = this.page.locator('.quick-input-widget', { hasText: prompt });
    const input = widget.locator('input.input');
    await input.waitFor({ timeout: appearsMs });
    await input.fill(text);
    await input.press('Enter');
  }

  /**
   * Takes people up one after the other, then goes on.
   *
   * @param {readonly string[]} people
   * @param {string} go how going on is called
   */
  async #choose(people, go) {
    const input = this.page.locator('.quick-input-widget input[placeholder*="Enter adds them"]');
    await input.waitFor({ timeout: appearsMs });
    for (const name of people) {
      await input.fill(name);
      await this.page
        .locator('.quick-input-list .monaco-list-row.focused', { hasText: name })
        .waitFor({ timeout: appearsMs });
      await input.press('Enter');
    }
    await this.page
      .locator('.quick-input-list .monaco-list-row.focused', { hasText: go })
      .waitFor({ timeout: appearsMs });
    await input.press('Enter');
    await input.waitFor({ state: 'hidden', timeout: appearsMs });
  }

  /** @param {string} text */
  async #pick(text) {
    const input = this.page.locator('.quick-input-widget input.input');
    await input.waitFor({ timeout: appearsMs });
    const row = this.page.locator('.quick-input-list .monaco-list-row', { hasText: text }).first();
    await row.waitFor({ timeout: appearsMs });
    await input.fill(text);
    await this.page
      .locator('.quick-input-list .monaco-list-row.focused', { hasText: text })
      .waitFor({ timeout: appearsMs });
    await input.press('Enter');
    await row.waitFor({ state: 'hidden', timeout: appearsMs });
  }
}
