/** The path of a message through the relay: CBOR, with sealed envelopes as they are. */
import * as v from 'valibot';
import { bytesOf, bytesUpTo } from './encoding.ts';
import { limits } from './limits.ts';

export const cborMediaType = 'application/cbor';

export const envelopeIdBytes = 16;

/** `POST /v1/mailboxes/{device id}`: envelopes with the ids that make their delivery idempotent. */
export const deliverRequestSchema = v.pipe(
  v.array(v.strictObject({ id: bytesOf(envelopeIdBytes), envelope: bytesUpTo(limits.envelopeBytes) })),
  v.minLength(1),
  v.maxLength(limits.envelopesPerBatch),
);

/**
 * One answer for each envelope, in order. `stored` and `duplicate` both mean that it is or was durably there;
 * `mailbox-full` means that it is not: try again later.
 */
export const deliverResponseSchema = v.strictObject({
  results: v.pipe(
    v.array(v.picklist(['stored', 'duplicate', 'mailbox-full'])),
    v.maxLength(limits.envelopesPerBatch),
  ),
});

/** `POST /v1/mailboxes/{device id}/ephemeral`: to a waiting poll or nowhere. Always 202, whoever is there. */
export const ephemeralRequestSchema = v.strictObject({ envelope: bytesUpTo(limits.ephemeralBytes) });

/**
 * `GET /v1/events?after=CURSOR&wait=SECONDS`. The cursor acknowledges everything up to it. `more` says that another
 * poll would be answered at once. At most 4 MiB of envelopes and at most 64 of each sort in one answer. SECONDS is
 * from 1 to 55, or 0 for what is there now; 25 without it. A newer poll of the same device ends the older one, empty.
 */
export const eventsResponseSchema = v.strictObject({
  cursor: v.pipe(v.string(), v.maxLength(200)),
  envelopes: v.pipe(
    v.array(v.strictObject({ id: bytesOf(envelopeIdBytes), envelope: bytesUpTo(limits.envelopeBytes) })),
    v.maxLength(limits.envelopesPerBatch),
  ),
  ephemeral: v.pipe(v.array(bytesUpTo(limits.ephemeralBytes)), v.maxLength(limits.envelopesPerBatch)),
  more: v.boolean(),
});
