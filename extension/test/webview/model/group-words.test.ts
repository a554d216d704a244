import assert from 'node:assert/strict';
import type { ViewGroup } from '../../../src/ipc/index.ts';
import { peopleWords, progressWords, stateInWords, typingParts } from '../../../src/webview/model/index.ts';

function typing(...people: string[]): string {
  return typingParts(people)
    .map((part) => (typeof part === 'string' ? part : part.name))
    .join('');
}

describe('a group in words', () => {
  it('says who is typing, up to a few', () => {
    assert.equal(typing(), '');
    assert.equal(typing('carol'), 'carol is typing…');
    assert.equal(typing('carol', 'erin'), 'carol and erin are typing…');
    assert.equal(typing('carol', 'erin', 'bob'), 'carol, erin and bob are typing…');
    assert.equal(typing('a', 'b', 'c', 'd'), 'Several people are typing…');
    assert.equal(typing('a\u202e\nb'), 'a\ufffd b is typing…');
  });

  it('counts people, and those who are verified', () => {
    const group = { people: 5, verifiedPeople: 4 } as ViewGroup;
    assert.equal(peopleWords(group), '5 people · 4 verified');
    assert.equal(peopleWords({ ...group, people: 1, verifiedPeople: 1 }), '1 person · 1 verified');
  });

  it('says how far a message has come with how many', () => {
    assert.equal(progressWords({ delivered: 4, read: 0, of: 5 }), '4/5');
    assert.equal(progressWords({ delivered: 5, read: 2, of: 5 }), 'read 2/5');
    assert.equal(progressWords({ delivered: 5, read: 5, of: 5 }), 'read');
    const progress = { delivered: 4, read: 1, of: 5 };
    assert.equal(stateInWords({ state: 'sent', progress }), 'Delivered to 4 of 5, read by 1');
    assert.equal(stateInWords({ state: 'pending', progress }), 'Waiting to be sent');
    assert.equal(stateInWords({ state: 'read' }), 'Read');
    assert.equal(stateInWords({}), '');
  });
});
