import assert from 'node:assert/strict';
import { picture } from './browser.ts';
import {
  bob,
  crew,
  crewMembers,
  groupTalk,
  happened,
  inCrew,
  noon,
  said,
  ScriptedHost,
  talk,
  text,
} from './scripted-host.ts';

const code = `export async function retry(op, n = 3) {
  for (let i = 0; i < n; i++)
    try { return await op() } catch {}
  // falls through without throwing
}`;

const history = [
  text(1, 'Good morning', { sentAt: noon - 86_400_000 }),
  text(2, 'The flaky test is back. Same stack as last week.', { sentAt: noon }),
  text(3, '', {
    sentAt: noon + 1000,
    body: {
      kind: 'code',
      text: code,
      language: 'typescript',
      path: 'src/net/retry.ts',
      startLine: 41,
      endLine: 46,
    },
  }),
  text(4, 'It swallows the last error. Try this:', { own: true, sentAt: noon + 120_000 }),
  text(
    5,
    '```diff\n-    try { return await op() } catch {}\n+    try { return await op() }\n+    catch (e) { if (i === n - 1) throw e }\n```',
    { own: true, state: 'delivered', sentAt: noon + 121_000 },
  ),
  text(6, 'Applied at `8d01b7a`, green. Thanks! See [the docs](https://docs.example.org/retry).', {
    sentAt: noon + 240_000,
  }),
  text(7, '', { sentAt: noon + 250_000, body: { kind: 'unreadable', reason: 'no-session' } }),
  text(8, 'ship it', { own: true, state: 'failed', failure: 'ERR_STORAGE_FULL', sentAt: noon + 260_000 }),
  text(9, 'once more', { own: true, state: 'pending', sentAt: noon + 261_000 }),
];

const groupHistory = [
  happened(1, { people: ['erin'], shared: 20 }, { sentAt: noon }),
  said(2, 'CI for 2.4 is red on arm64 only. @alice can you look? @bob has no such machine.', {
    author: 'carol',
    mentionsUs: true,
    sentAt: noon + 120_000,
  }),
  said(3, 'Is it the relay again?', { author: 'erin', sharedBy: 'carol', sentAt: noon + 180_000 }),
  said(4, 'On it. Looks like the 25 s poll meets a 20 s proxy.', {
    own: true,
    state: 'sent',
    progress: { delivered: 4, read: 0, of: 5 },
    sentAt: noon + 480_000,
  }),
  said(5, '```ts\nawait poll({ wait: 15 });\n```', {
    own: true,
    state: 'delivered',
    progress: { delivered: 5, read: 2, of: 5 },
    sentAt: noon + 490_000,
  }),
  happened(6, { event: 'computers', by: '', people: ['bob'] }, { sentAt: noon + 500_000 }),
];

const relay = 'https://relay.example.org';

