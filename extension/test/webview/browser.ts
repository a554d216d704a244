/**
 * A real Chromium with the built webview under its real policy, served from this computer. `CHROMIUM_PATH` names the
 * executable.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { type Browser, chromium, type Page } from 'playwright-core';
import { renderPage } from '../../src/host/page.ts';
import { defaultStyles, type Theme, themes } from './themes.ts';

const here = dirname(fileURLToPath(import.meta.url));

let browser: Promise<Browser> | undefined;
let bundle: Promise<Map<string, string>> | undefined;
let server: Promise<Server> | undefined;

// Browsers are slow where many share a machine; what a test waits for has limits of its own.
beforeEach(function () {
  this.currentTest?.timeout(60_000);
});

after(async () => {
  await (await browser)?.close();
  const running = await server;
  if (running !== undefined) {
    running.closeAllConnections();
    await new Promise((resolve) => running.close(resolve));
  }
});

async function launch(): Promise<Browser> {
  const executablePath = process.env['CHROMIUM_PATH'];
  if (executablePath === undefined) throw new Error('CHROMIUM_PATH does not name a Chromium');
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--force-color-profile=srgb'] });
}

/** webview.js and webview.css as they ship, and the scripts of the test. */
async function bundled(): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  const entries = {
    webview: join(here, '../../src/webview/main.ts'),
    bridge: join(here, 'page/bridge.ts'),
    watch: join(here, 'page/watch.ts'),
    audit: join(here, 'page/audit.ts'),
    naive: join(here, 'page/naive.ts'),
  };
  for (const [name, entry] of Object.entries(entries)) {
    const { outputFiles } = await build({
      entryPoints: [entry],
      outfile: `${name}.js`,
      bundle: true,
      write: false,
      minify: true,
      platform: 'browser',
      format: 'iife',
      target: 'chrome132',
      loader: { '.svg': 'text' },
      legalComments: 'none',
    });
    for (const { path, text } of outputFiles) files.set(`/${path.slice(path.lastIndexOf('/') + 1)}`, text);
  }
  return files;
}

const types = new Map([
  ['js', 'text/javascript'],
  ['css', 'text/css'],
]);

async function serve(): Promise<Server> {
  const files = await (bundle ??= bundled());
  const started = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://local');
    const theme = themes.find(({ name }) => name === url.searchParams.get('theme')) ?? themes[0]!;
    if (url.pathname === '/') {
      response.setHeader('content-type', 'text/html; charset=utf-8');
      response.end(pageAt(`http://${request.headers.host ?? ''}`, theme));
      return;
    }
    if (url.pathname === '/naive') {
      // No policy at all: the control.
      response.setHeader('content-type', 'text/html; charset=utf-8');
      response.end('<!DOCTYPE html><div id="naive"></div><script src="/naive.js"></script>');
      return;
    }
    const file = files.get(url.pathname);
    response.statusCode = file === undefined ? 404 : 200;
    response.setHeader('content-type', types.get(url.pathname.split('.').at(-1) ?? '') ?? 'text/plain');
    response.end(file);
  });
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
  return started;
}

/** The page as VS Code puts it into its frame: its default styles go before the policy, its theme on root and body. */
function pageAt(origin: string, theme: Theme): string {
  const html = renderPage({
    nonce: randomBytes(18).toString('base64'),
    cspSource: origin,
    scriptUri: `${origin}/webview.js`,
    styleUri: `${origin}/webview.css`,
  });
  const variables = Object.entries(theme.variables).map(([name, value]) => `--vscode-${name}: ${value};`);
  const head = `<head><style id="_defaultStyles">${defaultStyles}
    :root { ${variables.join(' ')} } html { background: ${theme.background}; }</style>`;
  return html
    .replace('<head>', head)
    .replace('<body>', `<body class="${theme.bodyClass}" data-vscode-theme-kind="${theme.kind}">`);
}

export async function origin(): Promise<string> {
  const { port } = (await (server ??= serve())).address() as AddressInfo;
  return `http://127.0.0.1:${port}`;
}

export interface PageOptions {
  readonly width?: number;
  readonly height?: number;
  readonly theme?: Theme['name'];
  readonly path?: string;
  readonly forcedColors?: 'active' | 'none';
  readonly reducedMotion?: 'reduce' | 'no-preference';
}

/** A fresh page with the test's scripts in it, not yet anywhere. */
export async function newPage(options: PageOptions = {}): Promise<Page> {
  const context = await (
    await (browser ??= launch())
  ).newContext({
    viewport: { width: options.width ?? 340, height: options.height ?? 700 },
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    forcedColors: options.forcedColors ?? 'none',
    reducedMotion: options.reducedMotion ?? 'no-preference',
  });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const files = await (bundle ??= bundled());
  for (const script of ['/watch.js', '/bridge.js', '/audit.js'])
    await page.addInitScript({ content: files.get(script) ?? '' });
  return page;
}

/** Where a person who works on the view wants pictures of it, `WEBVIEW_PICTURES` names a folder. */
export async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env['WEBVIEW_PICTURES'];
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
}
