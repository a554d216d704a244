/** Real VS Codes with the packaged extension, and a relay between them: what every demonstration plays on. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from '../build.mjs';
import { inCheckout } from '../checkout.mjs';
import { packageExtension, vsixFile } from '../package.mjs';
import { onEndRequest, stopAll } from '../processes.mjs';
import { Problem, seconds, showing } from '../say.mjs';
import { startRelay } from '../start/relay.mjs';
import { chromium } from '../tools/chromium.mjs';
import { codeServer } from '../tools/code-server.mjs';
import { bootVSCode } from '../vscode/boot.mjs';
import { profileAt } from '../vscode/profile.mjs';

const images = inCheckout('docs', 'images');

/**
 * @template {import('./driver.mjs').Driver} Person
 * @typedef {object} Play
 * @property {readonly { name: string, theme: string }[]} cast each gets a window
 * @property {new (name: string, window: import('../vscode/boot.mjs').Window) => Person} driver
 * @property {readonly [file: string, text: string]} file what is in everybody's project
 * @property {(people: readonly Person[]) => Promise<string[]>} act plays it; its result is what is not as it should be
 * @property {string} picture what the name of a picture begins with, before the person's
 */

/**
 * @template {import('./driver.mjs').Driver} Person
 * @param {Play<Person>} play
 */
export async function perform({ cast, driver: Driver, file, act, picture }) {
  const beganAt = Date.now();
  const folder = await mkdtemp(join(tmpdir(), 'crypt2chat-demo-'));
  /** @type {Person[]} */
  const people = [];
  onEndRequest(async () => undefined);
  try {
    await build({ quiet: true });
    await packageExtension({ quiet: true });
    await Promise.all([codeServer(), chromium()]);
    const relay = await startRelay({ data: join(folder, 'relay'), port: 0 });
    console.log(`The relay listens at ${relay.url}.`);
    await showing(`Opening ${String(cast.length)} VS Codes`, () =>
      Promise.all(
        cast.map(async ({ name, theme }) => {
          people.push(new Driver(name, await open(folder, relay.url, name, theme, file)));
        }),
      ),
    );
    people.sort((a, b) => orderOf(cast, a.name) - orderOf(cast, b.name));
    const failures = await act(people);
    await mkdir(images, { recursive: true });
    const pictures = people.map(({ name }) => `${picture}${name}.png`);
    for (const [i, person] of people.entries()) await person.screenshot(join(images, pictures[i] ?? ''));
    if (failures.length > 0) throw new Problem(failures.join('\n'));
    console.log(`\nAll saw everything, in order, in ${seconds(Date.now() - beganAt)}.`);
    console.log(`The windows: ${pictures.map((name) => `docs/images/${name}`).join(', ')}`);
  } catch (error) {
    await leavePictures(people);
    throw error;
  } finally {
    for (const { window } of people) await window.close();
    await stopAll();
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * @param {readonly { name: string }[]} cast
 * @param {string} name
 */
function orderOf(cast, name) {
  return cast.findIndex((each) => each.name === name);
}

/**
 * @param {string} folder
 * @param {string} relayUrl
 * @param {string} name
 * @param {string} theme
 * @param {readonly [file: string, text: string]} file
 */
async function open(folder, relayUrl, name, theme, [file, text]) {
  const project = join(folder, name, 'project');
  await mkdir(join(project, 'src'), { recursive: true });
  await writeFile(join(project, 'src', file), text);
  return bootVSCode({
    profile: profileAt(join(folder, name)),
    install: [vsixFile],
    workspace: project,
    viewport: { width: 1280, height: 860 },
    settings: {
      'crypt2chat.relayUrl': relayUrl,
      'workbench.colorTheme': theme,
      'security.workspace.trust.enabled': false,
    },
  });
}

/** @param {readonly import('./driver.mjs').Driver[]} people */
async function leavePictures(people) {
  for (const person of people) {
    const path = inCheckout('.vscode-test', `demo-failed-${person.name}.png`);
    await person.screenshot(path).catch(() => undefined);
    console.error(`What ${person.name} saw last: ${path}`);
  }
}
