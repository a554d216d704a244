/** The protocol's limits in one table. `/v1/about` serves those that a relay may set otherwise. */

export const usernamePattern = /^[a-z0-9][a-z0-9._-]{1,31}$/;

export const limits = {
  textBytes: 16 * 1024,
  envelopeBytes: 64 * 1024,
  ephemeralBytes: 4 * 1024,
  requestBytes: 4 * 1024 * 1024,
  envelopesPerBatch: 64,
  envelopesPerMailbox: 10_000,
  retentionDays: 30,
  devicesPerAccount: 10,
  linksPerIdentity: 64,
  linkBytes: 1024,
  oneTimePrekeys: 100,
  oneTimeKemKeys: 20,
  oneTimePrekeysRefillBelow: 25,
  oneTimeKemKeysRefillBelow: 5,
  oneTimeKemHashes: 200,
  pollWaitSeconds: 25,
  pollWaitMinSeconds: 1,
  pollWaitMaxSeconds: 55,
  clockSkewMs: 5 * 60 * 1000,
  challengeMs: 60 * 1000,
  bearerMs: 60 * 60 * 1000,
  receiptIds: 256,
  groupDevices: 250,
  /** Of what one member hands on to another in one letter. */
  letterBytes: 22 * 1024,
  /** An entry of a group's log that is a link; one that is a message is at most `envelopeBytes`. */
  groupLinkBytes: 1024 * 1024,
  groupWelcomeBytes: 2560 * 1024,
  groupsPerPoll: 256,
  /** Messages that a group's log holds at the relay and, apart from them, links. */
  entriesPerGroup: 100_000,
  counter: 2 ** 40,
} as const;
