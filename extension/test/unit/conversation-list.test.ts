/** The list of conversations, its badges, and what is announced. */
import assert from 'node:assert/strict';
import type {
  ConversationSummary,
  EngineChange,
  EngineState,
  GroupSummary,
  MessageView,
} from '@crypt2chat/shared/engine';
import {
  badgeCount,
  conversationRows,
  Toasts,
  type ToastWishes,
  whenOf,
} from '../../src/host/model/index.ts';

function conversation(more: Partial<ConversationSummary> = {}): ConversationSummary {
  return {
    key: 'k',
    title: 'bob',
    address: `bob#${'A'.repeat(43)}`,
    status: 'active',
    verified: false,
    unread: 0,
    draft: '',
    ...more,
  };
}

function group(more: Partial<GroupSummary> = {}): GroupSummary {
  return {
    people: 5,
    verifiedPeople: 4,
    admin: false,
    mayAdd: false,
    standing: 'ready',
    mentions: 0,
    ...more,
  };
}

describe('the list of conversations', () => {
  const time = { now: new Date('2026-03-12T12:00:00Z'), locale: 'en-GB', timeZone: 'UTC' };
  const at = (iso: string) => whenOf(Date.parse(iso), time);

  it('tells today by the clock, this week by the day, else the date', () => {
    assert.equal(at('2026-03-12T09:05:00Z'), '09:05');
    assert.equal(at('2026-03-10T09:05:00Z'), 'Tue');
    assert.equal(at('2026-03-05T12:00:00Z'), '5 Mar 2026');
    assert.equal(at('2026-03-14T12:00:00Z'), '14 Mar 2026');
  });

  const nothingQuiet = new Set<string>();
  const rowOf = (more: Partial<ConversationSummary>, quiet = nothingQuiet) => {
    const { main, muted } = conversationRows([conversation(more)], time, quiet);
    const row = [...main, ...muted][0];
    assert.ok(row);
    return row;
  };

  it('keeps requests in sight and what was dismissed out of the way', () => {
    const { main, muted } = conversationRows(
      [
        conversation({
          key: 'a',
          unread: 3,
          verified: true,
          lastActivityAt: Date.parse('2026-03-12T09:05:00Z'),
        }),
        conversation({ key: 'b', status: 'request', unread: 7, title: 'dave' }),
        conversation({ key: 'c', status: 'blocked' }),
        conversation({ key: 'd', status: 'ignored' }),
        conversation({ key: 'e', trouble: 'ERR_LOG_FORK' }),
      ],
      time,
      nothingQuiet,
    );
    assert.deepEqual(
      main.map(({ key, context, icon, badge }) => [key, context, icon, badge?.text]),
      [
        ['a', 'person.active', 'verified', '3'],
        ['b', 'person.request', 'person-add', undefined],
        ['e', 'person.active', 'warning', undefined],
      ],
    );
    assert.deepEqual(
      muted.map(({ key, context }) => [key, context]),
      [
        ['c', 'person.blocked'],
        ['d', 'person.ignored'],
      ],
    );
    assert.equal(main[0]?.description, '09:05');
    assert.equal(main[1]?.description, 'wants to write to you');
  });

  it('shows groups beside people, and unread mentions in front of all that is unread', () => {
    const lastActivityAt = Date.parse('2026-03-12T09:05:00Z');
    const row = rowOf({ title: 'release-crew', unread: 14, lastActivityAt, group: group({ mentions: 2 }) });
    assert.deepEqual([row.label, row.icon, row.description], ['release-crew', 'symbol-numeric', '09:05']);
    assert.deepEqual([row.badge?.text, row.badge?.loud], ['@2', true]);
    assert.equal(row.spoken, 'release-crew, group, 2 mention you, 14 unread, 09:05');
    assert.equal(row.tooltip, 'release-crew · 5 people, 4 verified · 2 mention you · 14 unread · 09:05');
    const plain = rowOf({ unread: 14, group: group() });
    assert.deepEqual([plain.badge?.text, plain.badge?.loud], ['9+', false]);
    assert.equal(rowOf({ unread: 99, group: group({ mentions: 10 }) }).badge?.text, '@+');
  });

  it('says who added one to a group, and how one stands in it', () => {
    const request = rowOf({ status: 'request', group: group({ invitedBy: 'bob' }) });
    assert.deepEqual([request.description, request.icon], ['bob added you', 'person-add']);
    assert.match(request.spoken, /group, bob added you$/);
    for (const standing of ['joining', 'keys-missing', 'stuck', 'left', 'removed'] as const) {
      const row = rowOf({ group: group({ standing }) });
      assert.notEqual(row.description, '', standing);
      assert.ok(row.spoken.endsWith(row.description), standing);
      assert.equal(row.icon === 'warning', standing === 'keys-missing' || standing === 'stuck', standing);
    }
  });

  it('says what can be done with a row by what holds of it', () => {
    assert.equal(rowOf({ group: group() }).context, 'group.active.in');
    assert.equal(
      rowOf({ key: 'q', group: group({ admin: true, mayAdd: true }) }, new Set(['q'])).context,
      'group.active.quiet.in.admin.adds',
    );
    for (const standing of ['left', 'removed', 'joining'] as const) {
      assert.equal(rowOf({ group: group({ standing, admin: true, mayAdd: true }) }).context, 'group.active');
    }
    assert.equal(rowOf({ key: 'q' }, new Set(['q'])).context, 'person.active.quiet');
  });

  it('says of what is muted that it is, and counts it without a colour', () => {
    const quiet = new Set(['q']);
    const person = rowOf({ key: 'q', unread: 2 }, quiet);
    assert.deepEqual([person.description, person.badge?.text, person.badge?.loud], ['muted', '2', false]);
    assert.match(person.spoken, /muted/);
    assert.equal(rowOf({ key: 'q', unread: 2, group: group({ mentions: 1 }) }, quiet).badge?.loud, false);
    assert.equal(rowOf({ key: 'p', unread: 2 }, quiet).badge?.loud, true);
  });

  it('shows no name as anything but text', () => {
    const hostile = '$(trash)\u202e';
    const rows = [
      rowOf({ title: hostile }),
      rowOf({ title: hostile, status: 'request', group: group({ invitedBy: hostile }) }),
    ];
    for (const { label, description, tooltip, spoken } of rows) {
      for (const text of [label, description, tooltip, spoken]) assert.doesNotMatch(text, /\$\(|\u202e/);
    }
    assert.equal(Array.from(rowOf({ title: 'x'.repeat(200), group: group() }).label).length, 64);
  });

  it('counts on the badge what waits for the person', () => {
    const all = [
      conversation({ unread: 2 }),
      conversation({ status: 'request', unread: 5 }),
      conversation({ status: 'ignored', unread: 9 }),
      conversation({ status: 'blocked', unread: 9 }),
    ];
    assert.equal(badgeCount(all), 3);
  });
});

describe('toasts', () => {
  const message = (more: Partial<MessageView> = {}): EngineChange => ({
    kind: 'message',
    arrived: true,
    message: {
      key: 'm',
      conversation: 'k',
      counter: 1,
      author: 'bob',
      own: false,
      sentAt: 0,
      body: { kind: 'text', text: 'hello [x](command:y)\nthere' },
      ...more,
    },
  });
  const engine = (more: Partial<ConversationSummary> = {}): EngineState => ({
    connection: { state: 'online' },
    conversations: [conversation(more)],
  });

  const wishes = (more: Partial<ToastWishes> = {}): ToastWishes => ({
    level: 'sender',
    watched: undefined,
    quiet: new Set(),
    ...more,
  });

  it('come once for each conversation until it has been read', () => {
    const toasts = new Toasts();
    assert.ok(toasts.take(message(), engine(), wishes()));
    assert.equal(toasts.take(message(), engine(), wishes()), undefined);
    toasts.take({ kind: 'conversation', conversation: conversation({ unread: 1 }) }, engine(), wishes());
    assert.equal(toasts.take(message(), engine(), wishes()), undefined);
    toasts.take({ kind: 'conversation', conversation: conversation() }, engine(), wishes());
    assert.ok(toasts.take(message(), engine(), wishes()));
  });

  it('stay away for what is looked at, muted, one’s own, what is old, and people one does not talk to', () => {
    const never = (change: EngineChange, state = engine(), more: Partial<ToastWishes> = {}) =>
      assert.equal(new Toasts().take(change, state, wishes(more)), undefined);
    never(message(), engine(), { watched: 'k' });
    never(message(), engine(), { quiet: new Set(['k']) });
    never(message(), engine(), { level: 'off' });
    never(message({ own: true }));
    never({ ...message(), arrived: false } as EngineChange);
    for (const status of ['request', 'ignored', 'blocked'] as const) never(message(), engine({ status }));
  });

  it('come of a group only when somebody means us, and say where', () => {
    const crew = engine({ title: 'release-crew', group: group() });
    const mention = message({ mentionsUs: true });
    const toasts = new Toasts();
    assert.equal(toasts.take(message(), crew, wishes()), undefined);
    assert.equal(toasts.take(mention, crew, wishes())?.text, 'bob mentioned you in release-crew');
    assert.equal(toasts.take(mention, crew, wishes()), undefined);
    assert.match(
      new Toasts().take(mention, crew, wishes({ level: 'preview' }))?.text ?? '',
      /^bob in release-crew: h/,
    );
    assert.equal(new Toasts().take(mention, crew, wishes({ quiet: new Set(['k']) })), undefined);
    const request = engine({ status: 'request', group: group({ invitedBy: 'bob' }) });
    assert.equal(new Toasts().take(mention, request, wishes()), undefined);
    const event = message({ body: { kind: 'event', event: 'added', by: 'bob', people: [], us: true } });
    assert.equal(new Toasts().take(event, crew, wishes()), undefined);
    const hostile = engine({ title: '[x](command:y)$(trash)', group: group() });
    assert.doesNotMatch(new Toasts().take(mention, hostile, wishes())?.text ?? '](', /\]\(|\$\(/);
  });

  it('say how a message begins only when asked to, and then as plain text', () => {
    const sender = new Toasts().take(message(), engine(), wishes());
    assert.ok(!sender?.text.includes('hello'));
    const preview = new Toasts().take(message(), engine(), wishes({ level: 'preview' }));
    assert.ok(preview);
    assert.ok(preview.text.includes('hello'));
    assert.ok(!preview.text.includes('](') && !preview.text.includes('\n'));
  });
});
