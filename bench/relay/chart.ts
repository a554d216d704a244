/** Accepted messages per second as bars, in SVG that follows the reader's light or dark. */
import type { PeerRounds } from './result.ts';
import { rate } from './tables.ts';

const senders = '64';
const width = 760;
const labelWidth = 350;
const barsWidth = 330;
const rowHeight = 30;
const barHeight = 18;
const top = 64;

export function chart(peers: readonly PeerRounds[]): string {
  const bars = peers
    .flatMap(({ name, title, keeps, accepted }) => {
      const found = accepted[senders];
      const kind = name.startsWith('relay') ? 'ours' : keeps ? 'peer' : 'ceiling';
      return found === undefined ? [] : [{ title, kind, perSecond: rate(found) }];
    })
    .toSorted((a, b) => b.perSecond - a.perSecond);
  const most = Math.max(...bars.map(({ perSecond }) => perSecond));
  const height = top + bars.length * rowHeight + 16;
  const rows = bars.map(({ title, kind, perSecond }, i) => {
    const y = top + i * rowHeight;
    const length = Math.max(1, (perSecond / most) * barsWidth);
    const middle = y + barHeight / 2 + 5;
    return [
      `  <text x="${labelWidth - 10}" y="${middle}" text-anchor="end">${escape(title)}</text>`,
      `  <rect class="${kind}" x="${labelWidth}" y="${y}" width="${length.toFixed(1)}" height="${barHeight}" rx="2"/>`,
      `  <text x="${(labelWidth + length + 8).toFixed(1)}" y="${middle}">${Math.round(perSecond)}</text>`,
    ].join('\n');
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title">
  <title id="title">Messages of 1 KiB accepted per second from ${senders} senders, each fsync 1 ms</title>
  <style>
    svg { color: #24292f; }
    text { font: 13px system-ui, sans-serif; fill: currentColor; }
    .heading { font-size: 15px; font-weight: 600; }
    .ours { fill: #0969da; }
    .peer { fill: #8c959f; }
    .ceiling { fill: none; stroke: #8c959f; stroke-dasharray: 4 3; }
    @media (prefers-color-scheme: dark) {
      svg { color: #e6edf3; }
      .ours { fill: #4493f8; }
      .peer { fill: #6e7681; }
      .ceiling { stroke: #9198a1; }
    }
  </style>
  <text class="heading" x="16" y="26">Messages of 1 KiB accepted per second, ${senders} senders</text>
  <text x="16" y="46">Durable before the answer, each fsync 1 ms; dashed: a ceiling that keeps nothing</text>
${rows.join('\n')}
</svg>
`;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
