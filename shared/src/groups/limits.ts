/** The bounds of a group. Each one keeps what a single member can make the others do within reason. */

/** Devices in one epoch: each epoch costs a share for each of them. */
export const maxGroupDevices = 250;

/** Devices of one group, ever, counted again each time they come: what is kept to tell who said what. */
export const maxGroupSpeakers = 2_500;

/** Links of one group, ever. A rotation a week, and a change a day beside it, fill a log in eight years. */
export const maxGroupLinks = 3_000;

/** A link may bring many accounts, each with its log; sealed and padded it fits the relay's 1 MiB. */
export const maxGroupLinkBytes = 900_000;

/** The links of a group together with the messages that joiners are given. */
export const maxWelcomeBytes = 1_500_000;

/** UTF-16 code units of a name. */
export const maxNameLength = 64;

/** Messages of one device in one epoch. The device begins another epoch before it is there. */
export const maxGeneration = 16_383;

/**
 * Generations that one entry may leave out, two HMACs each. The log has an order, so none are missing but what a
 * device sealed and never sent; and whoever is in the epoch can write any number into a header.
 */
export const maxSkippedGenerations = 1_000;

/** A message with its signature: the longest content of all, and what frames it. */
export const maxStatementBytes = 24 * 1024;

/** How many positions of the log are remembered to compare others' with. */
export const maxRemembered = 128;

/** Messages that a joiner is given. */
export const maxShared = 100;
