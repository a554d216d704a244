/**
 * The HTML of the chat webview: an empty page under a strict Content-Security-Policy that loads one script and one
 * stylesheet. Nothing else may load, run, frame, connect or be submitted; everything that is shown is made by the script.
 */
import { createHash } from 'node:crypto';

export interface PageParts {
  /** Of this one page: at least 128 random bits, in base64 or base64url. */
  readonly nonce: string;
  /** `webview.cspSource` */
  readonly cspSource: string;
  /** `webview.asWebviewUri` of dist/webview.js, as a string. */
  readonly scriptUri: string;
  /** The same of dist/webview.css. */
  readonly styleUri: string;
}

/** The policy, which a test serves as it is. Icons are inline SVG and fonts are the system's own: neither needs a source. */
export function contentSecurityPolicy({ nonce, cspSource }: Pick<PageParts, 'nonce' | 'cspSource'>): string {
  return [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${cspSource} 'nonce-${styleNonce(nonce)}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
}

/**
 * The component kit tries out one rule in a `style` element of its own, and asks a meta element for its nonce. It gets
 * another than the script's, from which that one cannot be told; the webview takes the element away at once.
 */
function styleNonce(nonce: string): string {
  return createHash('sha256').update(`style ${nonce}`).digest('base64url');
}

/** @throws RangeError for a nonce that is too short or could leave its place. */
export function renderPage(parts: PageParts): string {
  if (!/^[A-Za-z0-9+/_-]{22,}={0,2}$/.test(parts.nonce)) throw new RangeError('not a nonce');
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escapeAttribute(contentSecurityPolicy(parts))}">
<meta property="csp-nonce" content="${styleNonce(parts.nonce)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${escapeAttribute(parts.styleUri)}">
<title>crypt2chat</title>
</head>
<body>
<div id="crypt2chat"></div>
<script nonce="${escapeAttribute(parts.nonce)}" src="${escapeAttribute(parts.scriptUri)}"></script>
</body>
</html>
`;
}

const entities = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
]);

function escapeAttribute(value: string): string {
  return value.replace(/[&<>"]/g, (character) => entities.get(character) ?? '');
}
