import assert from 'node:assert/strict';
import { contentSecurityPolicy, renderPage } from '../../src/host/page.ts';

const parts = {
  nonce: 'q1w2e3r4t5y6u7i8o9p0aA==',
  cspSource: 'https://*.vscode-cdn.net',
  scriptUri: 'https://file+.vscode-resource.vscode-cdn.net/dist/webview.js',
  styleUri: 'https://file+.vscode-resource.vscode-cdn.net/dist/webview.css',
};

describe('the page of the webview', () => {
  it('allows one script by its nonce, styles of the extension, and nothing else', () => {
    const policy = contentSecurityPolicy(parts);
    const style = /<meta property="csp-nonce" content="([\w-]{43})">/.exec(renderPage(parts))?.[1] ?? '';
    assert.equal(
      policy,
      `default-src 'none'; script-src 'nonce-${parts.nonce}'; style-src https://*.vscode-cdn.net 'nonce-${style}'; base-uri 'none'; form-action 'none'`,
    );
    assert.notEqual(style, parts.nonce);
    assert.doesNotMatch(policy, /unsafe|\bdata:|\*(?!\.vscode-cdn\.net)/);
  });

  it('holds one script with the nonce, no inline script and no inline style', () => {
    const page = renderPage(parts);
    assert.deepEqual(page.match(/<script[^>]*>[^<]*/g), [
      `<script nonce="${parts.nonce}" src="${parts.scriptUri}">`,
    ]);
    assert.doesNotMatch(page, /<style|style=|\son\w+=/i);
    assert.ok(page.indexOf('Content-Security-Policy') < page.indexOf('<link'));
  });

  it('keeps what it is given inside its attribute', () => {
    const page = renderPage({ ...parts, styleUri: 'x"><script>alert(1)</script>' });
    assert.equal(page.match(/<script/g)?.length, 1);
    assert.ok(page.includes('href="x&quot;&gt;&lt;script&gt;'));
  });

  it('refuses a nonce that is short or holds other characters', () => {
    for (const nonce of ['', 'abc', `${parts.nonce}'`, `${parts.nonce} *`, `${parts.nonce}"`]) {
      assert.throws(() => renderPage({ ...parts, nonce }), RangeError, nonce);
    }
  });
});
