/** What `npm start` does, in order. */
import { relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from '../build.mjs';
import { inCheckout } from '../checkout.mjs';
import { packageExtension, vsixFile } from '../package.mjs';
import { onEndRequest, stopAll } from '../processes.mjs';
import { Problem, showing } from '../say.mjs';
import { codeServer } from '../tools/code-server.mjs';
import { desktopForPeople } from '../vscode/desktop.mjs';
import { portOf, takeDataFolder } from './data-folder.mjs';
import { openInBrowser, openOnDesktop, preparePeople } from './people.mjs';
import { requireFreePort } from './ports.mjs';
import { startRelay } from './relay.mjs';

/** @param {string[]} args */
function parseOptions(args) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        relay: { type: 'boolean', default: false },
        bob: { type: 'boolean', default: false },
        browser: { type: 'boolean', default: false },
        port: { type: 'string' },
        data: { type: 'string' },
      },
    });
    const port = values.port === undefined ? undefined : Number(values.port);
    if (port !== undefined && !(Number.isInteger(port) && port >= 1 && port <= 65_533)) {
      throw new Problem(`--port takes a number from 1 to 65533, not ${String(values.port)}.`);
    }
    const data =
      values.data === undefined ? inCheckout('.crypt2chat') : resolve(callersFolder(), values.data);
    return { ...values, port, data };
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem(
      `${error instanceof Error ? error.message : String(error)}\n` +
        'npm start takes: --relay, --bob, --browser, --port PORT, --data FOLDER (after `--`).',
    );
  }
}

/** npm runs scripts at the top of the checkout and says where it was called. */
function callersFolder() {
  return process.env['INIT_CWD'] ?? process.cwd();
}

/**
 * Returns when everything has ended again.
 *
 * @param {string[]} args
 */
export async function startEverything(args) {
  const options = parseOptions(args);
  /** @type {(how: { because?: string }) => void} */
  let end = () => undefined;
  const ending = new Promise((resolve) => {
    end = resolve;
  });
  onEndRequest(async () => {
    end({});
  });
  const giveBack = await takeDataFolder(options.data);
  try {
    const begun = begin(options, end);
    // Asked to end while things are still starting: what has been started is stopped all the same.
    const { because } = await Promise.race([ending, begun.then(() => ending)]);
    console.log(because === undefined ? '\nEnding …' : `\n${because} Ending the rest.`);
    if (because !== undefined) process.exitCode = 1;
    begun.catch(() => undefined);
  } finally {
    await stopAll();
    await giveBack();
  }
  console.log(`Ended. ${shown(options.data)} stays, and the next start goes on from it.`);
  process.exit();
}

/**
 * @param {ReturnType<typeof parseOptions>} options
 * @param {(how: { because?: string }) => void} end
 */
async function begin({ relay: relayAlone, bob: bobAlone, browser, port: wantedPort, data }, end) {
  const port = await portOf(data, wantedPort);
  await requireFreePort(port);
  await showing('Building', () => build({ quiet: true, names: relayAlone ? ['relay'] : [] }));
  const relay = await startRelay({ data: resolve(data, 'relay'), port });
  void relay.ended.then(({ code, signal }) => {
    end({
      because: `The relay has ended by itself (${String(signal ?? code)}); see ${shown(data)}/relay.log.`,
    });
  });
  const lines = [`Relay   ${relay.url}`];
  if (!relayAlone)
    lines.push(...(await openPeople({ data, port, relayUrl: relay.url, bobAlone, browser }, end)));
  console.log(`\n${lines.join('\n')}\n\nData    ${shown(data)}\nCtrl-C ends everything.`);
}

/**
 * @param {{ data: string, port: number, relayUrl: string, bobAlone: boolean, browser: boolean }} options
 * @param {(how: { because?: string }) => void} end
 * @returns {Promise<string[]>} what to tell
 */
async function openPeople({ data, port, relayUrl, bobAlone, browser }, end) {
  await showing('Packing the extension', () => packageExtension({ quiet: true }));
  const people = await preparePeople(data, relayUrl);
  const desktop = browser ? undefined : await desktopForPeople();
  const lines = [];
  if (desktop === undefined) {
    await codeServer();
    for (const offset of people.keys()) await requireFreePort(port + 1 + offset);
  }
  for (const [index, person] of people.entries()) {
    const { name } = person;
    if (bobAlone && name !== 'Bob') continue;
    const opened =
      desktop === undefined
        ? await openInBrowser(person, vsixFile, port + 1 + index)
        : await openOnDesktop(desktop, person, vsixFile);
    void opened.ended.then(() => {
      end({ because: `${name}'s VS Code has ended.` });
    });
    lines.push(`${name.padEnd(8)}${'url' in opened ? opened.url : 'in a desktop window'}`);
  }
  if (desktop === undefined) {
    lines.push(
      '',
      'Open these addresses in a browser, each time in the same one: it keeps their keys.',
      'Anybody who has an account on this computer could open them too while this runs.',
    );
  }
  return lines;
}

/** @param {string} folder */
function shown(folder) {
  const path = relative(process.cwd(), folder);
  return path.startsWith('..') ? folder : path;
}
