/** Prosody: XMPP messages to somebody who is offline, archived (XEP-0313) in SQLite and acknowledged (XEP-0198). */
import { chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Conversation } from './conversation.ts';
import { textMessage, type Peer } from './peer.ts';
import { ask, find, freePort, launch, userOf } from './programs.ts';

const program = find('prosody');
const people = 64;

function version(): string {
  const about = program === undefined ? undefined : ask('prosodyctl', ['about']);
  return /^Prosody [0-9].*$/m.exec(about ?? '')?.[0] ?? 'of an unknown version';
}

function configuration(folder: string, port: number): string {
  return `
data_path = "${folder}/data"
pidfile = "${folder}/pid"
modules_enabled = { "roster", "saslauth", "disco", "smacks", "mam" }
modules_disabled = { "s2s", "posix", "tls", "offline" }
allow_unencrypted_plain_auth = true
c2s_require_encryption = false
authentication = "internal_plain"
default_storage = "internal"
storage = { archive = "sql", archive_prefs = "internal" }
sql = { driver = "SQLite3", database = "${folder}/archive.sqlite" }
archive_expires_after = "never"
limits = {}
c2s_ports = { ${port} }
interfaces = { "127.0.0.1" }
log = { warn = "${folder}/warnings" }
daemonize = false
VirtualHost "localhost"
`;
}

function until(pattern: RegExp): (received: string) => number | undefined {
  return (received) => {
    if (/<failure|<stream:error/.test(received)) throw new Error('Prosody refused');
    const found = pattern.exec(received);
    return found === null ? undefined : found.index + found[0].length;
  };
}

const open = `<?xml version='1.0'?><stream:stream to='localhost' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>`;
const features = until(/<stream:features>.*?<\/stream:features>|<stream:features\/>/s);
const answer = until(/<iq [^>]*?\/>|<iq .*?<\/iq>/s);

async function signIn(port: number, name: string): Promise<Conversation> {
  const connection = new Conversation(port);
  const password = Buffer.from(`\0${name}\0x`).toString('base64');
  await connection.ask(open, features);
  const auth = `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${password}</auth>`;
  await connection.ask(auth, until(/<success[^>]*>/));
  await connection.ask(open, features);
  await connection.ask(`<iq type='set' id='1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>`, answer);
  await connection.ask(`<enable xmlns='urn:xmpp:sm:3'/>`, until(/<enabled[^>]*>/));
  // What the sender would keep of it is nothing: one message, one row.
  const preferences = `<prefs xmlns='urn:xmpp:mam:2' default='never'><always/><never/></prefs>`;
  await connection.ask(`<iq type='set' id='2'>${preferences}</iq>`, answer);
  return connection;
}

export const prosody: Peer = {
  name: 'prosody',
  title: 'Prosody',
  batches: false,
  keeps: true,
  settings: `${version()}; mod_mam in SQLite, mod_smacks, no TLS`,
  missing: () => (program === undefined ? 'no program called prosody' : undefined),
  async start(folder, env) {
    const port = await freePort();
    const user = userOf('prosody');
    const accounts = join(folder, 'data', 'localhost', 'accounts');
    mkdirSync(accounts, { recursive: true });
    for (let i = 0; i < people; i++) {
      for (const name of [`from${i}`, `to${i}`]) {
        writeFileSync(join(accounts, `${name}.dat`), 'return {\n\t["password"] = "x";\n};\n');
      }
    }
    const config = join(folder, 'prosody.cfg.lua');
    writeFileSync(config, configuration(folder, port));
    if (user !== undefined) ask('chown', ['-R', `${user.uid}:${user.gid}`, folder]);
    const log = join(folder, 'log');
    writeFileSync(log, '');
    if (user !== undefined) chownSync(log, user.uid, user.gid);
    const server = await launch(program!, { args: ['-F', '--config', config], env, log, port, user });
    return {
      ...server,
      async sender(index) {
        const connection = await signIn(port, `from${index}`);
        const head = `<message to='to${index}@localhost' type='chat'><body>`;
        const tail = `</body></message><r xmlns='urn:xmpp:sm:3'/>`;
        return {
          async send() {
            await connection.ask(`${head}${textMessage()}${tail}`, until(/<a [^>]*>/));
          },
          close: () => connection.close(),
        };
      },
    };
  },
};
