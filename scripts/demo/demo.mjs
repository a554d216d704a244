/** What `npm run demo` does, in order. */
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
import { Driver } from './driver.mjs';

const images = inCheckout('docs', 'images');

const retry = `type Op<T> = () => Promise<T>;

export async function retry<T>(op: Op<T>, times = 3) {
  for (let i = 0; i < times; i++) {
    try {
      return await op();
    } catch {}
    // falls through without throwing
  }
}
`;

const repaired = `for (let i = 1; ; i++) {
  try {
    return await op();
  } catch (error) {
    if (i === times) throw error;
  }
}`;

/** What is said, and what of it must be on both screens. */
const script = [
  { by: 'alice', shows: 'The flaky test is back. Same stack as last week.' },
  { by: 'bob', shows: 'Which one, retry?' },
  { by: 'alice', shows: 'Yes, this one. It swallows the last error:' },
  { by: 'bob', shows: 'Then it should throw what it caught. Try this:' },
  { by: 'alice', shows: 'Applied, and all green. Thank you!' },
  { by: 'bob', shows: 'Ship it.' },
];

export async function demo() {
  const beganAt = Date.now();
  const folder = await mkdtemp(join(tmpdir(), 'crypt2chat-demo-'));
  /** @type {Driver[]} */
  const drivers = [];
  onEndRequest(async () => undefined);
  try {
    await build({ quiet: true });
    await packageExtension({ quiet: true });
    await Promise.all([codeServer(), chromium()]);
    const relay = await startRelay({ data: join(folder, 'relay'), port: 0 });
    console.log(`The relay listens at ${relay.url}.`);
    const [alice, bob] = await showing('Opening two VS Codes', () =>
      Promise.all([
        open(folder, relay.url, 'alice', 'Default Dark Modern'),
        open(folder, relay.url, 'bob', 'Default Light Modern'),
      ]),
    );
    drivers.push(alice, bob);
    await talk(alice, bob);
    const failures = [];
    for (const person of drivers) failures.push(...check(person, await person.transcript()));
    await mkdir(images, { recursive: true });
    for (const person of drivers) await person.screenshot(join(images, `${person.name}.png`));
    if (failures.length > 0) throw new Problem(failures.join('\n'));
    console.log(`\nBoth saw everything, in order, in ${seconds(Date.now() - beganAt)}.`);
    console.log('The two windows: docs/images/alice.png, docs/images/bob.png');
  } catch (error) {
    await leavePictures(drivers);
    throw error;
  } finally {
    for (const { window } of drivers) await window.close();
    await stopAll();
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * @param {string} folder
 * @param {string} relayUrl
 * @param {string} name
 * @param {string} theme
 */
async function open(folder, relayUrl, name, theme) {
  const project = join(folder, name, 'project');
  await mkdir(join(project, 'src'), { recursive: true });
  await writeFile(join(project, 'src', 'retry.ts'), retry);
  const window = await bootVSCode({
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
  return new Driver(name, window);
}

/**
 * @param {Driver} alice
 * @param {Driver} bob
 */
async function talk(alice, bob) {
  await Promise.all([alice.openChat(), bob.openChat()]);
  await Promise.all([alice.register(), bob.register()]);
  console.log('Both are registered.');
  await alice.find('bob');
  await alice.write(line(0));
  await bob.accept('alice');
  console.log('Alice found Bob and wrote; Bob accepted.');
  await bob.sees(line(0));
  await bob.write(line(1));
  await alice.sees(line(1));
  await alice.sendSelection('retry.ts', { fromLine: 3, lines: 8 }, line(2));
  await bob.sees(line(2));
  await bob.write(`${line(3)}\n\n\`\`\`ts\n${repaired}\n\`\`\``);
  await alice.sees(line(3));
  await alice.write(line(4));
  await bob.sees(line(4));
  await bob.write(line(5));
  await alice.sees(line(5));
  await Promise.all([alice.seesAllDelivered(), bob.seesAllDelivered()]);
}

/** @param {number} index */
function line(index) {
  return script[index]?.shows ?? '';
}

/**
 * Prints what a person sees, and compares it with what was said.
 *
 * @param {Driver} person
 * @param {{ author: string, text: string, state: string }[]} transcript
 * @returns {string[]} what is not as it should be
 */
function check({ name }, transcript) {
  console.log(`\n${name}'s window`);
  for (const { author, text, state } of transcript) {
    console.log(`  ${author}${state === '' ? '' : ` (${state})`}: ${text.replaceAll('\n', '\n    ')}`);
  }
  const failures = [];
  if (transcript.length !== script.length) {
    failures.push(`${name} sees ${String(transcript.length)} messages instead of ${String(script.length)}.`);
  }
  script.forEach(({ by, shows }, i) => {
    const shown = transcript[i];
    const author = by === name ? 'You' : by;
    if (shown === undefined || !shown.text.startsWith(shows) || shown.author !== author) {
      failures.push(`${name} does not see “${shows}” by ${author} in place ${String(i + 1)}.`);
    }
  });
  for (const [i, code] of [
    [2, 'falls through without throwing'],
    [3, 'if (i === times) throw error'],
  ]) {
    if (transcript[Number(i)]?.text.includes(String(code)) !== true) {
      failures.push(`${name} does not see the code in place ${String(Number(i) + 1)}.`);
    }
  }
  return failures;
}

/** @param {readonly Driver[]} drivers */
async function leavePictures(drivers) {
  for (const person of drivers) {
    const path = inCheckout('.vscode-test', `demo-failed-${person.name}.png`);
    await person.screenshot(path).catch(() => undefined);
    console.error(`What ${person.name} saw last: ${path}`);
  }
}
