/**
 * A real VS Code window that a test or a demonstration can look at and type into: code-server with a headless
 * Chromium, driven by playwright.
 *
 *   const alice = await bootVSCode({ profile: profileAt('…/alice'), install: ['dist/crypt2chat.vsix'], settings: { … } });
 *   await alice.page.keyboard.press('F1');
 *   const panel = await findFrame(alice.page, '#composer');
 *   await alice.close();
 */
import { resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { chromium as browserType } from 'playwright-core';
import { chromium } from '../tools/chromium.mjs';
import { runCodeServer, startCodeServer } from './code-server.mjs';
import { prepareProfile } from './profile.mjs';

/**
 * @typedef {object} Window
 * @property {import('playwright-core').Page} page
 * @property {import('playwright-core').BrowserContext} context
 * @property {string} url where the server is
 * @property {Promise<unknown>} ended resolves when the server or the page is gone
 * @property {() => Promise<void>} close ends page, browser and server; the profile stays
 *
 * @typedef {object} BootOptions
 * @property {import('./profile.mjs').Profile} profile see profileAt; what is there is gone on from
 * @property {number} [port] secrets are kept per address: to find them again, name a port
 * @property {readonly string[]} [install] VSIX files
 * @property {Readonly<Record<string, unknown>>} [settings]
 * @property {string} [workspace] the folder to open
 * @property {readonly string[]} [developmentPaths] extensions to run from their folders
 * @property {string} [testsPath] a suite for the extension host to run
 * @property {NodeJS.ProcessEnv} [env]
 * @property {{ width: number, height: number }} [viewport]
 * @property {(type: string, parts: unknown[]) => void} [onLog] what a suite logs
 * @property {(code: number) => void} [onExit] the suite has ended
 */

/**
 * @param {BootOptions} options
 * @returns {Promise<Window>}
 */
export async function bootVSCode(options) {
  const { profile, port, env } = options;
  await prepareProfile(profile, options.settings);
  for (const vsix of options.install ?? []) {
    await runCodeServer(profile, ['--install-extension', resolve(vsix), '--force']);
  }
  const server = await startCodeServer({
    profile,
    ...(port === undefined ? {} : { port }),
    ...(env ? { env } : {}),
  });
  let context;
  try {
    context = await browserType.launchPersistentContext(profile.browser, {
      executablePath: await chromium(),
      headless: true,
      viewport: options.viewport ?? { width: 1280, height: 800 },
      permissions: ['clipboard-read', 'clipboard-write'],
      args: ['--disable-dev-shm-usage'],
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
    });
    const page = context.pages()[0] ?? (await context.newPage());
    if (options.onLog) await page.exposeFunction('codeAutomationLog', options.onLog);
    if (options.onExit) await page.exposeFunction('codeAutomationExit', options.onExit);
    await page.goto(addressOf(server, options));
    const closed = new Promise((resolve) => {
      page.once('close', resolve);
      page.once('crash', resolve);
    });
    const opened = context;
    return {
      page,
      context,
      url: server.url,
      ended: Promise.race([closed, server.ended]),
      close: async () => {
        await opened.close().catch(() => undefined);
        await server.stop();
      },
    };
  } catch (error) {
    await context?.close().catch(() => undefined);
    await server.stop();
    throw error;
  }
}

/**
 * @param {import('./code-server.mjs').Server} server
 * @param {BootOptions} options
 */
function addressOf({ url, authority }, { workspace, developmentPaths = [], testsPath }) {
  /** @param {string} path */
  const remote = (path) => `vscode-remote://${authority}${pathToFileURL(resolve(path)).pathname}`;
  const payload = [
    ...developmentPaths.map((path) => ['extensionDevelopmentPath', remote(path)]),
    ...(testsPath === undefined ? [] : [['extensionTestsPath', remote(testsPath)]]),
    ['skipWelcome', 'true'],
  ];
  const query = new URLSearchParams(
    workspace === undefined ? { ew: 'true' } : { folder: resolve(workspace) },
  );
  query.set('payload', JSON.stringify(payload));
  return `${url}/?${query.toString()}`;
}

/**
 * The frame of a webview: the one in which `selector` is found. VS Code nests a webview two frames deep and says
 * nowhere which is which.
 *
 * @param {import('playwright-core').Page} page
 * @param {string} selector
 * @param {number} [timeoutMs]
 * @returns {Promise<import('playwright-core').Frame>}
 */
export async function findFrame(page, selector, timeoutMs = 60_000) {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    for (const frame of page.frames()) {
      if (frame === page.mainFrame()) continue;
      // A frame may go away while it is asked.
      if (
        (await frame
          .locator(selector)
          .count()
          .catch(() => 0)) > 0
      )
        return frame;
    }
    if (Date.now() > deadline) {
      const frames = page.frames().map((frame) => `  ${frame.name()} ${frame.url()}`);
      throw new Error(
        `No webview shows ${selector} after ${String(timeoutMs)} ms. Frames:\n${frames.join('\n')}`,
      );
    }
    await pause(100);
  }
}
