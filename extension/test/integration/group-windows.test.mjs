/**
 * Three people in three VS Code windows, with the keyboard: a group is made, somebody is added and given what was said,
 * somebody is removed, the others talk on. Whoever was removed sees that, and nothing after.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'mocha';
import { build } from '../../../scripts/build.mjs';
import { GroupDriver } from '../../../scripts/demo/group-driver.mjs';
import { packageExtension, vsixFile } from '../../../scripts/package.mjs';
import { stopAll } from '../../../scripts/processes.mjs';
import { startRelay } from '../../../scripts/start/relay.mjs';
import { bootVSCode, findFrame } from '../../../scripts/vscode/boot.mjs';
import { profileAt } from '../../../scripts/vscode/profile.mjs';

/** Of anything that must appear. */
const timeout = 60_000;
const crew = 'release-crew';

/**
 * @param {GroupDriver} person
 * @param {string} text
 */
const row = ({ page }, text) =>
  page.locator('.tree-explorer-viewlet-tree-view .monaco-list-row', { hasText: text }).first();

describe('three people in three windows', function () {
  this.timeout(300_000);
  /** @type {string} */
  let folder;
  /** @type {GroupDriver} */
  let alice;
  /** @type {GroupDriver} */
  let bob;
  /** @type {GroupDriver} */
  let carol;
  /** @type {GroupDriver[]} */
  const people = [];

  before(async function () {
    this.timeout(420_000);
    await build({ quiet: true });
    await packageExtension({ quiet: true });
    folder = await mkdtemp(join(tmpdir(), 'crypt2chat-group-windows-'));
    const relay = await startRelay({ data: join(folder, 'relay'), port: 0 });
    /** @param {string} name */
    const open = async (name) => {
      const window = await bootVSCode({
        profile: profileAt(join(folder, name)),
        install: [vsixFile],
        settings: { 'crypt2chat.relayUrl': relay.url },
      });
      const person = new GroupDriver(name, window);
      people.push(person);
      await person.openChat();
      await person.register();
      return person;
    };
    // One after the other: three that start at once are slower than that on two cores.
    alice = await open('alice');
    bob = await open('bob');
    carol = await open('carol');
  });

  afterEach(async function () {
    if (this.currentTest?.state !== 'failed') return;
    for (const person of people) {
      await person.screenshot(join(tmpdir(), `crypt2chat-group-${person.name}.png`)).catch(() => undefined);
    }
  });

  after(async () => {
    for (const { window } of people) await window.close();
    await stopAll();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  it('make a group with a name and people, who are asked', async () => {
    await alice.newGroup(crew, ['bob']);
    await alice.seesEvent('You created the group with bob');
    await row(bob, crew).getByText('alice added you').waitFor({ timeout });
    await bob.accept(crew);
    await alice.write('one');
    await bob.sees('one');
    await bob.write('two');
    await alice.sees('two');
    await bob.seesProgress('read');
  });

  it('keep what was typed when nobody has such a name, and say so', async () => {
    await alice.command('crypt2chat: Add People to Group');
    const input = alice.page.locator('.quick-input-widget input.input');
    await input.waitFor({ timeout });
    await input.fill('nobody-of-this-name');
    const focused = alice.page.locator('.quick-input-list .monaco-list-row.focused');
    await focused.getByText('Add nobody-of-this-name').waitFor({ timeout });
    await input.press('Enter');
    await focused.getByText('Add nobody-of-this-name').waitFor({ timeout });
    await input.press('Enter');
    const share = alice.page.locator('.quick-input-widget', {
      hasText: `Add nobody-of-this-name to ${crew}`,
    });
    await share.getByText('How many of the last messages').waitFor({ timeout });
    await share.waitFor({ timeout });
    await share.locator('input.input').fill('101');
    await share.locator('input.input').press('Enter');
    await share.getByText('A number from 0 to 100').waitFor({ timeout });
    await share.locator('input.input').fill('2');
    await share.locator('input.input').press('Enter');
    await share.getByText('Nobody has this name on the relay').waitFor({ timeout });
    assert.equal(await share.locator('input.input').inputValue(), '2');
    await alice.page.keyboard.press('Escape');
    await share.waitFor({ state: 'hidden', timeout });
  });

  it('add somebody, who reads the messages that were shared and who shared them', async () => {
    await alice.addPeople(['carol'], 2);
    await alice.seesEvent('You added carol and shared the last 2 messages');
    await bob.seesEvent('alice added carol and shared the last 2 messages');
    await row(carol, crew).getByText('alice added you').waitFor({ timeout });
    await carol.accept(crew);
    await carol.sees('one');
    await carol.sees('two');
    const chat = await carol.chat('.mark');
    assert.equal(await chat.locator('.mark', { hasText: 'shared by alice' }).count(), 2);
    await carol.write('three');
    await alice.sees('three');
    await bob.sees('three');
    await carol.seesProgress('read');
  });

  it('mention somebody by the keyboard, which is announced and stands out in their list alone', async () => {
    for (const { page } of [bob, carol]) {
      await page.locator('.activitybar [aria-label*="Explorer"]').first().click({ timeout });
    }
    await alice.mention('bob', 'can you look?');
    /** @param {GroupDriver} person */
    const badge = ({ page }) =>
      page
        .locator('.activitybar .action-item', { has: page.locator('[aria-label*="crypt2chat"]') })
        .locator('.badge-content', { hasText: '1' });
    await badge(bob).waitFor({ timeout });
    await badge(carol).waitFor({ timeout });
    /** @param {GroupDriver} person */
    const notices = async ({ page }) => {
      const center = page.locator('.notifications-center.visible');
      const bell = page.locator('.statusbar-item').locator('.codicon-bell-dot, .codicon-bell').first();
      if (!(await center.isVisible())) await bell.click({ timeout });
      await center.waitFor({ timeout });
      return center;
    };
    await (await notices(bob)).getByText(`alice mentioned you in ${crew}`).waitFor({ timeout });
    assert.ok(!(await (await notices(carol)).innerText()).includes('mentioned'));
    await bob.openChat();
    await bob.sees('can you look?');
    const chat = await bob.chat('.mentions-us');
    await chat.locator('.mentions-us .mention.of-us', { hasText: '@bob' }).waitFor({ timeout });
    await carol.openChat();
    await carol.sees('can you look?');
  });

  it('remove somebody after asking; the others talk on, and the removed one sees that and nothing after', async () => {
    await alice.withMember('bob', 'Remove from Group');
    await alice.confirm('Remove');
    await alice.seesEvent('You removed bob');
    await carol.seesEvent('alice removed bob');
    await bob.seesEvent('alice removed you');
    const chat = await findFrame(bob.page, '.standing:has-text("You were removed from this group")', timeout);
    await chat.locator('.composer').waitFor({ state: 'hidden', timeout });
    await row(bob, crew).getByText('removed').waitFor({ timeout });

    await carol.write('four');
    await alice.sees('four');
    await alice.write('five');
    await carol.sees('five');
    // What comes after all that, on another way, shows that Bob's computer has heard what there was to hear.
    await alice.find('bob');
    await alice.write('no hard feelings');
    await row(bob, 'alice').waitFor({ timeout });
    await row(bob, 'alice').getByText('wants to write to you').waitFor({ timeout });
    assert.deepEqual(await bob.lines(), [
      'alice created the group with you',
      'alice: one',
      'You: two',
      'alice added carol and shared the last 2 messages',
      'carol: three',
      'alice: @bob can you look?',
      'alice removed you',
    ]);
    assert.deepEqual((await carol.lines()).slice(-3), ['alice removed bob', 'You: four', 'alice: five']);
  });
});
