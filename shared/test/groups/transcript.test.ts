import assert from 'node:assert/strict';
import { concat, toHex, toUtf8 } from '@crypt2chat/shared/bytes';
import {
  agrees,
  beginTranscript,
  extendTranscript,
  maxRemembered,
  standingAt,
  type Transcript,
} from '@crypt2chat/shared/groups';
import { hash32 } from '@crypt2chat/shared/primitives';

const label = 'crypt2chat/v1/group/transcript';
const link = new Uint8Array(32).fill(7);
const entry = (i: number): Uint8Array => toUtf8(`entry ${i}`);

function after(count: number, from = beginTranscript(link), say = entry): Transcript {
  let transcript = from;
  for (let i = 0; i < count; i++) transcript = extendTranscript(transcript, say(i));
  return transcript;
}

describe('a transcript', () => {
  it('begins with the link that opened the epoch, and takes in each entry', () => {
    const begun = beginTranscript(link);
    assert.deepEqual(begun.position, { count: 0, hash: hash32(label, link) });
    const { position } = extendTranscript(begun, entry(0));
    const hash = hash32(label, concat(begun.position.hash, hash32(label, entry(0))));
    assert.deepEqual(position, { count: 1, hash });
  });

  it('tells entries, their order and their epoch apart', () => {
    const of = (...entries: number[]): string =>
      toHex(entries.reduce((at, i) => extendTranscript(at, entry(i)), beginTranscript(link)).position.hash);
    const other = extendTranscript(beginTranscript(link.map(() => 8)), entry(0));
    const all = [of(), of(0), of(1), of(0, 1), of(1, 0), of(0, 0), of(0, 1, 2), toHex(other.position.hash)];
    assert.equal(new Set(all).size, all.length);
  });

  it('agrees with itself, at every position that it remembers', () => {
    const now = after(20);
    for (let i = 0; i <= 20; i++) assert.ok(agrees(now, after(i).position));
  });

  it('disagrees with another at every position behind the one where they part', () => {
    const part = 5;
    const theirs = (i: number): Uint8Array => (i === part ? toUtf8('another') : entry(i));
    const now = after(20);
    for (let i = 0; i <= 20; i++)
      assert.equal(agrees(now, after(i, beginTranscript(link), theirs).position), i <= part);
    for (let i = 0; i <= 20; i++)
      assert.ok(!agrees(now, after(i, beginTranscript(link.map(() => 8))).position));
  });

  it('does not agree with what is ahead of it', () => {
    assert.ok(!agrees(after(3), after(4).position));
    assert.ok(!agrees(beginTranscript(link), { count: 1, hash: beginTranscript(link).position.hash }));
  });

  it(`remembers ${maxRemembered} positions, and takes what was before on trust`, () => {
    const count = maxRemembered + 10;
    const now = after(count);
    assert.equal(now.hashes.length, maxRemembered);
    const wrong = new Uint8Array(32);
    const oldest = count - maxRemembered + 1;
    assert.ok(agrees(now, { count: oldest - 1, hash: wrong }));
    assert.ok(!agrees(now, { count: oldest, hash: wrong }));
    assert.ok(agrees(now, after(oldest).position));
    assert.ok(!agrees(now, { count, hash: wrong }));
  });

  it('can begin where somebody else stands', () => {
    const here = standingAt(after(50).position);
    assert.ok(agrees(here, after(50).position));
    assert.ok(!agrees(here, { count: 50, hash: new Uint8Array(32) }));
    assert.ok(agrees(here, { count: 49, hash: new Uint8Array(32) }));
    assert.ok(!agrees(here, after(51).position));
    const on = extendTranscript(here, entry(50));
    assert.deepEqual(on.position, after(51).position);
    assert.ok(agrees(on, after(50).position));
  });

  it('is not changed by going on', () => {
    const now = after(3);
    const before = [toHex(now.position.hash), now.position.count, now.hashes.length];
    extendTranscript(now, entry(3));
    assert.deepEqual([toHex(now.position.hash), now.position.count, now.hashes.length], before);
  });
});
