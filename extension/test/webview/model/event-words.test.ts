import assert from 'node:assert/strict';
import type { ViewEvent } from '../../../src/ipc/index.ts';
import { eventParts, eventText } from '../../../src/webview/model/index.ts';

function event(kind: ViewEvent['event'], more: Partial<ViewEvent> = {}): ViewEvent {
  return { kind: 'event', event: kind, by: 'carol', people: [], ...more };
}

describe('what changed in a group, in words', () => {
  it('names who did what to whom', () => {
    const told = (kind: ViewEvent['event'], more: Partial<ViewEvent> = {}, own = false) =>
      eventText(event(kind, more), own);
    assert.equal(
      told('created', { people: ['bob', 'erin'] }, true),
      'You created the group with bob and erin',
    );
    assert.equal(
      told('added', { people: ['erin'], shared: 20 }),
      'carol added erin and shared the last 20 messages',
    );
    assert.equal(told('added', { people: ['bob'], us: true, shared: 0 }), 'carol added you and bob');
    assert.equal(told('joined', { by: '' }), 'You joined the group');
    assert.equal(told('removed', { us: true }), 'carol removed you');
    assert.equal(told('left', {}, true), 'You left the group');
    assert.equal(told('renamed', { name: 'night watch' }), 'carol renamed the group to night watch');
    assert.equal(told('adding', { mayAdd: 'admins' }), 'carol lets only admins add people');
    assert.equal(told('adding', { mayAdd: 'anyone' }), 'carol lets anyone add people');
    assert.equal(told('admins-made', { people: ['a', 'b', 'c'] }), 'carol made a, b and c admins');
    assert.equal(told('admins-unmade', { us: true }), 'carol took admin rights from you');
    assert.equal(told('computers', { by: '', people: ['bob'] }), 'The computers of bob changed');
    assert.equal(told('computers', { by: '', us: true }), 'Your computers changed');
    const refused = ' was not made: the group changed meanwhile, and does not allow it any more';
    assert.equal(told('refused', {}, true), `Your change${refused}`);
    assert.equal(told('refused', { people: ['bob'] }, true), `Your change for bob${refused}`);
  });

  it('has words for each event, whatever is missing in it', () => {
    const kinds = ['created', 'added', 'joined', 'removed', 'left', 'renamed', 'adding'] as const;
    const others = ['admins-made', 'admins-unmade', 'computers', 'succeeded'] as const;
    const troubles = ['refused', 'lost', 'differs'] as const;
    const told = [...kinds, ...others, ...troubles].map((kind) => eventText(event(kind, { by: '' }), false));
    assert.equal(new Set(told).size, told.length);
    for (const words of told) assert.match(words, /^\w.*\w$/);
  });

  it('tells a handful of names and counts the rest', () => {
    const people = Array.from({ length: 30 }, (_, i) => `p${i}`);
    assert.match(eventText(event('added', { people }), false), /p7 and 22 others$/);
    assert.match(eventText(event('added', { people: people.slice(0, 9) }), false), /p7 and p8$/);
  });

  it('keeps names apart from the words, each on one line and without what deceives', () => {
    const parts = eventParts(event('renamed', { by: 'c\u202ea\nb', name: 'x\u2066 left the group' }), false);
    assert.deepEqual(parts, [
      { name: 'c\ufffda b' },
      ' renamed the group to ',
      { name: 'x\ufffd left the group' },
    ]);
  });
});
