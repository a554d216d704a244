/**
 * The one table from the codes of what can go wrong to a plain sentence and, where there is something to do, what.
 * The unions of shared/src/errors and the relay's table of answers are its keys: a code that is added there without a
 * sentence here does not compile. Sentences say what happened and what follows from it; none holds a name or a value.
 */
import type {
  CryptoErrorCode,
  DatabaseErrorCode,
  EngineErrorCode,
  FormatErrorCode,
  GroupErrorCode,
  IdentityErrorCode,
  LogErrorCode,
  SessionErrorCode,
  VaultErrorCode,
} from '@crypt2chat/shared/errors';
import type { UnreadableReason } from '@crypt2chat/shared/engine';
import type { RelayErrorCode } from '@crypt2chat/shared/wire';
import type { Screen } from './view.ts';
import type { ExtensionErrorCode } from './codes.ts';

/**
 * - `retry`: the same thing may work now.
 * - `recover`: the recovery phrase makes this computer a device of the account again.
 * - `update`: a newer version of the extension is needed.
 */
export type Remedy = 'retry' | 'recover' | 'update';

export interface Sentence {
  readonly text: string;
  readonly remedy?: Remedy;
}

type KnownCode =
  | RelayErrorCode
  | CryptoErrorCode
  | FormatErrorCode
  | LogErrorCode
  | SessionErrorCode
  | GroupErrorCode
  | DatabaseErrorCode
  | IdentityErrorCode
  | VaultErrorCode
  | EngineErrorCode
  | ExtensionErrorCode
  | 'ERR_RELAY_INVALID'
  | 'ERR_DEVICE_NONE';

const relayFault = 'The relay gave an answer that makes no sense. Its operator should look at its log.';
const ownFault =
  'The relay did not accept what this version of crypt2chat asked. Updating one of them may help.';
const database = 'The files of the chat on this computer';

