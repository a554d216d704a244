/** The compose files under docs/, against the options that the relay has. What Docker makes of them is not seen here. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { limits } from '@crypt2chat/shared/wire';
import { adviceOn, type Config, parseConfig } from '../src/config/index.ts';

/** What the operator is to write into the file `.env`. */
const dotEnv: Readonly<Record<string, string>> = {
  CHAT_DOMAIN: 'chat.example.org',
  DATABASE_PASSWORD: '0123456789abcdef',
};

function read(folder: string, file: string): string {
  return readFileSync(new URL(`../../docs/compose/${folder}/${file}`, import.meta.url), 'utf8');
}

/** The options in a compose file: `NAME: value`, each name of which would be the relay's if it had such an option. */
function optionsIn(compose: string): Record<string, string> {
  const lines = [...compose.matchAll(/^ +((?:CRYPT2CHAT|DATABASE)_[A-Z_]+): (.+)$/gm)];
  return Object.fromEntries(
    lines.map(([, name = '', value = '']) => [
      name,
      value
        .replace(/^'(.*)'$/, '$1')
        .replace(/\$\{([A-Z_]+)(:\?[^}]*)?\}/g, (_, variable: string) => dotEnv[variable] ?? ''),
    ]),
  );
}

describe('the compose files', () => {
  const configOf = (folder: string): Config => parseConfig(optionsIn(read(folder, 'compose.yaml')));

  for (const folder of ['sqlite', 'postgres']) {
    it(`name options that the relay has, with values that fit: ${folder}`, () => {
      const config = configOf(folder);
      assert.equal(config.origin, 'https://chat.example.org');
      assert.equal(config.registration, 'invite');
      assert.equal(config.databaseUrl !== undefined, folder === 'postgres');
      const env = { CRYPT2CHAT_HOST: '0.0.0.0', ...optionsIn(read(folder, 'compose.yaml')) };
      const [, nofile] = /nofile: ([0-9]+)/.exec(read(folder, 'compose.yaml')) ?? [];
      assert.deepEqual(adviceOn(parseConfig(env), Number(nofile)), []);
    });

    it(`let through what a request may hold: ${folder}`, () => {
      const [, megabytes] = /max_size ([0-9]+)MB/.exec(read(folder, 'Caddyfile')) ?? [];
      assert.ok(Number(megabytes) * 1_000_000 > limits.requestBytes);
    });
  }

  it('would be refused with an option that the relay does not have', () => {
    const compose = read('sqlite', 'compose.yaml').replace(
      'CRYPT2CHAT_REGISTRATION',
      'CRYPT2CHAT_REGISTRATIONS',
    );
    assert.throws(() => parseConfig(optionsIn(compose)));
  });

  it('send requests to the relays that they have', () => {
    const [, upstreams = ''] = /reverse_proxy (.+?) \{/.exec(read('postgres', 'Caddyfile')) ?? [];
    const services = [...read('postgres', 'compose.yaml').matchAll(/^ {2}(relay-[0-9]+):/gm)];
    assert.deepEqual(
      upstreams.split(' '),
      services.map(([, name = '']) => `${name}:8787`),
    );
    assert.ok(services.length >= 2);
  });
});
