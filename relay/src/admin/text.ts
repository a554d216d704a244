/** How the command line writes figures, dates and tables. */

const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];

/** `1536` as `1.5 kB`. */
export function sizeText(bytes: number): string {
  const power = bytes < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power] ?? ''}`;
}

/** `2026-01-31 12:00 UTC` */
export function momentText(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** `3 envelopes`, `1 envelope` */
export function countText(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** Columns side by side; those of which all cells are figures to the right. */
export function tableLines(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = header.map((head, i) => Math.max(head.length, ...rows.map((row) => row[i]!.length)));
  const areFigures = header.map((_, i) => rows.length > 0 && rows.every((row) => /^[0-9]/.test(row[i]!)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => (areFigures[i] === true ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd();
  return [line(header), ...rows.map(line)];
}
