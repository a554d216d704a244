/**
 * Loaded by the extension host in place of the suite proper: sends what the suite prints to a file that the
 * stand-in follows, and leaves its outcome in another. Without that, nobody could tell a suite that passed from
 * an extension host that died.
 */
'use strict';
const { openSync, writeFileSync, writeSync } = require('node:fs');
const { format } = require('node:util');

/** @param {string} name */
function setting(name) {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
}

function redirectOutput() {
  const descriptor = openSync(setting('STAND_IN_OUTPUT'), 'a');
  // console.error stays as it is: VS Code itself writes there, at length, about native modules it does without.
  for (const method of ['log', 'info', 'debug', 'warn']) {
    // The extension host ignores plain assignment to console.
    Object.defineProperty(console, method, {
      configurable: true,
      writable: true,
      value: (/** @type {unknown[]} */ ...parts) => void writeSync(descriptor, `${format(...parts)}\n`),
    });
  }
  for (const stream of [process.stdout, process.stderr]) {
    stream.write = (/** @type {string | Uint8Array} */ chunk, /** @type {unknown[]} */ ...rest) => {
      writeSync(descriptor, typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
      for (const callback of rest) if (typeof callback === 'function') callback();
      return true;
    };
  }
}

/** @param {boolean} passed */
function leaveResult(passed) {
  writeFileSync(setting('STAND_IN_RESULT'), JSON.stringify({ passed }));
}

exports.run = async () => {
  redirectOutput();
  try {
    await require(setting('STAND_IN_SUITE')).run();
  } catch (error) {
    console.log(error);
    leaveResult(false);
    throw error;
  }
  leaveResult(true);
};
