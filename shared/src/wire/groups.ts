/**
 * The logs of groups at the relay (protocol §12): CBOR, with sealed entries as they are. All of them but the
 * beginning are asked for with an epoch's access secret and without a session: the relay does not learn who reads
 * or writes.
 */
import * as v from 'valibot';
import { bytesOf, bytesUpTo, uint } from './encoding.ts';
import { envelopeIdBytes } from './delivery.ts';
import { limits } from './limits.ts';

/**
 * The header that carries an epoch's access secret (32 bytes, base64url), of which the relay keeps
 * `H("group/access", secret)`. Never together with another credential.
 */
export const groupAccessHeader = 'group-access';

const id = bytesOf(32);
const hash = bytesOf(32);
const entryId = bytesOf(envelopeIdBytes);
const welcome = bytesUpTo(limits.groupWelcomeBytes);

/**
 * `POST /v1/groups`, with a session: 201; 200 when the same was asked for before. The group begins with epoch 0 and
 * without entries; `welcome` is what the first members read.
 */
export const createGroupRequestSchema = v.strictObject({ id, accessHash: hash, welcome });

/**
 * `POST /v1/groups/{id}/messages`: all of them or none. What the group has under the same id is a duplicate and
 * keeps its place, in whatever epoch; anything new must be for the current epoch and come with its access secret, else
 * `ERR_EPOCH_STALE`. `ERR_GROUP_FULL`: no room for all of them.
 */
export const groupMessagesRequestSchema = v.strictObject({
  epoch: uint(),
  entries: v.pipe(
    v.array(v.strictObject({ id: entryId, entry: bytesUpTo(limits.envelopeBytes) })),
    v.minLength(1),
    v.maxLength(limits.envelopesPerBatch),
  ),
});
/** The places of the entries in the group's log, in the order of the request. */
export const groupMessagesResponseSchema = v.strictObject({
  places: v.pipe(v.array(uint()), v.maxLength(limits.envelopesPerBatch)),
});

/**
 * `POST /v1/groups/{id}/links`: compare-and-set on the epoch and on the number of links that the log holds. With
 * `opens` the next epoch begins behind it, to be read and written with another access secret. Stale: `ERR_EPOCH_STALE`.
 */
export const groupLinkRequestSchema = v.strictObject({
  epoch: uint(),
  links: uint(),
  id: entryId,
  entry: bytesUpTo(limits.groupLinkBytes),
  opens: v.exactOptional(v.strictObject({ accessHash: hash, welcome: v.exactOptional(welcome) })),
});
export const groupLinkResponseSchema = v.strictObject({ place: uint() });

/** `GET /v1/groups/{id}/welcome`: where the epoch of this access secret begins, and what came with the link that opened it. */
export const groupWelcomeResponseSchema = v.strictObject({
  epoch: uint(),
  /** Of the link that opened the epoch; reading goes on behind it. 0 in epoch 0. */
  place: uint(),
  /** Link entries up to that one. */
  links: uint(),
  /** Absent where none came, or it has been forgotten. */
  welcome: v.exactOptional(welcome),
});

/** `POST /v1/groups/{id}/ephemeral`: to waiting polls or nowhere. Always 202 with the current epoch's access secret. */
export const groupEphemeralRequestSchema = v.strictObject({ envelope: bytesUpTo(limits.ephemeralBytes) });

/**
 * `POST /v1/groups/events?wait=SECONDS`: one long poll over several logs, each with its own cursor. An epoch's access
 * secret reads what stands behind the link that opened the epoch, up to and including the link that closed it. A
 * group stands in the request once.
 */
export const groupEventsRequestSchema = v.strictObject({
  groups: v.pipe(
    v.array(v.strictObject({ id, access: bytesOf(32), after: uint() })),
    v.minLength(1),
    v.maxLength(limits.groupsPerPoll),
  ),
});

/**
 * The groups of the request of which there is something to say: 4 MiB in one answer, and beside it 64 ephemeral
 * envelopes. A poll that names an unknown group, or one that denies it, does not wait.
 */
export const groupEventsResponseSchema = v.strictObject({
  groups: v.pipe(
    v.array(
      v.strictObject({
        id,
        /** `unknown`: no such group. `denied`: not the access secret of any of its epochs. */
        status: v.picklist(['ok', 'unknown', 'denied']),
        entries: v.pipe(
          v.array(
            v.strictObject({
              place: uint(),
              id: entryId,
              epoch: uint(),
              link: v.boolean(),
              /** A link that the next epoch begins behind. */
              opens: v.boolean(),
              entry: bytesUpTo(limits.groupLinkBytes),
            }),
          ),
          v.maxLength(limits.envelopesPerBatch),
        ),
        ephemeral: v.pipe(v.array(bytesUpTo(limits.ephemeralBytes)), v.maxLength(limits.envelopesPerBatch)),
        /** Another poll with the same access secret would be answered at once. */
        more: v.boolean(),
      }),
    ),
    v.maxLength(limits.groupsPerPoll),
  ),
});
