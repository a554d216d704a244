/** What came while the relay's clock was wrong. */
import assert from 'node:assert/strict';
import { entry, Group, read } from './support/groups.ts';
import { askCbor, envelope, type Person, resultsOf, withCapability } from './support/people.ts';
import { Bench, until } from './support/relay.ts';
import type { RunningRelay } from '../src/testing.ts';

const capability = new Uint8Array(32).fill(7);
const dayMs = 24 * 3600 * 1000;
const sweepEveryMs = 10 * 60_000;

describe('a clock that was wrong', () => {
  let bench: Bench;
  let relay: RunningRelay;
  let bob: Person;

  beforeEach(async () => {
    bench = new Bench();
    relay = await bench.start();
    bob = await bench.person(relay, 'bob');
    await bob.setCapability(capability);
  });
  afterEach(() => bench.end());

  const deliver = async (id: number): Promise<void> => {
    const path = `/v1/mailboxes/${bob.deviceId}`;
    const answer = await askCbor(relay.origin, path, [envelope(id)], withCapability(capability));
    assert.deepEqual(resultsOf(answer), ['stored']);
  };
  const waiting = async (): Promise<number[]> => {
    await bob.signIn();
    const { envelopes } = await bob.events({ wait: 0 });
    return envelopes.map(({ id }) => new DataView(id.buffer, id.byteOffset).getUint32(0));
  };
  const said = (part: string): boolean => bench.logLines.some((line) => line.includes(part));

  it('takes nothing away from what came while it was a year behind', async () => {
    const group = new Group(relay.origin);
    await group.create(bob);
    await group.post([entry(1)]);
    await deliver(1);
    bench.clock.advance(-365 * dayMs);
    await group.post([entry(2)]);
    await deliver(2);
    assert.ok(said('behindSeconds'));
    await bench.advance(365 * dayMs + sweepEveryMs);
    assert.deepEqual(await waiting(), [1, 2]);
    assert.deepEqual(await read({ group }), [1, 2]);
  });

  it('is noticed at a start, too, and what is over its time goes all the same', async () => {
    await deliver(1);
    await relay.stop();
    bench.clock.advance(-365 * dayMs);
    relay = await bench.start();
    assert.ok(said('behindSeconds'));
    await relay.stop();
    bench.clock.advance(365 * dayMs);
    relay = await bench.start();
    bench.clock.advance(31 * dayMs);
    await until(async () => {
      bench.clock.advance(sweepEveryMs);
      return (await relay.store.envelopes(bob.deviceIdBytes, 0, 10)).length === 0;
    }, 'it is forgotten');
  });
});
