/** Who tries out names learns from nothing but a lookup which of them exist. */
import assert from 'node:assert/strict';
import { toBase64url } from '@crypt2chat/shared/bytes';
import { encodeCbor } from '@crypt2chat/shared/cbor';
import { sign } from '@crypt2chat/shared/primitives';
import type { Config, RunningRelay } from '../src/testing.ts';
import { type Answer, askJson, assertRefused, Person } from './support/people.ts';
import { Bench } from './support/relay.ts';

describe('which names exist', () => {
  let bench: Bench;
  let relay: RunningRelay;

  beforeEach(async () => {
    bench = new Bench();
    relay = await bench.start();
    await bench.person(relay, 'alice');
  });
  afterEach(() => bench.end());

  async function startAgain(config: Partial<Config>): Promise<void> {
    const { port } = relay;
    await relay.stop();
    relay = await bench.start({ port, config });
  }

  /** Another account that wants a name. */
  const register = (username: string) => {
    const { links } = new Person(relay.origin, username, bench.clock.now() + 1);
    return askJson(relay.origin, 'POST', '/v1/accounts', { username, link: toBase64url(links[0]!) });
  };

  /** The same to the last byte, headers and all but the date. */
  function assertAlike(some: Answer, other: Answer): void {
    const visible = ({ status, headers, bytes }: Answer) => {
      const kept = [...headers].filter(([name]) => name !== 'date');
      return [status, kept, Buffer.from(bytes).toString()];
    };
    assert.deepEqual(visible(some), visible(other));
  }

  it('is not told by a registration that is refused to everybody', async () => {
    for (const [registration, code] of [
      ['closed', 'ERR_REGISTRATION_CLOSED'],
      ['invite', 'ERR_INVITE_INVALID'],
    ] as const) {
      await startAgain({ registration });
      const taken = await register('alice');
      assertRefused(taken, code);
      assertAlike(taken, await register('nobody'));
    }
  });

  it('is not told by a challenge, nor by a sign-in that fails', async () => {
    const alice = new Person(relay.origin, 'alice', bench.clock.now());
    const nobody = new Person(relay.origin, 'nobody', bench.clock.now());
    const impostor = new Person(relay.origin, 'impostor', bench.clock.now());
    const attempt = async ({ identity, accountId, deviceId, deviceIdBytes }: Person): Promise<Answer> => {
      const answer = await askJson(relay.origin, 'POST', '/v1/challenges', { accountId, deviceId });
      const { challenge } = answer.json as { challenge: string };
      assert.deepEqual([answer.status, challenge.length], [200, 43]);
      const statement = encodeCbor([
        relay.origin,
        Buffer.from(challenge, 'base64url'),
        identity.accountId,
        deviceIdBytes,
      ]);
      const signature = toBase64url(
        sign(impostor.device.sign.privateKey, 'crypt2chat/v1/relay/session', statement),
      );
      return askJson(relay.origin, 'POST', '/v1/sessions', { accountId, deviceId, challenge, signature });
    };
    const known = await attempt(alice);
    assertRefused(known, 'ERR_UNAUTHENTICATED');
    assertAlike(known, await attempt(nobody));
  });

  it('is told by a lookup', async () => {
    assert.equal((await askJson(relay.origin, 'GET', '/v1/accounts/alice')).status, 200);
    assertRefused(await askJson(relay.origin, 'GET', '/v1/accounts/nobody'), 'ERR_ACCOUNT_UNKNOWN');
  });
});
