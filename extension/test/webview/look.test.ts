import { picture } from './browser.ts';
import { noon, ScriptedHost, talk, text } from './scripted-host.ts';

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

describe('the look of the view', () => {
  for (const theme of ['dark', 'light', 'hc', 'hc-light', 'bare'] as const) {
    it(`in ${theme}`, async () => {
      const host = await ScriptedHost.open(
        talk({ draft: 'ship it' }, { firstUnread: { counter: 4, key: 'm000004' }, typing: true }),
        { theme, history },
      );
      await host.page.waitForSelector('.row');
      await host.page.locator('.input').focus();
      await host.page.waitForTimeout(800);
      await picture(host.page, `talk-${theme}`);
      await host.close();
      const form = await ScriptedHost.open(
        { screen: 'register', relay: 'https://relay.example.org', username: 'alice' },
        { theme },
      );
      await form.posting('check-relay');
      await form.send({
        type: 'relay',
        relay: 'https://relay.example.org',
        result: { state: 'reachable', registration: 'invite', retentionDays: 30 },
      });
      await form.page.waitForSelector('.hint.good');
      await picture(form.page, `register-${theme}`);
      await form.close();
    });
  }
});
