import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import type { ViewMessage } from '../../src/ipc/index.ts';
import { type Attack, attacks, deceptions, exhausting, pollutions } from './attacks.ts';
import { newPage, origin, picture } from './browser.ts';
import { eventKinds, hostileGroup } from './hostile-group.ts';
import { ScriptedHost, talk, text } from './scripted-host.ts';

/** Everything that an attack can bring about outside the page's own elements. */
class Outside {
  readonly seen: string[] = [];

  static async watch(page: Page, ...own: string[]): Promise<Outside> {
    const outside = new Outside();
    const { seen } = outside;
    const home = await origin();
    const isOwn = (url: string): boolean =>
      own.some((path) => url.startsWith(`${home}${path}`)) || url === 'about:blank';
    await page.context().route('**/*', async (route) => {
      const url = route.request().url();
      if (isOwn(url)) await route.continue();
      else {
        seen.push(`request: ${url}`);
        await route.abort();
      }
    });
    page.on('dialog', (dialog) => {
      seen.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('framenavigated', (frame) => {
      if (!isOwn(frame.url())) seen.push(`navigation: ${frame.url()}`);
    });
    page.on('frameattached', () => seen.push('frame'));
    page.context().on('page', () => seen.push('window'));
    page.on('worker', () => seen.push('worker'));
    return outside;
  }
}

/** Everywhere that words of others are shown. */
function history(): ViewMessage[] {
  const code = (words: string) => ({
    kind: 'code' as const,
    text: words,
    language: words.slice(0, 200),
    path: words.slice(0, 512),
    startLine: 1,
    endLine: 2,
    note: words,
  });
  const words = [...attacks.map(({ payload }) => payload), ...deceptions, ...pollutions];
  return words.flatMap((payload, i) => [
    text(3 * i, payload, { author: payload.slice(0, 200) }),
    text(3 * i + 1, '', { body: code(payload), own: true, state: 'failed', failure: 'ERR_INTERNAL' }),
    text(3 * i + 2, '', { body: { kind: 'unreadable', reason: 'tampered' }, author: payload.slice(0, 200) }),
  ]);
}

describe('what others write', () => {
  describe('in the view', () => {
    let host: ScriptedHost;
    let outside: Outside;

    async function open(messages: ViewMessage[]): Promise<void> {
      host = await ScriptedHost.open({ screen: 'loading' }, { height: 900 });
      outside = await Outside.watch(host.page, '/?theme=', '/webview.', '/naive.js');
      host.screen = talk({}, { messages });
    }

    const unseen = /[\u202a-\u202e\u2066-\u2069\u200b\u0000\u001b\u2028\u2029\ufeff\u{e0041}]/u;

    /** Also what only screen readers and pointers come upon. */
    function allText(): Promise<string> {
      return host.page.evaluate<string>(`document.querySelector('#crypt2chat').innerText +
        [...document.querySelectorAll('#crypt2chat *')].flatMap((one) => [...one.attributes].map(({ value }) => value)).join(' ')`);
    }

    async function assertUntouched(what: string): Promise<void> {
      await host.frames();
      assert.deepEqual(await host.page.evaluate('watch.events'), [], what);
      assert.deepEqual(await host.page.evaluate(`watch.foreign('#crypt2chat')`), [], what);
      assert.deepEqual(outside.seen, [], what);
      assert.deepEqual(await host.page.evaluate('Object.keys(Object.prototype)'), [], what);
      assert.equal(host.page.frames().length, 1, what);
    }

    afterEach(async () => {
      await host.close();
    });

    it('stays text, in every place where it is shown', async () => {
      const messages = history();
      await open(messages);
      let links = 0;
      for (let from = 0; from < messages.length; from += 60) {
        const some = messages.slice(from, from + 60);
        await host.send({
          type: 'screen',
          screen: talk(
            { key: `talk-${from}`, title: some[0]!.author, address: some[0]!.author, draft: some[0]!.author },
            { messages: some.map((message) => ({ ...message, conversation: `talk-${from}` })) },
          ),
        });
        await host.page
          .locator('.row')
          .nth(some.length - 1)
          .waitFor();
        await assertUntouched(`messages ${from}`);
        // Everything that can be clicked, hovered and focused is.
        const found = await host.page.locator('.messages [role=link]').count();
        links += found;
        await host.page
          .evaluate(`for (const one of document.querySelectorAll('.messages [role=link], .messages .text *')) {
          one.focus(); one.click();
          for (const type of ['mouseover', 'mousedown', 'auxclick', 'dblclick', 'dragstart', 'contextmenu', 'toggle', 'error'])
            one.dispatchEvent(new MouseEvent(type, { bubbles: true, cancelable: true, button: 1 }));
        }`);
        await assertUntouched(`messages ${from}, clicked`);
      }
      await picture(host.page, 'attacks');
      assert.ok(links > 20);
      const opened = host.all('open-link').map(({ url }) => url);
      assert.ok(opened.length >= links);
      for (const url of opened) assert.match(url, /^(https?:\/\/|mailto:)[^@]*$/);
      assert.deepEqual(
        host.invalid.filter((message) => !message.includes('save-draft')),
        [],
      );
    });

    it('stays text in groups: their names, who is in them, what happens there, whom one may mean', async () => {
      await open([]);
      const words = [...attacks.map(({ payload }) => payload), ...deceptions, ...pollutions];
      for (const [i, payload] of words.entries()) {
        const key = `group-${i}`;
        const screen = hostileGroup(payload, key);
        await host.send({ type: 'screen', screen });
        await host.page
          .locator('.row')
          .nth(screen.messages.length - 1)
          .waitFor();
        await host.page.locator('.input').pressSequentially('@');
        await host.page.locator('.mention-option').first().waitFor();
        await host.page.evaluate(`for (const one of document.querySelectorAll(
            '.event *, .byline *, .mention, .missing-keys *, .typing-line *, .mentions *, h1 *')) {
          for (const type of ['click', 'mouseover', 'mousedown', 'auxclick', 'dblclick', 'contextmenu', 'error'])
            one.dispatchEvent(new MouseEvent(type, { bubbles: true, cancelable: true, button: 1 }));
        }`);
        await host.send({
          type: 'conversation',
          conversation: { ...screen.conversation, status: i % 2 === 0 ? 'request' : 'ignored' },
        });
        await host.page.locator('.request').waitFor();
        await assertUntouched(`group ${i}`);
      }
      // The name in each group that can be mentioned was offered, and put into the field by a click.
      const drafts = host.all('save-draft').map(({ text: draft }) => draft);
      assert.ok(drafts.filter((draft) => draft === '@img ').length > words.length / 2);
      for (const draft of drafts) assert.match(draft, /^(@[a-z]+ |@|)$/i);
      assert.deepEqual(host.invalid, []);
    });

    it('is shown in full: code and text lose nothing but what deceives', async () => {
      const some = attacks.filter(({ payload }) => !/[\u0000-\u0008\u000b-\u001f]/.test(payload));
      await open([]);
      await host.send({
        type: 'screen',
        screen: talk(
          { key: 'whole' },
          {
            messages: some.map(({ payload }, i) => ({
              ...text(i, '', {
                body: { kind: 'code', text: payload, language: 'html', path: '', startLine: 0, endLine: 0 },
              }),
              conversation: 'whole',
            })),
          },
        ),
      });
      await host.page
        .locator('pre')
        .nth(some.length - 81 < 0 ? 0 : 79)
        .waitFor();
      await host.holds(`document.querySelectorAll('.hljs-tag').length > 20`);
      const shown = await host.page.locator('.card code').allTextContents();
      assert.deepEqual(
        shown,
        some.slice(-shown.length).map(({ payload }) => payload),
      );
    });

    it('cannot use a direction or an invisible character to look like something else', async () => {
      await open([]);
      await host.send({
        type: 'screen',
        screen: talk(
          { key: 'bidi', title: deceptions[0]! },
          {
            messages: deceptions.map((words, i) => ({
              ...text(i, words, {
                author: words,
                body: { kind: 'code', text: words, language: words, path: words, startLine: 1, endLine: 1 },
              }),
              conversation: 'bidi',
            })),
          },
        ),
      });
      await host.page
        .locator('.row')
        .nth(deceptions.length - 1)
        .waitFor();
      const everything = await allText();
      assert.doesNotMatch(everything, unseen);
      assert.ok(everything.includes('[U+202E]'));

      for (const [i, words] of deceptions.entries()) {
        const screen = hostileGroup(words, `bidi-${i}`);
        // Text is prose, which keeps some marks that scripts need; here it is about names.
        await host.send({ type: 'screen', screen: { ...screen, messages: screen.messages.slice(0, -1) } });
        await host.page
          .locator('.event')
          .nth(eventKinds.length - 1)
          .waitFor();
        assert.doesNotMatch(await allText(), unseen, words);
        // Each name reads by itself: what is around it keeps its order.
        const names = await host.page.locator('.event bdi').count();
        assert.ok(names >= eventKinds.length - 2, `${names}`);
      }
    });

    it('says where a link really goes', async () => {
      await open([]);
      const cases = {
        '[https://bank.example](https://attack.invalid/)': 'https://bank.example (attack.invalid)',
        '[the docs](https://docs.example.org/a)': 'the docs (docs.example.org)',
        '[bank.example](https://bank.example.attack.invalid/)': 'bank.example (bank.example.attack.invalid)',
        '[x](https://xn--bnk-sna.example/)': 'x (xn--bnk-sna.example)',
        '[bänk](https://bänk.example/)': 'bänk (xn--bnk-qla.example)',
        'https://example.org/a': 'https://example.org/a',
        'www.example.org': 'www.example.org',
        '[mail](mailto:a@example.org)': 'mail (a@example.org)',
      };
      const messages = Object.keys(cases).map((words, i) => ({ ...text(i, words), conversation: 'links' }));
      await host.send({ type: 'screen', screen: talk({ key: 'links' }, { messages }) });
      await host.page
        .locator('.text a')
        .nth(messages.length - 1)
        .waitFor();
      assert.deepEqual(await host.page.locator('.text a').allTextContents(), Object.values(cases));
    });

    it('pollutes nothing by its keys', async () => {
      await open([]);
      const polluted =
        '{"type":"focus","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}';
      await host.page.evaluate(`deliver(JSON.parse('${polluted}'))`);
      for (const key of pollutions) {
        const message = { ...text(1, key, { author: key, key }), conversation: key };
        await host.send({
          type: 'screen',
          screen: talk({ key, title: key, draft: key }, { messages: [message] }),
        });
        await host.page.locator('.row').getByText(key).first().waitFor();
        await host.send({
          type: 'message',
          message: { ...message, own: true, state: 'sent' },
          arrived: false,
        });
        await host.send({ type: 'message-removed', conversation: key, key });
        await host.page.getByText('No messages yet.').waitFor();
      }
      await assertUntouched('pollution');
      assert.equal(await host.page.evaluate('({}).polluted'), undefined);
    });

    it('cannot hold the view up for long', async function () {
      this.timeout(120_000);
      await open([]);
      const took: [number, string][] = [];
      for (const [i, [name, words]] of Object.entries(exhausting).entries()) {
        await host.page.evaluate('performance.clearMeasures()');
        const conversation = `slow-${i}`;
        const messages = [{ ...text(1, words), conversation }];
        await host.send({ type: 'screen', screen: talk({ key: conversation }, { messages }) });
        const began = Date.now();
        await host.page.locator('.row').waitFor();
        await host.frames();
        took.push([Date.now() - began, name]);
        const count = await host.page.evaluate<number>(`document.querySelectorAll('.text *').length`);
        assert.ok(count <= 3500, `${name}: ${count} elements`);
      }
      took.sort(([a], [b]) => b - a);
      const [slowest] = took;
      assert.ok(slowest !== undefined && slowest[0] < 1500, JSON.stringify(took.slice(0, 5)));
      if (process.env['WEBVIEW_PICTURES'] !== undefined)
        console.log('slowest to show, in ms:', took.slice(0, 5));
      await assertUntouched('exhausting texts');
    });
  });

  // The same against a page that was made without care. What is not noticed here would not be noticed there either.
  describe('in a careless page (the control)', () => {
    async function unleash(attack: Attack): Promise<string[]> {
      const page = await newPage();
      const outside = await Outside.watch(page, '/naive');
      await page.goto(`${await origin()}/naive`);
      await page.evaluate(`showNaively(${JSON.stringify(attack.payload)})`);
      const clickable = page.locator('#naive a, #naive button').first();
      if (
        (attack.control === 'runs-clicked' || attack.control === 'leads') &&
        (await clickable.count()) > 0
      ) {
        await clickable.dispatchEvent('click');
      }
      const wanted = {
        runs: /^ran/,
        'runs-clicked': /^ran/,
        loads: /^request/,
        leads: /^request/,
        marks: /^mark/,
      }[attack.control];
      const found: string[] = [];
      for (let look = 0; look < 40 && !found.some((one) => wanted.test(one)); look++) {
        found.splice(0);
        found.push(...outside.seen);
        // A page that was led away answers no more.
        const inside = page.evaluate<string[]>(
          `[...watch.events, ...watch.foreign('#naive').map((one) => 'mark: ' + one)]`,
        );
        found.push(...(await inside.catch(() => [])));
        await page.evaluate('new Promise((done) => setTimeout(done, 25))').catch(() => undefined);
      }
      await page.context().close();
      return found.some((one) => wanted.test(one))
        ? []
        : [`${attack.name} (${attack.control}): ${found.join(', ')}`];
    }

    it('does what it is made to do, and is noticed', async function () {
      this.timeout(240_000);
      const unnoticed: string[] = [];
      const waiting = [...attacks];
      const work = async (): Promise<void> => {
        for (let attack = waiting.pop(); attack !== undefined; attack = waiting.pop()) {
          unnoticed.push(...(await unleash(attack)));
        }
      };
      await Promise.all([work(), work(), work(), work()]);
      assert.deepEqual(unnoticed, []);
    });

    it('holds it up for long', async () => {
      const page = await newPage();
      await page.goto(`${await origin()}/naive`);
      const began = Date.now();
      await page.evaluate(`showNaively(${JSON.stringify(exhausting['"*é_"'])})`);
      assert.ok(Date.now() - began > 800, `${Date.now() - began} ms`);
      await page.context().close();
    });
  });
});
