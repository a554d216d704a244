/** Runs a bundled child to its end, within a time limit. */
import { spawn } from 'node:child_process';

const timeoutMs = 30_000;

export type Outcome = { code: number | null; signal: NodeJS.Signals | null; output: string; errors: string };

export function runChild(command: string, args: readonly string[]): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: timeoutMs });
    const outcome = { output: '', errors: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (outcome.output += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (outcome.errors += text));
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, ...outcome }));
  });
}
