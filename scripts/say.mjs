/** What the scripts print: plain lines, sizes and times a person can read, and a sign of life for what takes long. */

/** @param {number} bytes */
export function kilobytes(bytes) {
  return `${(bytes / 1024).toFixed(1)} KB`;
}

/** @param {number} bytes */
export function megabytes(bytes) {
  return `${(bytes / (1024 * 1024)).toFixed(0)} MB`;
}

/** @param {number} ms */
export function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** Something a person can put right: said without a stack trace. */
export class Problem extends Error {}

/**
 * Says what went wrong and lets the process end with a failure.
 *
 * @param {unknown} error
 */
export function fail(error) {
  const isKnown = error instanceof Problem || isWrongOption(error);
  console.error(isKnown ? `\n${error.message}` : error);
  process.exitCode = 1;
}

/**
 * @param {unknown} error
 * @returns {error is Error} of what somebody typed
 */
function isWrongOption(error) {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS_');
}

/**
 * Shows that `what` goes on for as long as `work` takes: a line that counts on a terminal, now and then a line
 * elsewhere. Nothing is shown for what is done within a second.
 *
 * @template T
 * @param {string} what
 * @param {(progress: (detail: string) => void) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function showing(what, work) {
  const beganAt = Date.now();
  const { isTTY } = process.stdout;
  let detail = '';
  let shown = false;
  let lastLineAt = 0;
  const tick = () => {
    const text = `${what} … ${detail === '' ? '' : `${detail}, `}${seconds(Date.now() - beganAt)}`;
    if (isTTY) process.stdout.write(`\r\x1b[2K${text}`);
    else if (!shown || Date.now() - lastLineAt > 10_000) {
      console.log(text);
      lastLineAt = Date.now();
    }
    shown = true;
  };
  const timer = setInterval(tick, 1_000);
  try {
    const result = await work((text) => {
      detail = text;
    });
    clearInterval(timer);
    if (shown)
      process.stdout.write(`${isTTY ? '\r\x1b[2K' : ''}${what}: done in ${seconds(Date.now() - beganAt)}\n`);
    return result;
  } catch (error) {
    clearInterval(timer);
    if (shown && isTTY) process.stdout.write('\n');
    throw error;
  }
}
