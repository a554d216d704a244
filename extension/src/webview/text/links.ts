/**
 * Links. One is never an `href`: the page has nowhere to navigate to, whatever is clicked, dragged or pressed. Its
 * address is kept beside the element and goes to the host, which asks before it opens anything.
 */
import { oneLine } from '../model/index.ts';

const protocols = ['http:', 'https:', 'mailto:'];
const maxLength = 2048;

/** The address in its one normal form, or undefined for what is not opened from here. */
export function parseLink(text: string): URL | undefined {
  if (text.length > maxLength) return undefined;
  const url = URL.parse(text);
  if (url === null || !protocols.includes(url.protocol) || url.href.length > maxLength) return undefined;
  // `https://bank.example@evil.example` reads as the bank.
  return url.username === '' && url.password === '' ? url : undefined;
}

const addresses = new WeakMap<Element, string>();

export function addressOf(link: Element): string | undefined {
  return addresses.get(link);
}

/** Makes `link` one that {@link addressOf} knows, with where it goes in words unless its text says so already. */
export function makeLink(link: HTMLElement, url: URL): void {
  const text = link.textContent.trim();
  addresses.set(link, url.href);
  link.setAttribute('role', 'link');
  link.setAttribute('tabindex', '-1');
  link.title = url.href;
  if (text === '') link.textContent = url.href;
  else if (!saysWhere(text, url)) {
    const where = document.createElement('span');
    where.className = 'link-host';
    where.textContent = ` (${oneLine(url.protocol === 'mailto:' ? url.pathname : url.host)})`;
    link.append(where);
  }
}

function saysWhere(text: string, url: URL): boolean {
  if (text === url.href || `${text}/` === url.href) return true;
  if (url.protocol === 'mailto:') return text === url.pathname;
  return parseLink(text)?.href === url.href || parseLink(`${url.protocol}//${text}`)?.href === url.href;
}
