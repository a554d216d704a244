import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  comparePlaces,
  initialState,
  maxAttachments,
  maxHeld,
  reduce,
} from '../../../src/webview/model/index.ts';
import { conversation, keysOf, message, messages, openOf, screenOf, stateWith } from './messages.ts';

describe('the model of the view', () => {
  it('puts messages in their place, whatever order they come in, and each once', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(40), { maxLength: 60 }), (counters) => {
        let state = stateWith([]);
        for (const counter of counters) {
          state = reduce(state, { type: 'message', message: message(counter), arrived: true });
        }
        assert.deepEqual(
          keysOf(state),
          [...new Set(counters)].sort((a, b) => a - b),
        );
      }),
    );
  });

  it('orders messages of one counter by key, as the engine does', () => {
    const pair = [message(1, { key: 'b' }), message(1, { key: 'B' }), message(1, { key: '_' })];
    const state = stateWith(pair);
    assert.deepEqual(
      openOf(state).messages.map(({ key }) => key),
      ['B', '_', 'b'],
    );
  });

  it('replaces a message that is there, and leaves every other object as it is', () => {
    const before = stateWith(messages(0, 5));
    const after = reduce(before, {
      type: 'message',
      message: message(2, { own: true, state: 'delivered' }),
      arrived: false,
    });
    assert.deepEqual(keysOf(after), [0, 1, 2, 3, 4]);
    assert.equal(openOf(after).messages[2]?.state, 'delivered');
    assert.equal(openOf(after).messages[3], openOf(before).messages[3]);
  });

  it('moves a message whose counter has changed', () => {
    const moved = reduce(stateWith(messages(0, 4)), {
      type: 'message',
      message: { ...message(1), counter: 9 },
      arrived: false,
    });
    assert.deepEqual(keysOf(moved), [0, 2, 3, 9]);
  });

  it('passes over what is said of a conversation that is not open', () => {
    const state = stateWith(messages(0, 3));
    const elsewhere = { ...message(7), conversation: 'other' };
    assert.equal(reduce(state, { type: 'message', message: elsewhere, arrived: true }), state);
    assert.equal(reduce(state, { type: 'typing', conversation: 'other', people: ['bob'] }), state);
    assert.equal(reduce(state, { type: 'message-removed', conversation: 'other', key: 'k000001' }), state);
    const register = reduce(state, { type: 'screen', screen: { screen: 'elsewhere' } });
    assert.equal(reduce(register, { type: 'message', message: message(9), arrived: true }), register);
  });

  it('puts an older page in front, without what is there twice', () => {
    const before = stateWith(messages(10, 20), { hasOlder: true });
    const asked = reduce(before, { type: 'older-asked' });
    assert.equal(openOf(asked).loadingOlder, true);
    const after = reduce(asked, { type: 'older', conversation, messages: messages(5, 12), hasOlder: false });
    assert.deepEqual(
      keysOf(after),
      messages(5, 20).map(({ counter }) => counter),
    );
    assert.equal(openOf(after).hasOlder, false);
    assert.equal(openOf(after).loadingOlder, false);
  });

  it('leaves a late message from before the first page to the page that holds it', () => {
    const state = stateWith(messages(10, 20), { hasOlder: true });
    assert.deepEqual(
      keysOf(reduce(state, { type: 'message', message: message(3), arrived: true })).length,
      10,
    );
  });

  it('never holds more than its bound, and knows that newer ones are missing', () => {
    let state = stateWith(messages(maxHeld - 10, maxHeld), { hasOlder: true });
    state = reduce(state, {
      type: 'older',
      conversation,
      messages: messages(-20, maxHeld - 10),
      hasOlder: false,
    });
    assert.equal(openOf(state).messages.length, maxHeld);
    assert.equal(openOf(state).missingNewer, true);
    const news = reduce(state, { type: 'message', message: message(maxHeld + 5), arrived: true });
    assert.equal(openOf(news).messages.at(-1)?.counter, maxHeld - 21, 'no gap opens at the end');
    const anew = reduce(news, { type: 'screen', screen: screenOf(messages(maxHeld, maxHeld + 6)) });
    assert.equal(openOf(anew).missingNewer, false);
  });

  describe('the “new” line', () => {
    const unread = { firstUnread: { counter: 2, key: message(2).key } };

    it('stays while the conversation is open, though the host reads it anew', () => {
      const state = stateWith(messages(0, 4), unread);
      const again = reduce(state, { type: 'screen', screen: screenOf(messages(0, 4)) });
      assert.deepEqual(openOf(again).firstUnread, unread.firstUnread);
    });

    it('goes when the conversation is left', () => {
      const state = stateWith(messages(0, 4), unread);
      const left = reduce(state, { type: 'screen', screen: { screen: 'loading' } });
      const back = reduce(left, { type: 'screen', screen: screenOf(messages(0, 4)) });
      assert.equal(openOf(back).firstUnread, undefined);
    });

    it('comes in front of the first message that arrives while nobody looks', () => {
      let state = stateWith(messages(0, 2));
      for (const counter of [2, 3]) {
        state = reduce(state, { type: 'message', message: message(counter), arrived: true });
      }
      assert.deepEqual(openOf(state).firstUnread, { counter: 2, key: message(2).key });
    });

    it('does not come for what is looked at, for our own messages, or for history', () => {
      const looking = reduce(stateWith(messages(0, 2)), { type: 'attention', attentive: true });
      const seen = reduce(looking, { type: 'message', message: message(2), arrived: true });
      assert.equal(openOf(seen).firstUnread, undefined);
      const own = reduce(stateWith([]), {
        type: 'message',
        message: message(2, { own: true }),
        arrived: true,
      });
      assert.equal(openOf(own).firstUnread, undefined);
      const old = reduce(stateWith([]), { type: 'message', message: message(2), arrived: false });
      assert.equal(openOf(old).firstUnread, undefined);
    });

    it('moves on once everything after it was read', () => {
      let state = stateWith(messages(0, 4), unread);
      state = reduce(state, { type: 'message', message: message(4), arrived: true });
      assert.deepEqual(openOf(state).firstUnread, unread.firstUnread);
      state = reduce(state, { type: 'seen', upTo: { counter: 4, key: message(4).key } });
      state = reduce(state, { type: 'message', message: message(5), arrived: true });
      assert.deepEqual(openOf(state).firstUnread, { counter: 5, key: message(5).key });
    });
  });

  it('counts as read what lies before the first unread message', () => {
    const state = stateWith(messages(0, 4), { firstUnread: { counter: 2, key: message(2).key } });
    assert.deepEqual(openOf(state).readUpTo, { counter: 1, key: message(1).key });
    assert.ok(comparePlaces(openOf(stateWith(messages(0, 4))).readUpTo!, message(3)) === 0);
  });

  it('takes “typing” away when the message is there', () => {
    let state = reduce(stateWith([]), { type: 'typing', conversation, people: ['bob', 'carol'] });
    state = reduce(state, { type: 'message', message: message(0, { own: true }), arrived: false });
    assert.deepEqual(openOf(state).typing, ['bob', 'carol']);
    state = reduce(state, { type: 'message', message: message(1), arrived: true });
    assert.deepEqual(openOf(state).typing, ['carol']);
  });

  it('keeps what is attached within its bound, and per conversation', () => {
    const code = { text: 'x', language: '', path: 'a.ts', startLine: 1, endLine: 1 };
    let state = stateWith([]);
    for (let i = 0; i < maxAttachments + 3; i++) {
      state = reduce(state, { type: 'attach', conversation, code: { ...code, startLine: i } });
    }
    assert.equal(openOf(state).attachments.length, maxAttachments);
    state = reduce(state, { type: 'detached', index: 0 });
    assert.equal(openOf(state).attachments[0]?.startLine, 4);
    state = reduce(state, { type: 'screen', screen: screenOf([]) });
    assert.equal(openOf(state).attachments.length, maxAttachments - 1);
    const other = screenOf([]);
    const changed = { ...other, conversation: { ...other.conversation, key: 'other' } };
    assert.deepEqual(openOf(reduce(state, { type: 'screen', screen: changed })).attachments, []);
  });

  it('brings code that was not sent back among what is attached, without its note', () => {
    const draft = {
      kind: 'code' as const,
      text: 'x',
      language: '',
      path: 'a.ts',
      startLine: 1,
      endLine: 1,
      note: 'look',
    };
    const state = reduce(stateWith([]), {
      type: 'not-sent',
      conversation,
      draft,
      code: 'ERR_ENGINE_STOPPED',
    });
    assert.deepEqual(openOf(state).attachments, [
      { text: 'x', language: '', path: 'a.ts', startLine: 1, endLine: 1 },
    ]);
  });

  describe('registering', () => {
    const register = reduce(initialState, {
      type: 'screen',
      screen: { screen: 'register', relay: '', username: '' },
    });

    it('takes the answer about the relay that was asked last, and no other', () => {
      const asked = reduce(register, { type: 'relay-asked', relay: 'https://b' });
      const late = reduce(asked, {
        type: 'relay',
        relay: 'https://a',
        result: { state: 'failed', code: 'ERR_X' },
      });
      assert.equal(late.shown, asked.shown);
      const now = reduce(asked, {
        type: 'relay',
        relay: 'https://b',
        result: { state: 'failed', code: 'ERR_X' },
      });
      assert.ok(now.shown.screen === 'register' && now.shown.check?.state === 'failed');
    });

    it('is busy until the host says why not', () => {
      const busy = reduce(register, { type: 'register-asked' });
      assert.ok(busy.shown.screen === 'register' && busy.shown.busy);
      const failed = reduce(busy, { type: 'register-failed', code: 'ERR_NAME_TAKEN' });
      assert.ok(failed.shown.screen === 'register' && !failed.shown.busy);
      assert.ok(failed.shown.failure === 'ERR_NAME_TAKEN');
      const edited = reduce(failed, { type: 'register-edited' });
      assert.ok(edited.shown.screen === 'register' && edited.shown.failure === undefined);
    });
  });
});
