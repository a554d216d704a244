/**
 * The options in a file: one `NAME=value` a line, with the names that the environment has, so that Docker
 * (`--env-file`) and systemd (`EnvironmentFile=`) read the same file. Empty lines and lines that begin with `#` are
 * passed over. A value may stand in quotes, single or double.
 */
import type { Given } from './config.ts';

const assignment = /^([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)$/;
const quoted = /^"([^"]*)"$|^'([^']*)'$/;

/** @returns what the file gives, and a sentence for each line that gives nothing. */
export function parseOptionFile(text: string): { given: Given[]; complaints: string[] } {
  const given: Given[] = [];
  const complaints: string[] = [];
  for (const [i, raw] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const place = `line ${i + 1}`;
    const [, name, rest] = assignment.exec(line) ?? [];
    if (name === undefined || rest === undefined) {
      complaints.push(`NAME=value is what a line of the file looks like (${place}).`);
    } else if (given.some((earlier) => earlier.name === name)) {
      complaints.push(`${name} stands in the file twice (${place}).`);
    } else if (/["']/.test(rest) && !quoted.test(rest)) {
      complaints.push(`${name} has a quotation mark too many or too few (${place}).`);
    } else if (/\s#/.test(rest) && !quoted.test(rest)) {
      complaints.push(`${name} has a comment behind its value: it needs a line of its own (${place}).`);
    } else {
      const [, double, single] = quoted.exec(rest) ?? [];
      given.push({ name, value: double ?? single ?? rest, place });
    }
  }
  return { given, complaints };
}
