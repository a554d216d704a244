/** Hands on what another process appends to a file. */
import { closeSync, openSync, readSync } from 'node:fs';

const intervalMs = 100;

/**
 * @param {string} file must be there
 * @param {(text: string) => void} onText
 * @returns {{ stop: () => Promise<void> }} `stop` hands on what is left
 */
export function followFile(file, onText) {
  const descriptor = openSync(file, 'r');
  const decoder = new TextDecoder();
  const buffer = Buffer.alloc(64 * 1024);
  const drain = () => {
    for (let size = 1; size > 0;) {
      size = readSync(descriptor, buffer, 0, buffer.length, null);
      if (size > 0) onText(decoder.decode(buffer.subarray(0, size), { stream: true }));
    }
  };
  const timer = setInterval(drain, intervalMs);
  return {
    stop: async () => {
      clearInterval(timer);
      drain();
      closeSync(descriptor);
    },
  };
}
