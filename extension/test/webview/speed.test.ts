import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import * as v from 'valibot';
import type { ViewMessage } from '../../src/ipc/index.ts';
import { ScriptedHost, talk, text } from './scripted-host.ts';

const code = `export async function retry<T>(op: () => Promise<T>, n = 3): Promise<T> {
  for (let i = 0; i < n; i++) {
    try {
      return await op(); // attempt
    } catch (error) {
      if (i === n - 1) throw error;
    }
  }
  throw new Error('unreachable ' + n);
}`;

/** Of the kinds that a team writes: mostly short, some Markdown, one in ten with code. */
function history(length: number): ViewMessage[] {
  return Array.from({ length }, (_, i) => {
    const own = i % 7 < 3;
    if (i % 10 === 9) {
      const body = {
        kind: 'code',
        text: code,
        language: 'typescript',
        path: 'src/retry.ts',
        startLine: i,
        endLine: i + 9,
      };
      return text(i, '', { own, body: { ...body, kind: 'code' } });
    }
    const words = `message ${i}: **bold** and \`code\`, see https://example.org/${i}${' and so on'.repeat(i % 17)}`;
    return text(i, i % 5 === 0 ? `- one\n- two ${i}\n\n> quoted` : words, { own });
  });
}

/** Moves the list by `px` in each frame until `done` holds; gives the number of frames. */
function scrolling(px: number, done: string): string {
  return `new Promise((resolve) => {
    const list = document.querySelector('.messages');
    let frames = 0;
    const frame = () => {
      frames += 1;
      if (${done} || frames > 20000) resolve(frames);
      else {
        list.scrollTop += ${px};
        requestAnimationFrame(frame);
      }
    };
    requestAnimationFrame(frame);
  })`;
}

const isFirst = `document.querySelector('.top').textContent.includes('began') && list.scrollTop === 0`;
const isLast = `document.querySelector('.pill').hidden`;

const traceSchema = v.object({
  traceEvents: v.array(
    v.object({
      name: v.string(),
      pid: v.number(),
      tid: v.number(),
      tdur: v.optional(v.number()),
      args: v.optional(v.unknown()),
    }),
  ),
});
const threadName = v.object({ name: v.string() });

interface Work {
  readonly frames: number;
  /** Of the page's main thread: its own time, whatever else the machine does meanwhile. */
  readonly perFrameMs: number;
  readonly longestTaskMs: number;
  readonly tasksOver50Ms: number;
}

async function measured(page: Page, expression: string): Promise<Work> {
  const browser = page.context().browser();
  assert.ok(browser !== null);
  await browser.startTracing(page, { categories: ['toplevel', '__metadata'] });
  const frames = await page.evaluate<number>(expression);
  const { traceEvents } = v.parse(traceSchema, JSON.parse((await browser.stopTracing()).toString('utf8')));
  const main = traceEvents.find(
    ({ name, args }) => name === 'thread_name' && v.is(threadName, args) && args.name === 'CrRendererMain',
  );
  const tasks = traceEvents
    .filter(
      ({ name, pid, tid }) =>
        name === 'ThreadControllerImpl::RunTask' && pid === main?.pid && tid === main.tid,
    )
    .map(({ tdur = 0 }) => tdur / 1000);
  assert.ok(tasks.length >= frames, `${tasks.length} tasks in ${frames} frames`);
  return {
    frames,
    perFrameMs: tasks.reduce((sum, ms) => sum + ms, 0) / frames,
    longestTaskMs: Math.max(...tasks),
    tasksOver50Ms: tasks.filter((ms) => ms > 50).length,
  };
}

describe('ten thousand messages', () => {
  let host: ScriptedHost;

  afterEach(async () => {
    await host.close();
  });

  it('scroll smoothly to the first and back, and take one that arrives', async function () {
    this.timeout(300_000);
    host = await ScriptedHost.open(talk(), { history: history(10_000), height: 800 });
    await host.page.locator('.row').first().waitFor();
    await host.frames();
    const up = await measured(host.page, scrolling(-1600, isFirst));
    assert.equal(await host.page.locator('.text').first().locator('li').first().innerText(), 'one');
    const down = await measured(host.page, scrolling(1600, isLast));
    assert.ok((await host.page.locator('.row').count()) <= 300);
    const message = { ...text(10_001, 'fresh one'), key: 'fresh' };
    const arrival = await host.page.evaluate<number>(`new Promise((resolve) => {
      const began = performance.now();
      const look = () => {
        const shown = [...document.querySelectorAll('.text')].some((one) => one.textContent.includes('fresh one'));
        if (shown) requestAnimationFrame(() => resolve(performance.now() - began));
        else requestAnimationFrame(look);
      };
      deliver(${JSON.stringify({ type: 'message', message, arrived: true })});
      requestAnimationFrame(look);
    })`);
    if (process.env['WEBVIEW_PICTURES'] !== undefined) console.log({ up, down, arrival });
    for (const { perFrameMs, longestTaskMs, tasksOver50Ms, frames } of [up, down]) {
      // Twice to three times what was seen. A list that draws everything anew is far beyond it.
      assert.ok(perFrameMs < 30, `${perFrameMs} ms a frame`);
      assert.ok(longestTaskMs < 150, `a task of ${longestTaskMs} ms`);
      assert.ok(tasksOver50Ms <= frames / 100, `${tasksOver50Ms} long tasks in ${frames} frames`);
    }
    // Wall time, on a machine that may be busy.
    assert.ok(arrival < 500, `${arrival} ms`);
  });
});
