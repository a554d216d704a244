/** The judges of the tortures (torture/): that they notice. */
import assert from 'node:assert/strict';
import { bodyOf, holds, idOf, Ledger } from './torture/ledger.ts';
import { trendOf } from './torture/trend.ts';

const item = (author: number, nth: number) => ({
  id: idOf(author, nth),
  body: bodyOf(idOf(author, nth), 100),
});

describe('the ledger of a torture', () => {
  const judge = (acknowledged: readonly [number, number][], received: readonly [number, number][]) => {
    const ledger = new Ledger();
    for (const [author, nth] of acknowledged) ledger.acknowledge(idOf(author, nth));
    for (const [author, nth] of received) ledger.receive(item(author, nth));
    return ledger.judge();
  };
  const sent: [number, number][] = [
    [0, 0],
    [1, 0],
    [0, 1],
  ];

  it('takes what came whole, in any order between senders, and what nobody acknowledged', () => {
    const verdict = judge(sent, [
      [1, 0],
      [0, 0],
      [0, 1],
      [0, 2],
    ]);
    assert.ok(holds(verdict));
    assert.deepEqual([verdict.acknowledged, verdict.received], [3, 4]);
  });

  it('notices what is lost, comes twice, or comes before what was sent earlier', () => {
    assert.equal(
      judge(sent, [
        [0, 0],
        [0, 1],
      ]).lost,
      1,
    );
    assert.equal(judge(sent, [...sent, [1, 0]]).twice, 1);
    assert.equal(
      judge(sent, [
        [0, 1],
        [0, 0],
        [1, 0],
      ]).disordered,
      1,
    );
    assert.equal(holds(judge([], [])), false, 'where nothing was sent');
  });

  it('notices another content, a gap in a log, and a place that is not the one that was told', () => {
    const damaged = new Ledger();
    damaged.receive({ id: idOf(0, 0), body: bodyOf(idOf(0, 1), 100) });
    assert.equal(damaged.judge().damaged, 1);
    const log = new Ledger();
    log.acknowledge(idOf(0, 0), 1);
    log.acknowledge(idOf(0, 1), 2);
    log.receive(item(0, 0), 1);
    log.receive(item(0, 1), 3);
    assert.equal(log.judge().disordered, 2);
  });
});

describe('the trend of measurements', () => {
  const noise = [0.4, -0.9, 0.1, 0.8, -0.5, -0.2, 0.7, -0.6, 0.3, -0.1];

  it('is told from noise', () => {
    const flat = trendOf(noise.map((value, i) => [i, 100 + value]));
    assert.ok(Math.abs(flat.growth) < 3 * flat.error);
    const rising = trendOf(noise.map((value, i) => [i, 100 + i + value]));
    assert.ok(rising.growth > 8 && rising.growth < 10 && rising.growth > 3 * rising.error);
  });
});
