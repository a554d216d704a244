/** A result as the tables of docs/benchmarks.md. */
import { median } from '../measure.ts';
import type { Accepted } from './accepting.ts';
import type { Fleet, Latency, Memory, PeerRounds, Result, Stored } from './result.ts';

const many = '64';
const batched = '16x64';

/** What is aimed at, by the peer: ours for each of theirs, 64 senders. */
const aims: Readonly<Record<string, readonly [string, number][]>> = {
  relay: [
    ['koa', 0.85],
    ['fastapi', 6],
    ['ntfy', 5],
    ['prosody', 25],
  ],
  'relay-postgres': [
    ['relay', 0.8],
    ['postgres-notify', 4],
  ],
};

export function tables(result: Result): string[] {
  const lines = [
    `Measured on ${result.at.slice(0, 10)}: ${result.machine}. Medians of ${result.rounds} rounds of ${result.seconds} s,`,
    'in which everybody takes turns; ratios are medians of those of each round. Messages of 1 KiB, one outstanding for',
    'each sender, senders and servers on the same machine.',
  ];
  const { fixed, real } = result.peers;
  if (fixed !== undefined) {
    lines.push('', ...heading('Accepted per second, each fsync 1 ms'), ...acceptedTable(fixed));
    lines.push('', ...heading('Against the aims'), ...aimsTable(fixed));
  }
  if (real !== undefined) {
    const { real: syncs } = result.syncsPerSecond;
    lines.push('', ...heading(`The same on the real disk (${syncs ?? '?'} fsyncs a second by itself)`));
    lines.push(...acceptedTable(real));
  }
  if (result.latency.length > 0)
    lines.push(
      '',
      ...heading('From sending to having it, 50 messages a second'),
      ...latencyTable(result.latency),
    );
  if (result.memory.length > 0)
    lines.push('', ...heading('Memory while devices wait'), ...memoryTable(result.memory));
  if (result.stored !== undefined)
    lines.push('', ...heading('With much stored'), ...storedTable(result.stored));
  if (result.fleet.length > 0)
    lines.push('', ...heading('Processes on one PostgreSQL'), ...fleetTable(result.fleet));
  const skipped = Object.entries(result.skipped).map(([name, why]) => `${name} (${why})`);
  if (skipped.length > 0) lines.push('', `Skipped: ${skipped.join(', ')}.`);
  const peers = fixed ?? real ?? [];
  if (peers.length > 0) lines.push('', ...heading('Settings'));
  for (const { title, settings } of peers) lines.push(`- ${title}: ${settings}`);
  return lines;
}

function heading(text: string): string[] {
  return [`#### ${text}`, ''];
}

function acceptedTable(peers: readonly PeerRounds[]): string[] {
  const keys = [...new Set(peers.flatMap(({ accepted }) => Object.keys(accepted)))];
  const named = keys.map((key) =>
    key.includes('x')
      ? `${key.split('x')[1]} senders, ${key.split('x')[0]} in one request`
      : `${key} ${key === '1' ? 'sender' : 'senders'}`,
  );
  return [
    `| | ${named.join(' | ')} | CPU for a message, 64 senders |`,
    `|---|${'--:|'.repeat(keys.length + 1)}`,
    ...peers.map(({ title, accepted }) => {
      const rates = keys.map((key) => (accepted[key] === undefined ? '' : whole(rate(accepted[key]))));
      return `| ${title} | ${rates.join(' | ')} | ${micros(accepted[many])} |`;
    }),
  ];
}

function aimsTable(peers: readonly PeerRounds[]): string[] {
  const lines = ['| | at least | found |', '|---|--:|--:|'];
  const add = (what: string, aim: number, ours?: readonly Accepted[], theirs?: readonly Accepted[]): void => {
    const found = ours && theirs ? ratio(ours, theirs) : undefined;
    lines.push(`| ${what} | ${aim} | ${found === undefined ? 'not measured' : found.toFixed(2)} |`);
  };
  const of = (name: string): PeerRounds | undefined => peers.find((peer) => peer.name === name);
  for (const [ours, others] of Object.entries(aims)) {
    for (const [theirs, aim] of others) {
      const what = `${of(ours)?.title ?? ours} : ${of(theirs)?.title ?? theirs}`;
      add(what, aim, of(ours)?.accepted[many], of(theirs)?.accepted[many]);
    }
    const title = `${of(ours)?.title ?? ours}, 16 in one request : Redis one by one`;
    add(title, 1, of(ours)?.accepted[batched], of('redis')?.accepted[many]);
  }
  return lines;
}

function latencyTable(all: readonly Latency[]): string[] {
  return [
    '| | p50 | p99 | p99 : p50 |',
    '|---|--:|--:|--:|',
    ...all.map(({ title, p50, p99 }) => {
      const ratios = p99.map((one, round) => one / p50[round]!);
      return `| ${title} | ${ms(median(p50))} | ${ms(median(p99))} | ${median(ratios).toFixed(1)} |`;
    }),
  ];
}

function memoryTable(all: readonly Memory[]): string[] {
  const counts = Object.keys(all[0]?.waitingMb ?? {});
  const last = counts.at(-1) ?? '';
  return [
    `| | idle for 10 s | ${counts.map((count) => `${count} waiting`).join(' | ')} | for each |`,
    `|---|${'--:|'.repeat(counts.length + 2)}`,
    ...all.map(({ title, idleMb, waitingMb }) => {
      const each = ((waitingMb[last]! - idleMb) * 1024) / Number(last);
      const cells = [idleMb, ...counts.map((count) => waitingMb[count]!)].map((mb) => `${whole(mb)} MB`);
      return `| ${title} | ${cells.join(' | ')} | ${each.toFixed(1)} KB |`;
    }),
  ];
}

function storedTable({ messages, readyMs, full, empty, memoryMb }: Stored): string[] {
  const compared = ratio(full, empty).toFixed(2);
  return [
    `| | with ${messages} messages stored | empty | ratio |`,
    '|---|--:|--:|--:|',
    `| accepted per second, 64 senders | ${whole(rate(full))} | ${whole(rate(empty))} | ${compared} |`,
    `| ready after its start | ${ms(median(readyMs))} | | |`,
    `| memory under load | ${memoryMb === undefined ? '' : `${whole(memoryMb)} MB`} | | |`,
  ];
}

function fleetTable(all: readonly Fleet[]): string[] {
  return [
    '| processes | devices | sent | received | p50 | p99 | CPU, relays | CPU, PostgreSQL | log written | connections |',
    '|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|',
    ...all.map((one) => {
      const cells = [one.processes, one.devices, one.sent, one.received, ms(one.p50), ms(one.p99)];
      const micros = [one.relayMicros, one.postgresMicros].map((of) =>
        of === undefined ? '' : `${whole(of)} µs`,
      );
      return `| ${[...cells, ...micros, `${one.walBytes} B`, one.connections].join(' | ')} |`;
    }),
  ];
}

export function rate(accepted: readonly Accepted[]): number {
  return median(accepted.map(({ perSecond }) => perSecond));
}

function ratio(ours: readonly Accepted[], theirs: readonly Accepted[]): number {
  return median(ours.map(({ perSecond }, round) => perSecond / (theirs[round]?.perSecond ?? NaN)));
}

function micros(accepted: readonly Accepted[] | undefined): string {
  const found = accepted?.map((one) => one.micros).filter((one) => one !== undefined) ?? [];
  return found.length === 0 ? '' : `${whole(median(found))} µs`;
}

function whole(value: number): string {
  return String(Math.round(value));
}

function ms(value: number): string {
  return `${value.toFixed(1)} ms`;
}