const sentences: Readonly<Record<KnownCode, Sentence>> = {
  ERR_RELAY_UNREACHABLE: { text: 'The relay cannot be reached.', remedy: 'retry' },
  ERR_RELAY_INVALID: {
    text: 'This is not the address of a relay. It looks like https://relay.example.org.',
  },
  ERR_ABORTED: { text: 'This was called off.', remedy: 'retry' },
  ERR_DEVICE_NONE: { text: 'This person has no computer at present that could receive a message.' },

  ERR_REQUEST_INVALID: { text: ownFault, remedy: 'update' },
  ERR_CURSOR_INVALID: {
    text: 'The relay no longer knows how far this computer has read. It begins anew.',
    remedy: 'retry',
  },
  ERR_PREKEYS_INVALID: { text: 'The relay did not accept the new keys of this computer.', remedy: 'retry' },
  ERR_UNAUTHENTICATED: { text: 'The relay asks this computer to sign in again.', remedy: 'retry' },
  ERR_CHALLENGE_INVALID: {
    text: 'Signing in took too long. It is tried again with a new challenge.',
    remedy: 'retry',
  },
  ERR_DEVICE_REVOKED: {
    text: 'This computer was removed from your account, so it gets no messages.',
    remedy: 'recover',
  },
  ERR_ACCOUNT_BLOCKED: {
    text: 'Whoever runs the relay has blocked your account. What others send you waits there for a while.',
  },
  ERR_CAPABILITY_INVALID: { text: 'This person does not take messages from you at present.' },
  ERR_ACCESS_INVALID: {
    text: 'The relay does not know this group as it is now. If it was restored from a backup, this computer gives it back what it lost; until then nothing is sent.',
  },
  ERR_REGISTRATION_CLOSED: {
    text: 'This relay takes no new people.',
  },
  ERR_INVITE_INVALID: {
    text: 'This invite code lets nobody in: it is mistyped, used up or over. Whoever runs the relay gives you another.',
  },
  ERR_ACCOUNT_UNKNOWN: { text: 'Nobody has this name on the relay.' },
  ERR_MAILBOX_UNKNOWN: {
    text: 'The relay no longer has a mailbox for this computer of theirs.',
    remedy: 'retry',
  },
  ERR_GROUP_UNKNOWN: { text: 'The relay does not have this group.' },
  ERR_NO_PREKEYS: {
    text: 'The relay holds no keys of this person to begin with. They must come online once.',
  },
  ERR_NOT_FOUND: { text: 'There is no crypt2chat relay at this address.' },
  ERR_METHOD_NOT_ALLOWED: { text: ownFault, remedy: 'update' },
  ERR_NAME_TAKEN: { text: 'Somebody else has this name on the relay. Choose another one.' },
  ERR_LOG_CONFLICT: {
    text: 'The account was changed on another computer at the same moment.',
    remedy: 'retry',
  },
  ERR_GROUP_EXISTS: { text: relayFault },
  ERR_EPOCH_STALE: { text: 'The group was changed by somebody else at the same moment.', remedy: 'retry' },
  ERR_GROUP_FULL: {
    text: 'The relay takes no more messages in this group until older ones are forgotten.',
    remedy: 'retry',
  },
  ERR_TOO_LARGE: { text: 'This is larger than the relay takes.' },
  ERR_MEDIA_TYPE: { text: ownFault, remedy: 'update' },
  ERR_RATE_LIMITED: { text: 'The relay asks to slow down.', remedy: 'retry' },
  ERR_POLLS_EXHAUSTED: { text: 'The relay has more people waiting than it can serve.', remedy: 'retry' },
  ERR_INTERNAL: { text: 'The relay has a fault. Its operator should look at its log.', remedy: 'retry' },
  ERR_SHUTTING_DOWN: { text: 'The relay is being restarted.', remedy: 'retry' },
  ERR_STORAGE_UNAVAILABLE: { text: 'The relay cannot reach its storage at present.', remedy: 'retry' },
  ERR_STORAGE_FULL: {
    text: 'The mailbox at the relay is full until they fetch what is in it.',
    remedy: 'retry',
  },

  ERR_CRYPTO_OPEN: { text: 'It could not be opened: it was changed on the way, or is for another key.' },
  ERR_CRYPTO_SIGNATURE: { text: 'A signature is wrong. Nothing of it was used.' },
  ERR_CRYPTO_KEY: { text: 'A key is not one that may be used. Nothing of it was used.' },
  ERR_CRYPTO_SELF_TEST: {
    text: 'The cryptography on this computer gives wrong results, so nothing is sent or opened with it.',
  },

  ERR_FORMAT: { text: relayFault },
  ERR_NEWER_VERSION: { text: 'This was made by a newer version of crypt2chat.', remedy: 'update' },

  ERR_GROUP_KEYS_MISSING: {
    text: 'This computer lacks the present keys of the group. It has asked the others for them.',
    remedy: 'retry',
  },
  ERR_GROUP_NOT_ALLOWED: { text: 'Only the admins of this group may do that.' },
  ERR_GROUP_NOT_MEMBER: { text: 'You are not in this group any more.' },
  ERR_GROUP_NAME: { text: 'A group needs a name of 1 to 64 characters, on one line.' },
  ERR_GROUP_TOO_LARGE: {
    text: 'This is more than a group can hold: it has room for 250 computers and for some thousands of changes. A new group has room again.',
  },
  ERR_GROUP_STUCK: {
    text: 'Somebody in this group changed it in a way that nobody can follow. A successor with the others is being made.',
  },
  ERR_GROUP_WITHHELD: {
    text: 'The relay does not show this computer what the others see in the group. Nothing is sent until it does.',
  },
  ERR_MEMBER_UNKNOWN: { text: 'This person is not in the group.' },

  ERR_LOG_INVALID: { text: 'The record of who this account is does not verify. Nothing of it was used.' },
  ERR_LOG_FORK: {
    text: 'The relay shows two different histories of this account. Nothing is sent until you have compared safety numbers in person.',
  },
  ERR_NAME_FORK: {
    text: 'The relay now says that this name is somebody else. Nothing is sent until you have asked them in person.',
  },
  ERR_BUNDLE_INVALID: {
    text: 'The keys that the relay gave for this person do not verify. They were not used.',
  },
  ERR_BUNDLE_EXPIRED: {
    text: 'The keys that the relay has for this person are too old. They must come online once.',
    remedy: 'retry',
  },

  ERR_PREKEY_UNKNOWN: { text: 'It was sealed to a key that this computer no longer has.' },
  ERR_HANDSHAKE_REPLAYED: { text: 'An old first message came again. It was put aside.' },
  ERR_TOO_MANY_SKIPPED: { text: 'Too many messages before this one are missing.' },
  ERR_NO_SESSION: { text: 'Their keys and yours no longer fit: one side was restored or set up anew.' },

  ERR_DATABASE_BUSY: { text: `${database} are in use by another program.`, remedy: 'retry' },
  ERR_DATABASE_CONSTRAINT: { text: `${database} hold something that contradicts this. Nothing was changed.` },
  ERR_DATABASE_EXISTS: { text: `${database} are already there.` },
  ERR_DATABASE_CORRUPT: { text: `${database} are damaged. Nothing was deleted.` },
  ERR_DATABASE_FULL: { text: 'The disk is full.', remedy: 'retry' },
  ERR_DATABASE_IO: { text: `${database} could not be read or written.`, remedy: 'retry' },
  ERR_DATABASE_NEWER: { text: `${database} were made by a newer version.`, remedy: 'update' },
  ERR_DATABASE_READ_ONLY: { text: `${database} may not be written.`, remedy: 'retry' },
  ERR_DATABASE_UNSUPPORTED: { text: 'The database does not run on this computer.' },

  ERR_VAULT_CORRUPT: { text: `${database} are damaged. Nothing was deleted.` },
  ERR_VAULT_EXISTS: { text: 'There is a chat on this computer already.' },
  ERR_VAULT_MISSING: { text: `${database} are gone.` },
  ERR_VAULT_SECRET_WRONG: {
    text: 'The key in the keychain of this computer does not open your messages. Your recovery phrase does.',
  },
  ERR_PHRASE_INVALID: {
    text: 'This is not a recovery phrase: a word is missing, or one is not written as it was shown.',
  },
  ERR_PHRASE_WRONG: { text: 'This is the recovery phrase of another account.' },

  ERR_ACCOUNT_EXISTS: { text: 'This computer has an account already.' },
  ERR_CONVERSATION_UNKNOWN: { text: 'This conversation is not on this computer.' },
  ERR_DRAFT_INVALID: { text: 'This cannot be sent as it is.' },
  ERR_BUNDLES_LIMITED: {
    text: 'Too many people have begun to write to this person just now. It is tried again by itself.',
  },
  ERR_LOG_WITHHELD: {
    text: 'The relay does not show the newest state of this account. Nothing is sent until it does.',
    remedy: 'retry',
  },
  ERR_MESSAGE_UNKNOWN: { text: 'This message is not on this computer.' },
  ERR_NO_ACCOUNT: { text: 'There is no account on this computer yet.' },
  ERR_NOT_ACCEPTED: { text: 'Accept the request first.' },
  ERR_RELAY_ADDRESS: {
    text: 'This is not the address of a relay. It looks like https://relay.example.org.',
  },
  ERR_RELAY_ANSWER: { text: relayFault },
  ERR_RELAY_FAILED: {
    text: 'The relay has a fault. Its operator should look at its log.',
    remedy: 'retry',
  },
  ERR_SELF: { text: 'That is you.' },
  ERR_TEXT_TOO_LONG: { text: 'This is longer than a message can be (16 KiB).' },
  ERR_USERNAME: {
    text: 'A name has 2 to 32 small letters, digits, dots, dashes and underscores; a letter or digit first.',
  },

  ERR_ENGINE_STOPPED: { text: 'The chat is being restarted. What you wrote is kept.', remedy: 'retry' },
  ERR_ENGINE_TIMEOUT: { text: 'This took too long and was given up.', remedy: 'retry' },
  ERR_ENGINE_BUSY: { text: 'Too much is going on at once.', remedy: 'retry' },
  ERR_ENGINE_INTERNAL: {
    text: 'crypt2chat has a fault of its own. Its log names the place.',
    remedy: 'retry',
  },
  ERR_IPC_INVALID: { text: 'Two parts of crypt2chat do not fit together. Reloading the window helps.' },
  ERR_NOT_OPEN: { text: 'The chat is not open in this window.' },
  ERR_SECRETS_UNAVAILABLE: {
    text: 'The keychain of this computer does not keep what it is given, so no keys were made.',
    remedy: 'retry',
  },
};