describe('the look of the view', () => {
  for (const theme of ['dark', 'light', 'hc', 'hc-light', 'bare'] as const) {
    it(`can be read and named in the theme ${theme}`, async () => {
      const talking = talk(
        { draft: 'ship it' },
        { firstUnread: { counter: 4, key: 'm000004' }, typing: ['bob'] },
      );
      const host = await ScriptedHost.open(talking, { theme, history });
      await host.page.locator('.hljs-addition').first().waitFor();
      await host.send({ type: 'conversation', conversation: { ...bob, trouble: 'ERR_DEVICE_NONE' } });
      await host.page.locator('.trouble').waitFor();
      assert.deepEqual(await host.page.evaluate('audit()'), []);
      await host.send({ type: 'conversation', conversation: bob });
      await host.page.locator('.input').focus();
      await host.frames();
      await picture(host.page, `talk-${theme}`);
      await host.send({ type: 'screen', screen: { screen: 'register', relay, username: 'alice' } });
      await host.posting('check-relay');
      await host.send({
        type: 'relay',
        relay,
        result: { state: 'reachable', registration: 'invite', retentionDays: 30 },
      });
      await host.page.locator('.hint.good').waitFor();
      assert.deepEqual(await host.page.evaluate('audit()'), []);
      assert.deepEqual(await host.page.evaluate('watch.events'), []);
      await picture(host.page, `register-${theme}`);
      await host.close();
    });
  }

  for (const theme of ['dark', 'light', 'hc', 'hc-light', 'bare'] as const) {
    it(`can be read and named in a group in the theme ${theme}`, async () => {
      const open = groupTalk({ standing: 'keys-missing' }, {}, { typing: ['carol', 'erin'] });
      const host = await ScriptedHost.open(open, { theme, history: groupHistory });
      await host.page.locator('.hljs-keyword').first().waitFor();
      const members = crewMembers.map((member) =>
        member.name === 'dave' ? { ...member, keysMissing: 'ERR_NO_PREKEYS' } : member,
      );
      await host.send({ type: 'members', conversation: crew.key, members });
      await host.page.locator('.input').pressSequentially('ask @');
      await host.page.locator('.mention-option').first().waitFor();
      assert.deepEqual(await host.page.evaluate('audit()'), []);
      await picture(host.page, `group-list-${theme}`);
      await host.page.keyboard.press('Escape');
      await host.send({ type: 'members', conversation: crew.key, members: crewMembers });
      await host.send({ type: 'conversation', conversation: crew });
      await host.frames();
      await picture(host.page, `group-${theme}`);
      const request = inCrew({ invitedBy: 'carol' }, { status: 'request' });
      await host.send({ type: 'conversation', conversation: request });
      await host.page.getByText('carol added you to this group.').waitFor();
      assert.deepEqual(await host.page.evaluate('audit()'), []);
      assert.deepEqual(await host.page.evaluate('watch.events'), []);
      await host.close();
    });
  }

  it('is looked at by an audit that sees what is wrong (the control)', async () => {
    const host = await ScriptedHost.open(talk(), { history });
    await host.page.locator('.hljs-addition').first().waitFor();
    const wrong = await host.page.evaluate<string[]>(`
      document.querySelector('.text p').style.color = '#555555';
      document.querySelector('.tool').removeAttribute('aria-label');
      document.querySelector('.tool').tabIndex = 3;
      document.querySelector('.icon').removeAttribute('aria-hidden');
      audit()`);
    assert.equal(wrong.length, 4, wrong.join('; '));
    await host.close();
  });

  it('keeps its lines where the system sets the colours', async () => {
    const host = await ScriptedHost.open(talk(), { forcedColors: 'active', history });
    await host.page.locator('.hljs-addition').first().waitFor();
    await picture(host.page, 'talk-forced');
    await host.send({ type: 'screen', screen: groupTalk({}, {}, { messages: groupHistory }) });
    await host.page.locator('.input').pressSequentially('@');
    await host.page.locator('.mention-option').first().waitFor();
    await picture(host.page, 'group-forced');
    const unlined = await host.page.evaluate<
      string[]
    >(`['.mentions', '.mention', '.mentions-us'].filter((one) =>
      getComputedStyle(document.querySelector(one)).borderLeftWidth === '0px')`);
    assert.deepEqual(unlined, []);
    await host.send({ type: 'screen', screen: talk({}, { messages: history }) });
    await host.page.locator('.hljs-addition').first().waitFor();
    const bordered = await host.page.evaluate<string[]>(`['.avatar', '.box', '.card', '.fail'].filter((one) =>
      getComputedStyle(document.querySelector(one)).borderTopWidth === '0px')`);
    assert.deepEqual(bordered, []);
    await host.close();
  });

  it('follows a change of the theme', async () => {
    const host = await ScriptedHost.open({ screen: 'register', relay: '', username: '' });
    await host.page.locator('vscode-button').waitFor();
    const colour = `getComputedStyle(document.querySelector('vscode-button')).backgroundColor`;
    await host.holds(`${colour} === 'rgb(0, 120, 212)'`);
    await host.page
      .evaluate(`document.documentElement.style.setProperty('--vscode-button-background', '#ff0000');
      document.body.classList.remove('vscode-dark'); document.body.classList.add('vscode-light')`);
    await host.holds(`${colour} === 'rgb(255, 0, 0)'`);
    await host.close();
  });

  it('moves nothing where less motion is asked for', async () => {
    const host = await ScriptedHost.open(talk(), { reducedMotion: 'reduce', history });
    await host.page.locator('.row').first().waitFor();
    assert.equal(await host.page.evaluate(`document.getAnimations().length`), 0);
    await host.close();
  });
});
