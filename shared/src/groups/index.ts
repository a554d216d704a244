/**
 * Groups by epochs (docs/protocol.md §11): a flat continuous group key agreement over pairwise sessions. Here is what
 * is pure: the signed log of a group and its rules, the keys of an epoch, what is sealed and opened with them.
 * Nothing here changes what it is given; what fails has changed nothing.
 */
export { type GroupBody, isGroupName, type WhoMayAdd } from './bodies.ts';
export {
  addMembers,
  changePolicy,
  createGroup,
  type GroupChange,
  type Opening,
  removeMembers,
  renameGroup,
  rotateGroup,
  type Signing,
} from './changes.ts';
export {
  accessHashOf,
  advanceChain,
  type Chain,
  commitTo,
  deriveChains,
  deriveEpochKeys,
  type EpochKeys,
  type EpochName,
  secretBytes,
} from './epoch.ts';
export {
  type Entry,
  type OpenedMessage,
  openGroupEphemeral,
  openGroupMessage,
  openLink,
  parseEntry,
  sealGroupEphemeral,
  sealGroupMessage,
  type SealedMessage,
  sealLink,
} from './entry.ts';
export {
  decodeGroup,
  encodeGroup,
  extendGroup,
  type Group,
  hasLink,
  type KnownIdentities,
  maxGroupBytes,
  readLink,
  type ReadLink,
  verifyGroup,
} from './group.ts';
export {
  maxGeneration,
  maxGroupDevices,
  maxGroupLinkBytes,
  maxGroupLinks,
  maxGroupSpeakers,
  maxRemembered,
  maxShared,
  maxSkippedGenerations,
  maxStatementBytes,
  maxWelcomeBytes,
} from './limits.ts';
export {
  devicesOf,
  type Former,
  type GroupState,
  type Member,
  memberOf,
  memberOfDevice,
  memberOfKey,
} from './state.ts';
export {
  isLeave,
  parseStatement,
  type ParsedStatement,
  type Speaker,
  type Spoken,
  verifyStatement,
} from './statement.ts';
export {
  agrees,
  beginTranscript,
  extendTranscript,
  type Position,
  positionSchema,
  standingAt,
  type Transcript,
} from './transcript.ts';
export { openWelcome, sealWelcome, type Welcome, welcomeHashOf } from './welcome.ts';
