/**
 * A VS Code profile in a folder of its own: user data, extensions and, for VS Code in the browser, the browser's
 * profile (SecretStorage lives in there).
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * @typedef {{ folder: string, userData: string, extensions: string, browser: string }} Profile
 */

/** Quiet, and the same on every machine. */
const baseSettings = {
  'chat.disableAIFeatures': true,
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': false,
  'extensions.ignoreRecommendations': true,
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'window.restoreWindows': 'none',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.startupEditor': 'none',
};

/**
 * @param {string} folder
 * @returns {Profile}
 */
export function profileAt(folder) {
  return {
    folder,
    userData: join(folder, 'user-data'),
    extensions: join(folder, 'extensions'),
    browser: join(folder, 'browser'),
  };
}

/**
 * Makes the profile where it is missing and puts `settings` into its user settings. What the person has set
 * otherwise stays.
 *
 * @param {Profile} profile
 * @param {Readonly<Record<string, unknown>>} [settings]
 */
export async function prepareProfile(profile, settings = {}) {
  const file = join(profile.userData, 'User', 'settings.json');
  for (const folder of [join(profile.userData, 'User'), profile.extensions, profile.browser]) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  }
  const present = await presentSettings(file);
  // A person may have written comments into it: then it is theirs.
  if (present === undefined) return;
  await writeFile(file, `${JSON.stringify({ ...baseSettings, ...present, ...settings }, undefined, 2)}\n`);
}

/**
 * @param {string} file
 * @returns {Promise<Record<string, unknown> | undefined>}
 */
async function presentSettings(file) {
  const text = await readFile(file, 'utf8').catch((error) => {
    if (error.code === 'ENOENT') return '{}';
    throw error;
  });
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
