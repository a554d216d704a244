/** Hands on what another process appends to a file. */
import { closeSync, openSync, readSync } from 'node:fs';

const intervalMs = 100;

/**
 * @param {string} file must be there
 * @param {(text: string) => void} onText
 * @param {{ from?: number }} [options] the byte to begin with
 * @returns {{ stop: () => void }} `stop` hands on what is left
 */
export function followFile(file, onText, { from = 0 } = {}) {
  const descriptor = openSync(file, 'r');
  let position = from;
  const decoder = new TextDecoder();
  const buffer = Buffer.alloc(64 * 1024);
  const drain = () => {
    for (let size = 1; size > 0;) {
      size = readSync(descriptor, buffer, 0, buffer.length, position);
      position += size;
      if (size > 0) onText(decoder.decode(buffer.subarray(0, size), { stream: true }));
    }
  };
  let stopped = false;
  const timer = setInterval(drain, intervalMs);
  return {
    stop: () => {
      if (stopped) return;
      stopped = true;
      clearInterval(timer);
      drain();
      closeSync(descriptor);
    },
  };
}
