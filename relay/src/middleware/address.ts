/** Where a request comes from, for rate limits only: it is neither stored nor logged. */
import { isIPv6 } from 'node:net';
import type { Context } from 'koa';

const maxHeaderLength = 2000;

/**
 * The peer's address or, behind `trustedProxies` proxies that each append to `X-Forwarded-For`, the one that the
 * outermost of them saw. Of an IPv6 address the first 64 bits: one subscriber has all the others.
 */
export function addressOf(ctx: Context, trustedProxies: number): string {
  const peer = ctx.req.socket.remoteAddress ?? '';
  if (trustedProxies === 0) return networkOf(peer);
  const forwarded = ctx.get('X-Forwarded-For').slice(-maxHeaderLength).split(',');
  const seen = forwarded.at(-trustedProxies)?.trim() ?? '';
  return networkOf(seen === '' ? peer : seen);
}

function networkOf(address: string): string {
  const mapped = /^::ffff:([0-9.]+)$/i.exec(address);
  if (mapped?.[1] !== undefined) return mapped[1];
  if (!isIPv6(address)) return address.slice(0, 64);
  const [head = '', tail] = address.toLowerCase().split('%')[0]!.split('::');
  const groups = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : 8 - groups.length - after.length;
  return [...groups, ...Array<string>(Math.max(0, zeros)).fill('0'), ...after]
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':');
}