const table = new Map<string, Sentence>(Object.entries(sentences));

/** The sentence of a code; one that is not known is named, so that it can be asked about. */
export function sentenceOf(code: string): Sentence {
  return table.get(code) ?? { text: `Something went wrong (${code}).`, remedy: 'retry' };
}

/** Why an envelope could not be shown as a message, and what comes of it. */
const unreadable: Readonly<Record<UnreadableReason, Sentence>> = {
  tampered: { text: 'It was damaged or changed on the way, so nothing of it can be trusted.' },
  'no-session': {
    text: 'Their keys and yours no longer fit: one side was restored from a copy or set up anew. New keys are being agreed; what was in it must be sent again.',
  },
  'prekey-gone': {
    text: 'It was sealed to a key that this computer no longer has. It must be sent again.',
  },
  'too-many-skipped': {
    text: 'Too many messages before it are missing. New keys are being agreed; what was in it must be sent again.',
  },
  'newer-version': {
    text: 'It was made by a newer version of crypt2chat. It is kept until you have updated.',
    remedy: 'update',
  },
  malformed: { text: 'It was opened, but what is inside is not a message.' },
};

export function sentenceOfUnreadable(reason: UnreadableReason): Sentence {
  return unreadable[reason];
}

export type LockedReason = Extract<Screen, { screen: 'locked' }>['reason'];

/** Why the vault is locked. `unlock` is whether the recovery phrase helps; else opening it again may. */
const locked: Readonly<Record<LockedReason, { readonly text: string; readonly unlock: boolean }>> = {
  'secret-lost': {
    text: 'The key to your messages is missing from the keychain of this computer. Your messages are still here; your recovery phrase opens them.',
    unlock: true,
  },
  'secret-corrupt': {
    text: 'The key to your messages in the keychain of this computer is damaged. Your messages are still here; your recovery phrase opens them.',
    unlock: true,
  },
  'secret-unavailable': {
    text: 'The keychain of this computer does not answer. Unlock it, then open the chat again.',
    unlock: false,
  },
  'engine-stopped': {
    text: 'The chat stopped several times in a row. Your messages are still here.',
    unlock: false,
  },
  'vault-corrupt': {
    text: 'The file that holds your messages is damaged. Nothing was deleted: put back a copy of it, or recover the account with your recovery phrase.',
    unlock: false,
  },
  'vault-newer': {
    text: 'Your messages were last used by a newer version of crypt2chat. Update the extension to open them.',
    unlock: false,
  },
  'vault-unwritable': {
    text: 'The file that holds your messages may not be written. Look at its permissions and at the free space on the disk.',
    unlock: false,
  },
};

export function sentenceOfLocked(reason: LockedReason): { readonly text: string; readonly unlock: boolean } {
  return locked[reason];
}
