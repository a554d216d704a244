import assert from 'node:assert/strict';
import { toBase64url } from '@crypt2chat/shared/bytes';
import { encodeCbor } from '@crypt2chat/shared/cbor';
import { addDevice, type DeviceSecrets, generateDevice } from '@crypt2chat/shared/identity';
import { systemRandomness as randomness } from '@crypt2chat/shared/primitives';
import { learnLinks, mustGet } from '../../src/engine/contacts.ts';
import type { Device, Line } from '../schedules/device.ts';
import { accountOf, Crew, groupAt, remove, say, standing, textsOf } from './crew.ts';

/** A link by which the account gets another device. */
function grow(crew: Crew, { core }: Device, device: DeviceSecrets): Uint8Array {
  const account = core.requireAccount();
  return addDevice(core.identityOf(account), core.deviceOf(account), device, crew.clock.now()).link;
}

/** The relay serves `more` behind the log of `account`. */
function serving(account: Device, ...more: readonly Uint8Array[]): Line {
  return async (request, pass) => {
    const response = await pass();
    if (!request.url.endsWith(`/v1/accounts/${toBase64url(accountOf(account))}`)) return response;
    const { links, ...rest } = JSON.parse(new TextDecoder().decode(response.body)) as { links: string[] };
    const body = JSON.stringify({ ...rest, links: [...links, ...more.map((link) => toBase64url(link))] });
    return { ...response, body: new TextEncoder().encode(body) };
  };
}

function both(one: Line, other: Line): Line {
  return (request, pass) => one(request, () => other(request, pass));
}

function learn({ core }: Device, other: Device, link: Uint8Array): void {
  const links = [...other.core.requireAccount().links, link];
  core.transaction(() => learnLinks(core, mustGet(core, accountOf(other)), links));
}

/** Counts what a device asks the relay for accounts. */
function counting(device: Device): { asked: number } {
  const count = { asked: 0 };
  const { line } = device;
  device.line = (request, pass) => {
    if (request.url.includes('/v1/accounts/')) count.asked++;
    return line(request, pass);
  };
  return count;
}

describe('a group goes on', function () {
  this.timeout(120_000);
  let crew: Crew;
  let alice: Device;
  let bob: Device;
  let mallory: Device;
  let trudy: Device;
  beforeEach(async () => {
    crew = await Crew.of('alice', 'bob', 'mallory', 'trudy');
    [alice, bob, mallory, trudy] = ['alice', 'bob', 'mallory', 'trudy'].map((name) => crew.named(name)) as [
      Device,
      Device,
      Device,
      Device,
    ];
  });
  afterEach(() => crew.close());

  it('where the logs of two members name one device: one of them is followed, and people are removed all the same', async () => {
    const shared = generateDevice(randomness);
    for (const member of [mallory, trudy]) {
      const link = grow(crew, member, shared);
      for (const device of [alice, bob]) {
        learn(device, member, link);
        device.line = both(device.line, serving(member, link));
      }
    }
    remove(alice, bob);
    await crew.settle([alice, bob]);
    assert.equal(standing(bob), 'removed');
    const epoch = groupAt(alice).epoch;
    await crew.settle([alice]);
    const count = counting(alice);
    for (let i = 0; i < 20; i++) await alice.step('work');
    assert.ok(count.asked < 5, `asked ${count.asked} times for nothing`);
    assert.ok(groupAt(alice).epoch <= epoch + 1);
  });

  it('where the relay withholds what is new in the log of a member', async () => {
    const link = grow(crew, mallory, generateDevice(randomness));
    const without: Line = (request, pass) =>
      request.url.endsWith(`/v1/accounts/${toBase64url(accountOf(mallory))}`)
        ? Promise.resolve({
            status: 404,
            body: new TextEncoder().encode('{"code":"ERR_ACCOUNT_UNKNOWN","message":""}'),
          })
        : pass();
    for (const device of [alice, bob]) {
      learn(device, mallory, link);
      device.line = without;
    }
    const { epoch } = groupAt(alice);
    for (let i = 0; i < 15; i++) await crew.round();
    assert.ok(groupAt(alice).epoch <= epoch + 1, `${groupAt(alice).epoch - epoch} epochs for nothing`);
    say(bob, 'still here');
    await crew.settle();
    assert.ok(textsOf(alice).includes('still here'));
  });

  it('where the log of a member holds a link of a newer version', async () => {
    const link = grow(crew, mallory, generateDevice(randomness));
    for (const device of [alice, bob]) {
      learn(device, mallory, link);
      const newer = encodeCbor({ unsigned: encodeCbor({ v: 2 }), signatures: [new Uint8Array(114)] });
      device.line = serving(mallory, link, newer);
    }
    await crew.settle([alice, bob]);
    assert.equal(await alice.step('work'), false);
    say(alice, 'none the less');
    await crew.settle([alice, bob]);
    assert.ok(textsOf(bob).includes('none the less'));
  });
});
