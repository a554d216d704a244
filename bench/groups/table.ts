/** What a round gives, and how rounds become tables. */
import { type Cost, median } from '../measure.ts';

export interface Measured extends Cost {
  /** Bytes that go to the relay, or would. */
  readonly posted: number;
  /** Bytes that come from it. */
  readonly fetched: number;
}

/** By the name of what was done. */
export type Measures = Readonly<Record<string, Measured>>;

/** Each figure by itself is the median of its kind. */
export function middle(all: readonly Measured[]): Measured {
  const of = (figure: (one: Measured) => number): number => median(all.map(figure));
  return {
    cpuMs: of(({ cpuMs }) => cpuMs),
    wallMs: of(({ wallMs }) => wallMs),
    posted: of(({ posted }) => posted),
    fetched: of(({ fetched }) => fetched),
  };
}

/** The rounds of both sides, of one size. */
export interface Side {
  readonly ours: Measures[];
  readonly peer: Measures[];
}

/** A table for each size. */
export function print(sides: ReadonlyMap<number, Side>, caughtUp: number, say: (line: string) => void): void {
  for (const [size, { ours, peer }] of sides) {
    say('');
    say(`### ${size} devices`);
    say('');
    say('| | ours, CPU | wall | posted | fetched | ts-mls, CPU | posted | ours : ts-mls, CPU |');
    say('|---|--:|--:|--:|--:|--:|--:|--:|');
    const names = new Set([...Object.keys(ours[0] ?? {}), ...Object.keys(peer[0] ?? {})]);
    for (const name of names) {
      const our = present(ours.map((round) => round[name]));
      const their = present(peer.map((round) => round[name]));
      const ratios = our.flatMap(({ cpuMs }, i) => (their[i] ? [cpuMs / their[i].cpuMs] : []));
      const cells = [
        time(our.map(({ cpuMs }) => cpuMs)),
        time(our.map(({ wallMs }) => wallMs)),
        bytes(our.map(({ posted }) => posted)),
        bytes(our.map(({ fetched }) => fetched)),
        time(their.map(({ cpuMs }) => cpuMs)),
        bytes(their.map(({ posted }) => posted)),
        ratios.length > 0 ? median(ratios).toFixed(2) : '',
      ];
      say(`| ${label(name, caughtUp)} | ${cells.join(' | ')} |`);
    }
  }
}

function label(name: string, caughtUp: number): string {
  return name === 'send many' || name === 'catch up' ? `${name}: ${caughtUp}` : name;
}

function present(all: readonly (Measured | undefined)[]): Measured[] {
  return all.filter((one) => one !== undefined);
}

function time(values: readonly number[]): string {
  if (values.length === 0) return '';
  const ms = median(values);
  return ms < 1000 ? `${ms.toFixed(1)} ms` : `${(ms / 1000).toFixed(2)} s`;
}

function bytes(values: readonly number[]): string {
  const count = values.length === 0 ? 0 : median(values);
  if (count === 0) return '';
  return count < 10_000 ? `${count} B` : `${(count / 1000).toFixed(1)} kB`;
}
