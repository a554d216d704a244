/** What VS Code's own lists and inputs show of groups, as plain values. */
import assert from 'node:assert/strict';
import type { ConversationSummary, GroupMember, GroupSummary } from '@crypt2chat/shared/engine';
import { limits } from '@crypt2chat/shared/wire';
import {
  groupNameProblem,
  isOnlyAdmin,
  knownPeople,
  memberActions,
  memberRow,
  namesOf,
  type Person,
  pickerItems,
  receiptRows,
  shareProblem,
  toggled,
  typedPerson,
} from '../../src/host/model/index.ts';
import { maxPeople, sentenceOfMissingKeys, sentenceOfStanding } from '../../src/ipc/index.ts';

const id = 'A'.repeat(43);
const hostile = '$(trash)[x](command:y)\u202e';
const deceives = /\$\(|\]\(|\u202e/;

function conversation(title: string, more: Partial<ConversationSummary> = {}): ConversationSummary {
  const address = `${title}#${id}`;
  return { key: title, title, address, status: 'active', verified: false, unread: 0, draft: '', ...more };
}

function member(name: string, more: Partial<GroupMember> = {}): GroupMember {
  const address = `${name}#${id}`;
  return { account: id, name, address, own: false, admin: false, verified: true, ...more };
}

const group: GroupSummary = {
  people: 2,
  verifiedPeople: 2,
  admin: true,
  mayAdd: true,
  standing: 'ready',
  mentions: 0,
};

describe('choosing people', () => {
  const bob: Person = { name: 'bob', address: `bob#${id}`, verified: true };
  const carol: Person = { name: 'carol', address: 'carol', verified: false };
  const kinds = (chosen: readonly Person[], typed: string, problem?: string) =>
    pickerItems([bob, carol], chosen, typed, 'Go on', problem).map((item) => [item.kind, item.label]);

  it('offers those one talks to, and the whole address only of those whose account is sure', () => {
    const known = knownPeople(
      [
        conversation('carol'),
        conversation('bob', { verified: true }),
        conversation('eve', { status: 'request' }),
        conversation('crew', { group, address: '' }),
        conversation('dave', { verified: true }),
      ],
      new Set([`dave#${id}`]),
    );
    assert.deepEqual(known, [bob, carol]);
  });

  it('takes addresses as the protocol does', () => {
    assert.deepEqual(typedPerson(' @Dave '), { name: 'dave', address: 'dave', verified: false });
    assert.deepEqual(typedPerson(`Dave#${id}`), { name: 'dave', address: `dave#${id}`, verified: true });
    for (const text of ['', ' ', 'd', 'd e', 'dave#', 'dave#x'])
      assert.equal(typedPerson(text), undefined, text);
  });

  it('goes on with nothing typed, and otherwise takes up what is marked', () => {
    assert.deepEqual(kinds([], ''), [
      ['go', 'Go on'],
      ['heading', 'people you talk to'],
      ['known', 'bob'],
      ['known', 'carol'],
    ]);
    assert.deepEqual(kinds([bob], 'dave').at(-1), ['typed', 'Add dave']);
    assert.ok(!kinds([bob], 'dave').some(([kind]) => kind === 'go'));
    assert.deepEqual(
      kinds([bob], '').filter(([kind]) => kind === 'chosen'),
      [['chosen', 'bob']],
    );
  });

  it('does not offer twice whom one knows', () => {
    for (const typed of ['bob', '@carol', `bob#${id}`]) {
      assert.ok(!kinds([], typed).some(([kind]) => kind === 'typed'), typed);
    }
    // Another account of the same name is somebody else.
    assert.ok(kinds([], `bob#${'B'.repeat(43)}`).some(([kind]) => kind === 'typed'));
  });

  it('puts people in and takes them out', () => {
    assert.deepEqual(toggled(toggled([], bob), carol), [bob, carol]);
    assert.deepEqual(toggled([bob, carol], bob), [carol]);
  });

  it('says why going on did not work, beside what goes on', () => {
    const [go] = pickerItems([], [carol], '', 'Go on', 'Nobody has this name.');
    assert.deepEqual(go, { kind: 'go', label: 'Go on', detail: 'Nobody has this name.' });
  });

  it('counts names in few words', () => {
    const people = ['a1', 'b1', 'c1', 'd1'].map((name) => ({ name, address: name, verified: false }));
    assert.equal(namesOf(people.slice(0, 1)), 'a1');
    assert.equal(namesOf(people.slice(0, 3)), 'a1, b1 and c1');
    assert.equal(namesOf(people), 'a1, b1 and 2 others');
  });

  it('shows no name as anything but text', () => {
    const person = { name: hostile, address: hostile, verified: false };
    assert.doesNotMatch(namesOf([person]), deceives);
    for (const { label } of pickerItems([person], [{ ...person, address: 'x' }], '', undefined, undefined)) {
      assert.doesNotMatch(label, deceives);
    }
  });
});

describe('the members of a group', () => {
  it('say who they are, how sure that is, and whose keys are missing and why', () => {
    assert.equal(memberRow(member('bob', { admin: true })).description, 'admin · verified');
    assert.equal(memberRow(member('alice', { own: true, admin: true })).description, 'you · admin');
    const without = memberRow(member('dave', { verified: false, keysMissing: 'ERR_NO_PREKEYS' }));
    assert.equal(without.description, 'not verified · keys missing');
    assert.equal(without.detail, sentenceOfMissingKeys('ERR_NO_PREKEYS'));
    assert.equal(without.icon, 'warning');
    assert.doesNotMatch(memberRow(member(hostile)).label, deceives);
  });

  it('are offered what one may do with them', () => {
    const actions = (one: GroupMember, more: Partial<GroupSummary> = {}) =>
      memberActions(one, { ...group, ...more }).map(({ action }) => action);
    assert.deepEqual(actions(member('bob')), [
      'write',
      'safety-number',
      'copy-address',
      'make-admin',
      'remove',
    ]);
    assert.ok(actions(member('bob', { admin: true })).includes('unmake-admin'));
    assert.deepEqual(actions(member('bob'), { admin: false }), ['write', 'safety-number', 'copy-address']);
    // Pasted, it would count as an address that its owner gave.
    assert.ok(!actions(member('bob', { verified: false })).includes('copy-address'));
    const own = member('alice', { own: true, admin: true, verified: true });
    assert.deepEqual(actions(own), ['copy-address', 'unmake-admin', 'leave']);
    for (const standing of ['left', 'removed'] as const) {
      assert.deepEqual(actions(own, { standing }), ['copy-address'], standing);
      assert.ok(!actions(member('bob'), { standing }).includes('remove'), standing);
    }
  });

  it('have one admin at least, who is told before they leave', () => {
    const view = (...members: GroupMember[]) => ({
      key: 'k',
      name: 'crew',
      mayAdd: 'anyone' as const,
      members,
    });
    const own = member('alice', { own: true, admin: true });
    assert.equal(isOnlyAdmin(view(own, member('bob'))), true);
    assert.equal(isOnlyAdmin(view(own, member('bob', { admin: true }))), false);
    assert.equal(isOnlyAdmin(view(own)), false);
  });
});

describe('the receipts of a message', () => {
  it('stand in the order of how far it has come', () => {
    const receipts = (['sent', 'read', 'delivered', 'read'] as const).map((state, i) => ({
      account: String(i),
      name: `p${i}`,
      state,
    }));
    const rows = receiptRows(receipts);
    assert.deepEqual(
      rows.map(({ label }) => label),
      ['p1', 'p3', 'p2', 'p0'],
    );
    assert.equal(new Set(rows.map(({ icon, description }) => `${icon} ${description}`)).size, 3);
    assert.doesNotMatch(
      receiptRows([{ account: '', name: hostile, state: 'read' }])[0]?.label ?? '$(',
      deceives,
    );
  });
});

describe('inputs about groups', () => {
  it('take a name and a number of messages, and say what is wrong with others', () => {
    for (const name of ['a', 'night watch', '😀'.repeat(64)]) assert.equal(groupNameProblem(name), undefined);
    for (const name of ['', '  ', 'x'.repeat(65)]) assert.ok(groupNameProblem(name), name);
    for (const share of ['0', ' 20 ', '100', '007']) assert.equal(shareProblem(share), undefined, share);
    for (const share of ['', '-1', '101', '1.5', 'x', '1e1']) assert.ok(shareProblem(share), share);
  });

  it('have room for the largest group', () => {
    const { groupDevices }: { groupDevices: number } = limits;
    assert.ok(maxPeople >= groupDevices);
  });
});

describe('how one stands in a group', () => {
  it('has a sentence for each standing but the good one, and says when it is over', () => {
    assert.equal(sentenceOfStanding('ready'), undefined);
    for (const standing of ['joining', 'keys-missing', 'stuck', 'left', 'removed'] as const) {
      const said = sentenceOfStanding(standing);
      assert.ok(said && /^[A-Z].*\.$/.test(said.text), standing);
      assert.equal(said.over, standing === 'left' || standing === 'removed');
    }
  });
});
