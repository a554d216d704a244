/** How a group, its members and the receipts of a message stand in VS Code's own lists, as plain values. */
import type {
  ConversationSummary,
  GroupMember,
  GroupSummary,
  GroupView,
  MemberReceipt,
} from '@crypt2chat/shared/engine';
import { sentenceOfMissingKeys, sentenceOfStanding } from '../../ipc/index.ts';
import { plainLine, plainName } from './plain-text.ts';

/** What a quick pick shows of somebody. `icon` is the name of a codicon. */
export interface PersonRow {
  readonly label: string;
  readonly description: string;
  readonly detail?: string;
  readonly icon: string;
}

/** The most characters that the protocol lets a group's name have. */
const maxGroupName = 64;

/** The name of a conversation: of a person or of a group. */
export function plainTitle({ title, group }: Pick<ConversationSummary, 'title' | 'group'>): string {
  return group === undefined ? plainName(title) : plainGroupName(title);
}

/** While a group is being joined, its name is not known. */
export function plainGroupName(name: string): string {
  return plainLine(name, maxGroupName) || 'a group';
}

/** What is wrong with a group's name in an input box, as a sentence, or undefined. */
export function groupNameProblem(text: string): string | undefined {
  const { length } = Array.from(text.trim());
  if (length === 0) return 'A group needs a name.';
  return length > maxGroupName
    ? `A group’s name has at most ${maxGroupName} characters; this has ${length}.`
    : undefined;
}

/** The most messages that somebody who is added can be given. */
export const maxShared = 100;

export function shareProblem(text: string): string | undefined {
  const trimmed = text.trim();
  return /^\d{1,3}$/.test(trimmed) && Number(trimmed) <= maxShared
    ? undefined
    : `A number from 0 to ${maxShared}.`;
}

/** This computer is in the group and can change what its rules let it change. */
export function isIn(group: GroupSummary): boolean {
  return group.standing !== 'joining' && sentenceOfStanding(group.standing)?.over !== true;
}

/** Nothing can be written any more. */
export function isOver({ group }: ConversationSummary): boolean {
  return group !== undefined && sentenceOfStanding(group.standing)?.over === true;
}

export function memberRow(member: GroupMember): PersonRow {
  const { name, own, admin, verified, keysMissing } = member;
  const words = [
    ...(own ? ['you'] : []),
    ...(admin ? ['admin'] : []),
    ...(own ? [] : [verified ? 'verified' : 'not verified']),
    ...(keysMissing === undefined ? [] : ['keys missing']),
  ];
  return {
    label: plainName(name),
    description: words.join(' · '),
    ...(keysMissing === undefined ? {} : { detail: sentenceOfMissingKeys(keysMissing) }),
    icon: keysMissing !== undefined ? 'warning' : verified ? 'verified' : 'account',
  };
}

export type MemberAction =
  'write' | 'safety-number' | 'copy-address' | 'make-admin' | 'unmake-admin' | 'remove' | 'leave';

/** What can be done with a member, by what we may do. */
export function memberActions(
  { own, admin, verified }: GroupMember,
  group: GroupSummary,
): { readonly action: MemberAction; readonly label: string; readonly icon: string }[] {
  const rules = isIn(group) && group.admin;
  const adminLabel = own ? 'Give Up Admin Rights' : 'Take Admin Rights';
  return [
    ...(own
      ? []
      : [
          { action: 'write', label: 'Write to Them', icon: 'comment' } as const,
          { action: 'safety-number', label: 'Compare Safety Number', icon: 'shield' } as const,
        ]),
    // Whoever pastes an address takes it for one that its owner gave: not one that only the relay vouches for.
    ...(own || verified ? [{ action: 'copy-address', label: 'Copy Address', icon: 'copy' } as const] : []),
    ...(rules && !admin ? [{ action: 'make-admin', label: 'Make Admin', icon: 'key' } as const] : []),
    ...(rules && admin ? [{ action: 'unmake-admin', label: adminLabel, icon: 'key' } as const] : []),
    ...(rules && !own
      ? [{ action: 'remove', label: 'Remove from Group…', icon: 'circle-slash' } as const]
      : []),
    ...(own && isIn(group) ? [{ action: 'leave', label: 'Leave Group…', icon: 'sign-out' } as const] : []),
  ];
}

const receiptOrder = ['read', 'delivered', 'sent'] as const;
const receiptWords = { read: 'read', delivered: 'delivered', sent: 'not delivered yet' } as const;
const receiptIcons = { read: 'check-all', delivered: 'check', sent: 'history' } as const;

/** Who has come furthest stands first. */
export function receiptRows(receipts: readonly MemberReceipt[]): PersonRow[] {
  return receiptOrder.flatMap((state) =>
    receipts
      .filter((receipt) => receipt.state === state)
      .map(({ name }) => ({
        label: plainName(name),
        description: receiptWords[state],
        icon: receiptIcons[state],
      })),
  );
}

/** Whether nobody would be left who could change who is in the group. */
export function isOnlyAdmin({ members }: GroupView): boolean {
  const admins = members.filter(({ admin }) => admin);
  return members.length > 1 && admins.length === 1 && admins[0]?.own === true;
}
