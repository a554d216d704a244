import assert from 'node:assert/strict';
import { manualClock, type ManualClock } from '@crypt2chat/shared/testing';
import { hasCode } from '@crypt2chat/shared/errors';
import { type Wait, type Waiter, WaitingRoom } from '../src/delivery/waiting-room.ts';
import { deviceRevoked } from '../src/refusal.ts';
import { until } from './support/relay.ts';

describe('the waiting room', () => {
  let clock: ManualClock;
  let room: WaitingRoom;

  beforeEach(() => {
    clock = manualClock();
    room = new WaitingRoom(clock, 10);
  });

  const clientThat = (isGone: boolean): Wait['client'] => ({ isGone, onGone: () => () => undefined });
  const wait = (topics: string[], more: Partial<Wait> = {}): Wait => ({
    topics,
    maxPerTopic: 2,
    waitMs: 1000,
    client: clientThat(false),
    ...more,
  });
  /** Answers with the topics of each look, once the waiter is not to sleep on. */
  const holdUntilEnd = (options: Wait, looks: string[][] = []) =>
    room.hold(options, async (waiter: Waiter, news) => {
      looks.push([...news]);
      return waiter.canSleep ? undefined : looks;
    });
  const tell = (topic: string) => {
    for (const waiter of room.about(topic)) waiter.tell(topic);
  };
  const countOf = (topic: string) => [...room.about(topic)].length;

  it('lets a poll look at all its topics first, and then at those in the news', async () => {
    const looks: string[][] = [];
    const held = holdUntilEnd(wait(['a', 'b', 'c']), looks);
    await until(() => room.waiting === 1, 'it waits');
    tell('b');
    await until(() => looks.length === 2 && room.waiting === 1, 'it waits again');
    tell('a');
    tell('c');
    await until(() => looks.length === 3 && room.waiting === 1, 'it waits again');
    clock.advance(1000);
    assert.deepEqual(await held, [['a', 'b', 'c'], ['b'], ['a', 'c'], []]);
    assert.deepEqual([room.waiting, countOf('a'), countOf('c'), clock.timers], [0, 0, 0, 0]);
  });

  it('lets it look again for what came while it looked', async () => {
    const looks: string[][] = [];
    const held = room.hold(wait(['a', 'b']), async (waiter, news) => {
      looks.push([...news]);
      if (looks.length === 1) tell('b');
      await Promise.resolve();
      return looks.length === 2 ? 'found' : undefined;
    });
    assert.equal(await held, 'found');
    assert.deepEqual(looks, [['a', 'b'], ['b']]);
  });

  it('ends the oldest poll of a topic that has too many', async () => {
    const polls = [['a'], ['a', 'b'], ['a'], ['b']].map((topics) => holdUntilEnd(wait(topics)));
    assert.deepEqual(await polls[0], [['a'], []]);
    await until(() => room.waiting === 3, 'the others wait');
    assert.deepEqual([countOf('a'), countOf('b')], [2, 2]);
    clock.advance(1000);
    await Promise.all(polls);
  });

  it('holds nobody who has gone before, or does not want to wait', async () => {
    const client = clientThat(true);
    assert.deepEqual(await holdUntilEnd(wait(['a'], { client })), [['a']]);
    assert.deepEqual(await holdUntilEnd(wait(['a'], { waitMs: 0 })), [['a']]);
    assert.equal(clock.timers, 0);
  });

  it('bounds what is passed to a poll, over all its topics', async () => {
    const held = room.hold(wait(['a', 'b']), async (waiter) =>
      waiter.canSleep ? undefined : [waiter.ephemeralOf('a').length, waiter.ephemeralOf('b').length],
    );
    await until(() => room.waiting === 1, 'it waits');
    for (let i = 0; i < 200; i++) {
      const topic = i % 2 === 0 ? 'a' : 'b';
      for (const waiter of room.about(topic)) waiter.pass(topic, new Uint8Array(4096));
    }
    assert.deepEqual(await held, [32, 32]);
  });

  it('has no answer for who is refused, whatever else ends the poll', async () => {
    const held = holdUntilEnd(wait(['a']));
    await until(() => room.waiting === 1, 'it waits');
    for (const waiter of room.about('a')) {
      waiter.refuse(deviceRevoked());
      waiter.end();
    }
    await assert.rejects(held, (error) => hasCode(error, 'ERR_DEVICE_REVOKED'));
  });

  it('lets go of a poll whose look failed', async () => {
    const failing = room.hold(wait(['a']), async () => {
      throw new RangeError('the look failed');
    });
    await assert.rejects(failing, RangeError);
    assert.deepEqual([countOf('a'), clock.timers], [0, 0]);
  });
});
