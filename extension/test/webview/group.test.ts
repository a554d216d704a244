/** A group in the view: who is in it, what happens in it, how it stands. */
import assert from 'node:assert/strict';
import { sentenceOfStanding } from '../../src/ipc/index.ts';
import { picture } from './browser.ts';
import { crew, crewMembers, groupTalk, happened, inCrew, noon, said, ScriptedHost } from './scripted-host.ts';

describe('a group', () => {
  let host: ScriptedHost;

  afterEach(async () => {
    assert.deepEqual(host.invalid, []);
    assert.deepEqual(await host.page.evaluate('watch.events'), []);
    await host.close();
  });

  const labels = () =>
    host.page.evaluate<string[]>(`[...document.querySelectorAll('.message')].map((one) => one.ariaLabel)`);

  it('says what it is called and how many are in it, and shows them when asked', async () => {
    host = await ScriptedHost.open(groupTalk());
    await host.page.getByRole('heading', { name: 'Group release-crew' }).waitFor();
    const people = host.page.getByRole('button', { name: '5 people · 4 verified' });
    assert.equal(await people.innerText(), '5 people · 4 verified');
    await people.click();
    await people.press('Enter');
    assert.equal((await host.posting('show-members', 2)).conversation, crew.key);
    assert.equal(await host.page.locator('.verified:visible, .not-verified:visible').count(), 0);
    await host.send({ type: 'conversation', conversation: inCrew({ people: 6 }, { title: 'night watch' }) });
    await host.page.getByRole('button', { name: '6 people · 4 verified' }).waitFor();
    await host.page.getByRole('textbox', { name: 'Message night watch' }).waitFor();
  });

  it('tells what happened in it as lines of their own, with names apart', async () => {
    host = await ScriptedHost.open(groupTalk(), {
      history: [
        said(1, 'first', { author: 'carol' }),
        happened(2, { people: ['erin'], shared: 20 }),
        said(3, 'then', { author: 'carol' }),
        happened(4, { event: 'renamed', name: 'release-crew' }, { own: true }),
      ],
    });
    const line = host.page.locator('.event').first();
    await line.waitFor();
    const told = (await line.innerText()).replace(/\d\d:\d\d$/, 'HH:MM');
    assert.equal(told, 'carol added erin and shared the last 20 messages · HH:MM');
    assert.deepEqual(await line.locator('bdi').allTextContents(), ['carol', 'erin']);
    // It ends the run of messages that it stands in.
    assert.deepEqual(await host.page.locator('.author').allTextContents(), ['carol', 'carol']);
    assert.match((await labels())[1] ?? '', /^carol added erin .*, \d\d:\d\d$/);
    assert.match((await labels())[3] ?? '', /^You renamed the group to release-crew, /);
    // There is nothing to be done with it.
    assert.equal(await host.page.locator('.message:has(.event) button').count(), 0);
    assert.equal(await host.page.locator('.message:has(.event)[data-vscode-context]').count(), 0);
  });

  it('marks what was shared by whom, and what mentions us, in words', async () => {
    host = await ScriptedHost.open(groupTalk(), {
      history: [
        said(1, 'from before', { author: 'bob', sharedBy: 'carol' }),
        said(2, 'still before', { author: 'bob', sharedBy: 'carol' }),
        said(3, 'since then', { author: 'bob' }),
        said(4, '@alice can you look?', { author: 'bob', mentionsUs: true }),
      ],
    });
    await host.page.getByText('can you look?').waitFor();
    assert.deepEqual(await host.page.locator('.mark').allTextContents(), ['shared by carol', 'mentions you']);
    assert.equal(await host.page.locator('.author').count(), 3);
    const [first, second, third, fourth] = await labels();
    assert.match(first ?? '', /^bob, \d\d:\d\d, shared by carol: from before/);
    assert.match(second ?? '', /shared by carol: still before/);
    assert.doesNotMatch(third ?? '', /shared|mentions/);
    assert.match(fourth ?? '', /^bob, \d\d:\d\d, mentions you: @alice can you look\?/);
    await picture(host.page, 'group-marks');
  });

  it('shows how many have a message of ours, and each of them when asked by mouse or Enter', async () => {
    const progress = { delivered: 4, read: 0, of: 5 };
    host = await ScriptedHost.open(groupTalk(), {
      history: [
        said(1, 'pending', { own: true, state: 'pending', progress: { delivered: 0, read: 0, of: 5 } }),
        said(2, 'on its way', { own: true, state: 'sent', progress }),
        said(3, 'from bob', { author: 'bob' }),
      ],
    });
    const state = host.page.getByRole('button', { name: 'Delivered to 4 of 5, read by 0. Show each member' });
    await state.waitFor();
    assert.equal(await state.innerText(), '4/5');
    assert.equal(await host.page.locator('button.state').count(), 1);
    await state.click();
    const asked = await host.posting('show-receipts');
    assert.deepEqual([asked.conversation, asked.key], [crew.key, said(2, '').key]);

    await host.page.locator('.messages').focus();
    for (const key of ['ArrowUp', 'Enter']) await host.page.keyboard.press(key);
    await host.posting('show-receipts', 2);
    // Tab comes to the state of the message that one is at, and Enter there asks once, not twice.
    await host.page.keyboard.press('Tab');
    assert.equal(await host.page.evaluate(`document.activeElement.ariaLabel`), 'Copy message');
    await host.page.keyboard.press('Tab');
    assert.equal(await host.page.evaluate(`document.activeElement.className`), 'state sent');
    await host.page.keyboard.press('Enter');
    await host.posting('show-receipts', 3);
    // There is nothing of the kind to ask of others' messages, and of what has not left.
    await host.page.locator('.message', { hasText: 'from bob' }).press('Enter');
    await host.page.locator('.message', { hasText: 'pending' }).press('Enter');
    assert.equal(host.all('show-receipts').length, 3);

    const read = said(2, 'on its way', {
      own: true,
      state: 'read',
      progress: { delivered: 5, read: 5, of: 5 },
    });
    await host.send({ type: 'message', message: read, arrived: false });
    await host.page.getByRole('button', { name: 'Delivered to 5 of 5, read by 5' }).waitFor();
    assert.equal(await host.page.locator('button.state').innerText(), 'read');
  });

  it('puts what can be pressed under a message beside its text, and over nothing', async () => {
    const progress = { delivered: 5, read: 2, of: 5 };
    const own = { own: true, state: 'delivered', progress } as const;
    const code = {
      kind: 'code',
      text: 'f();',
      language: '',
      path: 'a.ts',
      startLine: 1,
      endLine: 1,
    } as const;
    host = await ScriptedHost.open(groupTalk(), {
      history: [
        said(1, 'short', own),
        said(2, 'long enough to fill more than one line of a view that is as narrow as this one', own),
        said(3, '', { ...own, body: { ...code, note: 'a note' } }),
        said(4, '', { ...own, body: code }),
        said(5, '- a list', own),
        said(6, 'last', own),
      ],
    });
    await host.page.locator('button.state').nth(5).waitFor();
    const overlaps = await host.page.evaluate<
      string[]
    >(`[...document.querySelectorAll('.message')].flatMap((message) => {
      const foot = message.querySelector('.foot').getBoundingClientRect();
      const range = document.createRange();
      return [...message.querySelectorAll('.text p, .text li, .card')].flatMap((part) => {
        range.selectNodeContents(part);
        return [...range.getClientRects()]
          .filter((box) => box.width > 0 && box.bottom > foot.top + 2 && box.top < foot.bottom - 2 &&
            box.right > foot.left && box.left < foot.right)
          .map(() => part.textContent);
      });
    })`);
    assert.deepEqual(overlaps, []);
    const spare = await host.page.evaluate<number>(`(() => {
      const [first] = document.querySelectorAll('.message');
      return first.getBoundingClientRect().bottom - first.querySelector('.text').getBoundingClientRect().bottom;
    })()`);
    assert.ok(spare < 6, `${spare} px are left under a line for nothing`);
    await picture(host.page, 'group-states');
  });

  it('says who is typing, and moves nothing for it', async () => {
    host = await ScriptedHost.open(groupTalk(), { history: [said(1, 'hello', { author: 'bob' })] });
    await host.page.getByText('hello').waitFor();
    const line = host.page.locator('.typing-line');
    const composer = host.page.locator('.composer');
    const before = await composer.boundingBox();
    await host.send({ type: 'typing', conversation: crew.key, people: ['carol', 'erin'] });
    await host.page.getByText('carol and erin are typing…').waitFor();
    assert.deepEqual(await line.locator('bdi').allTextContents(), ['carol', 'erin']);
    assert.deepEqual(await composer.boundingBox(), before);
    await host.arrive(said(2, 'done', { author: 'carol' }));
    await host.page.getByText('erin is typing…').waitFor();
    await host.send({ type: 'typing', conversation: crew.key, people: [] });
    await host.holds(`document.querySelector('.typing-line').textContent === ''`);
    assert.equal(await host.page.locator('.head .typing').isVisible(), false);
  });

  it('lets whoever was added accept, ignore, leave or block, by name', async () => {
    host = await ScriptedHost.open(groupTalk({ invitedBy: 'bob' }, { status: 'request' }), {
      history: [happened(1, { by: 'bob', us: true })],
    });
    await host.page.getByText('bob added you to this group.').waitFor();
    assert.equal(await host.page.locator('.composer').isVisible(), false);
    assert.equal(await host.page.locator('.buttons').innerText(), 'Accept\nIgnore\nLeave\nBlock bob');
    await picture(host.page, 'group-request');
    await host.page.getByRole('button', { name: 'Leave' }).click();
    assert.equal((await host.posting('leave-group')).conversation, crew.key);
    await host.page.getByRole('button', { name: 'Accept' }).click();
    await host.page.getByRole('button', { name: 'Ignore' }).click();
    await host.page.getByRole('button', { name: 'Block bob' }).click();
    await host.posting('answer-request', 3);
    assert.deepEqual(
      host.all('answer-request').map(({ answer }) => answer),
      ['accept', 'ignore', 'block'],
    );
    await host.send({
      type: 'conversation',
      conversation: inCrew({ invitedBy: 'bob' }, { status: 'blocked' }),
    });
    await host.page.getByText('You left this group, and blocked bob, who had added you.').waitFor();
    assert.equal(await host.page.locator('.request vscode-button:visible').count(), 0);
    await host.send({ type: 'conversation', conversation: crew });
    await host.page.locator('.composer').waitFor({ state: 'visible' });
    assert.equal(await host.page.locator('.request').isVisible(), false);
  });

  it('says how one stands in it; whoever is out of it keeps the history and writes nothing', async () => {
    host = await ScriptedHost.open(groupTalk(), { history: [said(1, 'what was said', { author: 'bob' })] });
    const bar = host.page.locator('.standing');
    await host.page.getByText('what was said', { exact: true }).waitFor();
    assert.equal(await bar.isVisible(), false);
    for (const standing of ['joining', 'keys-missing', 'stuck'] as const) {
      // The bar says as much as the trouble, and more.
      const trouble = 'ERR_GROUP_KEYS_MISSING';
      await host.send({ type: 'conversation', conversation: inCrew({ standing }, { trouble }) });
      await bar.getByText(sentenceOfStanding(standing)!.text).waitFor();
      assert.equal(await host.page.locator('.trouble').isVisible(), false, standing);
      assert.equal(await host.page.locator('.composer').isVisible(), true, standing);
      await picture(host.page, `group-${standing}`);
    }
    await host.send({ type: 'conversation', conversation: inCrew({}, { trouble: 'ERR_GROUP_WITHHELD' }) });
    await host.page.locator('.trouble').waitFor();
    for (const standing of ['left', 'removed'] as const) {
      await host.send({ type: 'conversation', conversation: inCrew({ standing }) });
      await bar.getByText(sentenceOfStanding(standing)!.text).waitFor();
      assert.equal(await host.page.locator('.composer').isVisible(), false, standing);
      assert.equal(await host.page.locator('.typing-line').isVisible(), false, standing);
      assert.equal(await host.page.getByText('what was said', { exact: true }).isVisible(), true, standing);
      await picture(host.page, `group-${standing}`);
    }
    await host.send({ type: 'conversation', conversation: crew });
    await host.page.locator('.composer').waitFor({ state: 'visible' });
  });

  it('says whose keys are missing, with the cause and the repair', async () => {
    host = await ScriptedHost.open(groupTalk());
    const bar = host.page.locator('.missing-keys');
    await host.page.locator('.input').waitFor();
    assert.equal(await bar.isVisible(), false);
    const without = (...names: string[]) =>
      crewMembers.map((member) =>
        names.includes(member.name) ? { ...member, keysMissing: 'ERR_NO_PREKEYS' } : member,
      );
    await host.send({ type: 'members', conversation: crew.key, members: without('erin') });
    await bar.getByText('erin cannot read what is new here yet.').waitFor();
    assert.match(await bar.innerText(), /They must come online once\. It is tried again by itself\./);
    await picture(host.page, 'group-missing-keys');
    await bar.getByRole('button', { name: 'Members' }).click();
    await host.posting('show-members');
    await host.send({ type: 'members', conversation: crew.key, members: without('erin', 'bob') });
    await bar.getByText('bob and erin cannot read what is new here yet.').waitFor();
    // Ours is what the other bar is for.
    await host.send({ type: 'members', conversation: crew.key, members: without('alice') });
    await bar.waitFor({ state: 'hidden' });
  });

  it('announces who was added and who mentions us, and is silent about receipts', async () => {
    host = await ScriptedHost.open(groupTalk());
    await host.page.locator('.input').waitFor();
    await host.arrive(happened(1, { people: ['frank'] }));
    await host.arrive(said(2, 'hi @alice', { author: 'bob', mentionsUs: true }));
    await host.arrive(
      said(3, 'mine', { own: true, state: 'sent', progress: { delivered: 1, read: 0, of: 5 } }),
    );
    await host.page.locator('.message', { hasText: 'mine' }).waitFor();
    assert.deepEqual(await host.page.locator('[aria-live=polite] p').allTextContents(), [
      'carol added frank',
      'bob, mentions you: hi @alice',
    ]);
  });

  it('fits views from 220 pixels on', async () => {
    host = await ScriptedHost.open(groupTalk());
    const long = 'x'.repeat(32);
    for (const width of [220, 340]) {
      const narrow = await ScriptedHost.open(
        groupTalk({ invitedBy: long, standing: 'keys-missing' }, { title: 'n'.repeat(64) }),
        {
          width,
          history: [
            happened(1, { by: long, people: [long, long, long] }),
            said(2, `@${long} look`, { author: long, mentionsUs: true, sharedBy: long, sentAt: noon }),
            said(3, 'mine', { own: true, state: 'sent', progress: { delivered: 100, read: 100, of: 249 } }),
          ],
        },
      );
      await narrow.page.locator('button.state').waitFor();
      const members = [{ name: long, own: false, verified: true, keysMissing: 'ERR_NO_PREKEYS' }];
      await narrow.send({ type: 'members', conversation: crew.key, members });
      await narrow.page.locator('.missing-keys').waitFor();
      await narrow.page.locator('.input').press('@');
      await narrow.page.locator('.mention-option').waitFor();
      await picture(narrow.page, `group-width-${width}`);
      const wide = await narrow.page.evaluate<string[]>(`
        [...document.querySelectorAll('#crypt2chat *')]
          .filter((one) => one.closest('.sr-only, h1, .byline') === null)
          .filter((one) => one.getBoundingClientRect().right > innerWidth + 0.5)
          .map((one) => one.className)`);
      assert.deepEqual(wide, [], `at ${width}`);
      await narrow.close();
    }
  });
});
