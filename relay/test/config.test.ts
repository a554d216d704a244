import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import {
  ConfigError,
  type Option,
  optionNames,
  options,
  parseConfig,
  readConfig,
} from '../src/config/index.ts';

function complaintsOf(env: Record<string, string>): readonly string[] {
  return complaintsWhen(() => parseConfig(env));
}

function complaintsWhen(read: () => unknown): readonly string[] {
  try {
    read();
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.lines;
  }
  return [];
}

describe('configuration', () => {
  it('has a default for everything', () => {
    const config = parseConfig({ PATH: '/bin', CRYPT2CHAT_CRYPTO: 'noble' });
    assert.equal(config.host, '127.0.0.1');
    assert.equal(config.port, 8787);
    assert.equal(config.dataFolder, './data');
    assert.equal(config.origin, undefined);
    assert.equal(config.retentionDays, 30);
    assert.equal(config.trustedProxies, 0);
    assert.equal(config.registration, 'open');
  });

  it('is read from the environment', () => {
    const config = parseConfig({
      CRYPT2CHAT_HOST: '::',
      CRYPT2CHAT_PORT: '443',
      CRYPT2CHAT_DATA: '/var/lib/relay',
      CRYPT2CHAT_ORIGIN: 'https://chat.example.org',
      CRYPT2CHAT_RETENTION_DAYS: '7',
      CRYPT2CHAT_TRUST_PROXY: '1',
      CRYPT2CHAT_LOG_LEVEL: 'warn',
      CRYPT2CHAT_REGISTRATION: 'closed',
      CRYPT2CHAT_CLAIMS_PER_HOUR_PER_TARGET: '0',
    });
    assert.equal(config.host, '::');
    assert.equal(config.port, 443);
    assert.equal(config.origin, 'https://chat.example.org');
    assert.equal(config.retentionDays, 7);
    assert.equal(config.trustedProxies, 1);
    assert.equal(config.rates.claimsPerHourPerTarget, 0);
  });

  it('names each option that is unknown or does not fit', () => {
    const wrong: Record<string, string[]> = {
      PORT: ['x', '-1', '65536', '1.5', '', ' 80', '0x10', '080'],
      ORIGIN: ['chat.example.org', 'https://chat.example.org/', 'http://chat.example.org', 'https://a b', ''],
      RETENTION_DAYS: ['0', '4000'],
      TRUST_PROXY: ['true', '9'],
      LOG_LEVEL: ['loud'],
      REGISTRATION: ['invited'],
      DATA: [''],
      REQUESTS_PER_MINUTE_PER_ADDRESS: ['-1', 'many'],
    };
    for (const [name, values] of Object.entries(wrong)) {
      for (const value of values) {
        const lines = complaintsOf({ [`CRYPT2CHAT_${name}`]: value });
        assert.equal(lines.length, 1, `${name}=${value}`);
        assert.ok(lines[0]?.startsWith(`CRYPT2CHAT_${name} must be `), lines[0]);
      }
    }
    const lines = complaintsOf({ CRYPT2CHAT_PROT: '1', CRYPT2CHAT_PORT: 'x', CRYPT2CHAT_HOST: '' });
    assert.equal(lines.length, 3);
    assert.ok(lines.some((line) => line.startsWith('CRYPT2CHAT_PROT is not')));
  });

  it('takes the address of a database by the name that it has everywhere, and does not repeat it', () => {
    for (const url of ['postgres://relay:secret@db:5432/relay?sslmode=verify-full', 'postgresql:///relay']) {
      assert.equal(parseConfig({ DATABASE_URL: url }).databaseUrl, url);
    }
    assert.equal(parseConfig({}).databaseUrl, undefined);
    for (const url of ['mysql://relay:secret@db/relay', 'host=db password=secret', '']) {
      const lines = complaintsOf({ DATABASE_URL: url });
      assert.equal(lines.length, 1);
      assert.ok(lines[0]?.startsWith('DATABASE_URL must be '));
      assert.ok(!lines[0]?.includes('secret'));
    }
  });

  it('guesses which option was meant', () => {
    const [line] = complaintsOf({ CRYPT2CHAT_RETENTION_DAY: '7' });
    assert.ok(line?.includes('CRYPT2CHAT_RETENTION_DAYS'));
    const [swapped] = complaintsOf({ CRYPT2CHAT_PROT: '7' });
    assert.ok(swapped?.includes('Is CRYPT2CHAT_PORT meant?'));
    for (const name of ['CRYPT2CHAT_SOMETHING_ELSE', 'CRYPT2CHAT_FOO']) {
      const [other] = complaintsOf({ [name]: '7' });
      assert.equal(other?.includes('meant'), false);
    }
  });

  describe('in a file', () => {
    let folder: string;
    let file: string;
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'c2c-config-'));
      file = join(folder, 'relay.env');
    });
    afterEach(() => rmSync(folder, { recursive: true }));

    const write = (...lines: string[]) => writeFileSync(file, lines.join('\n'));

    it('is read with comments, quotes and the line ends of any system', () => {
      write(
        '\uFEFF# The relay of the example company',
        '',
        'CRYPT2CHAT_PORT = 9000\r',
        '  CRYPT2CHAT_DATA="/srv/my # folder"  ',
        "CRYPT2CHAT_HOST='::'",
        'CRYPT2CHAT_CRYPTO=noble',
      );
      const config = readConfig({ CRYPT2CHAT_CONFIG: file });
      assert.deepEqual([config.port, config.dataFolder, config.host], [9000, '/srv/my # folder', '::']);
    });

    it('gives way to the environment', () => {
      write('CRYPT2CHAT_PORT=x', 'CRYPT2CHAT_RETENTION_DAYS=7');
      const config = readConfig({ CRYPT2CHAT_PORT: '9001' }, file);
      assert.deepEqual([config.port, config.retentionDays], [9001, 7]);
    });

    it('is refused with the line of each thing that is wrong', () => {
      const wrong: Record<string, string> = {
        CRYPT2CHAT_PORT: 'NAME=value',
        'export CRYPT2CHAT_PORT=1': 'NAME=value',
        'PORT=1': 'PORT is not an option',
        'CRYPT2CHAT_PROT=1': 'CRYPT2CHAT_PROT is not an option',
        'CRYPT2CHAT_CONFIG=other': 'CRYPT2CHAT_CONFIG is not an option',
        'CRYPT2CHAT_PORT=x': 'CRYPT2CHAT_PORT must be',
        'CRYPT2CHAT_PORT=1 # one': 'CRYPT2CHAT_PORT has a comment',
        'CRYPT2CHAT_DATA="/srv': 'CRYPT2CHAT_DATA has a quotation mark',
        'CRYPT2CHAT_HOST=::1': 'CRYPT2CHAT_HOST stands in the file twice',
      };
      for (const [line, complaint] of Object.entries(wrong)) {
        write('CRYPT2CHAT_HOST=::', line);
        const lines = complaintsWhen(() => readConfig({}, file));
        assert.equal(lines.length, 1, line);
        assert.ok(lines[0]?.startsWith(complaint), lines[0]);
        assert.ok(lines[0]?.includes('(line 2)'), lines[0]);
      }
    });

    it('has to be there, and no book', () => {
      const lineOf = (path: string) => complaintsWhen(() => readConfig({}, path)).length;
      assert.deepEqual([lineOf(join(folder, 'none')), lineOf(folder)], [1, 1]);
      write('#'.repeat(70_000));
      assert.equal(lineOf(file), 1);
    });
  });

  it('stands in the operator’s guide, option by option', () => {
    const guide = readFileSync(new URL('../../docs/operating-a-relay.md', import.meta.url), 'utf8');
    const rows = guide.split('\n').filter((line) => /^\| `(CRYPT2CHAT|DATABASE)_/.test(line));
    const written = rows.map((row) =>
      row
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
    const inCode = optionNames.map((name) => {
      const { schema, otherwise, unit, effect }: Option = options[name];
      const fallback = v.getDefault(schema);
      return [`\`${name}\``, otherwise ?? `\`${fallback ?? ''}\``, unit, effect];
    });
    assert.deepEqual(written, inCode);
  });
});
