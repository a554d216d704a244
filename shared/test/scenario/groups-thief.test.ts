import assert from 'node:assert/strict';
import type { Device } from '../schedules/device.ts';
import { Crew, groupAt, keyOf, say, textsOf } from './crew.ts';
import { Intruder } from './intruder.ts';

describe('a thief of the whole state of a device', function () {
  this.timeout(120_000);
  let crew: Crew;
  let alice: Device;
  let bob: Device;
  beforeEach(async () => {
    crew = await Crew.of('alice', 'bob', 'carol');
    [alice, bob] = [crew.named('alice'), crew.named('bob')];
    say(alice, 'before');
    await crew.settle();
  });
  afterEach(() => crew.close());

  async function next(text: string, by = alice): Promise<void> {
    by.rotate();
    await crew.settle();
    say(alice, text);
    await crew.settle();
  }

  it('opens nothing after the second rotation in which its sessions turned', async () => {
    const thief = new Intruder(await bob.copy());
    say(alice, 'in the same epoch');
    await crew.settle();
    await next('after one rotation');
    await next('after two rotations');
    await next('after three rotations');
    assert.equal(textsOf(bob).at(-1), 'after three rotations');
    const { texts, links } = thief.open(crew.tape, groupAt(alice).speakers);
    thief.close();
    // The secret of the first one comes in a session whose keys were copied; the answer turns it.
    assert.deepEqual(texts, ['in the same epoch', 'after one rotation']);
    assert.deepEqual(links, ['rotate', 'rotate']);
  });

  it('opens nothing after the second rotation of the device itself, whose words it could have said until then', async () => {
    const thief = new Intruder(await bob.copy());
    say(alice, 'in the same epoch');
    await crew.settle();
    await next('after one rotation', bob);
    await next('after two rotations', bob);
    await next('after three rotations', bob);
    const { texts } = thief.open(crew.tape, groupAt(alice).speakers);
    thief.close();
    assert.deepEqual(
      texts.filter((text) => text !== 'after one rotation'),
      ['in the same epoch'],
    );
  });

  it('is out as well where somebody is removed and somebody comes instead of rotations', async () => {
    const thief = new Intruder(await bob.copy());
    const dave = await crew.register('dave');
    await alice.commands.add(keyOf(alice), ['dave'], 0);
    await crew.settle();
    say(alice, 'with dave');
    await crew.settle();
    const { account } = alice.commands.view(keyOf(alice)).members.find(({ name }) => name === 'dave')!;
    alice.commands.remove(keyOf(alice), account);
    await crew.settle();
    say(alice, 'without dave');
    await crew.settle();
    assert.deepEqual(textsOf(bob), ['before', 'with dave', 'without dave']);
    assert.ok(dave);
    const { texts } = thief.open(crew.tape, groupAt(alice).speakers);
    thief.close();
    assert.deepEqual(texts, ['with dave']);
  });
});
