import assert from 'node:assert/strict';
import { ConfigError, parseConfig } from '../src/config.ts';

function complaintsOf(env: Record<string, string>): readonly string[] {
  try {
    parseConfig(env);
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
      REGISTRATION: ['invite'],
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
});
