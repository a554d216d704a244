/**
 * What members of a group say to each other over their pairwise sessions (protocol §11.7): contents of the kind
 * `group`. `epoch` and `link` (the hash of the link that opened it) say which epoch of the group is meant.
 */
import * as v from 'valibot';
import { bytesOf, bytesUpTo, uint } from './encoding.ts';
import { limits } from './limits.ts';

const key = bytesOf(32);
const epoch = { group: bytesOf(32), epoch: uint(), link: bytesOf(32) };

/** An epoch's secret, before its link is appended. `welcome`: the hash of what newcomers read first. */
const share = v.strictObject({
  action: v.literal('share'),
  ...epoch,
  secret: key,
  welcome: v.exactOptional(bytesOf(32)),
});

/**
 * The sender stands at this epoch and lacks its keys (`keys`), or has a share for the next one whose link the relay
 * does not show (`link`). Who is asked to `serve` answers; the others know how it is.
 */
const need = v.strictObject({
  action: v.literal('need'),
  ...epoch,
  lacks: v.picklist(['keys', 'link']),
  serve: v.boolean(),
});

/** The present keys of the epoch, and each device's sending chain as far as the sender has read. */
const keys = v.strictObject({
  action: v.literal('keys'),
  ...epoch,
  access: key,
  header: key,
  links: key,
  chains: v.pipe(
    v.array(v.strictTuple([bytesOf(32), uint(), key])),
    v.minLength(1),
    v.maxLength(limits.groupDevices),
  ),
});

/** The sender stands at this epoch. */
const standing = v.strictObject({ action: v.literal('standing'), ...epoch });

/** Links that the relay would not give without their epochs' keys, and messages with their authors' signatures. */
const history = v.strictObject({
  action: v.literal('history'),
  group: bytesOf(32),
  links: v.pipe(v.array(bytesUpTo(limits.letterBytes)), v.maxLength(100)),
  messages: v.pipe(v.array(bytesUpTo(limits.letterBytes)), v.maxLength(100)),
});

export const letterBodySchema = v.variant('action', [share, need, keys, standing, history]);
export type Letter = v.InferOutput<typeof letterBodySchema>;
