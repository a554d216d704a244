/** What only groups have, as the engine tells it and the page shows it. */
import type { GroupEvent, GroupSummary, GroupView, MemberReceipt } from '@crypt2chat/shared/engine';
import * as v from 'valibot';
import { codeSchema, countSchema, keySchema, shortTextSchema } from './values.ts';

/** No group has more people: each has a computer in it. */
export const maxPeople = 250;

export const namesSchema = v.pipe(v.array(shortTextSchema), v.maxLength(maxPeople), v.readonly());

export const whoMayAddSchema = v.picklist(['anyone', 'admins']);

export const groupSummarySchema = v.strictObject({
  people: countSchema,
  verifiedPeople: countSchema,
  admin: v.boolean(),
  mayAdd: v.boolean(),
  standing: v.picklist(['joining', 'ready', 'keys-missing', 'stuck', 'left', 'removed']),
  mentions: countSchema,
  invitedBy: v.exactOptional(shortTextSchema),
}) satisfies v.GenericSchema<GroupSummary>;

export const groupEventSchema = v.strictObject({
  kind: v.literal('event'),
  event: v.picklist([
    'created',
    'added',
    'joined',
    'removed',
    'left',
    'renamed',
    'adding',
    'admins-made',
    'admins-unmade',
    'computers',
    'succeeded',
    'refused',
    'lost',
    'differs',
  ]),
  by: shortTextSchema,
  people: namesSchema,
  us: v.exactOptional(v.literal(true)),
  name: v.exactOptional(shortTextSchema),
  mayAdd: v.exactOptional(whoMayAddSchema),
  shared: v.exactOptional(countSchema),
}) satisfies v.GenericSchema<GroupEvent>;

/** Of a member, what the page needs: whom one can mention, and who cannot read at present. */
export const membersSchema = v.pipe(
  v.array(
    v.strictObject({
      name: shortTextSchema,
      own: v.boolean(),
      verified: v.boolean(),
      keysMissing: v.exactOptional(codeSchema),
    }),
  ),
  v.maxLength(maxPeople),
  v.readonly(),
);

export const groupViewSchema = v.strictObject({
  key: keySchema,
  name: shortTextSchema,
  mayAdd: whoMayAddSchema,
  members: v.pipe(
    v.array(
      v.strictObject({
        account: keySchema,
        name: shortTextSchema,
        address: shortTextSchema,
        own: v.boolean(),
        admin: v.boolean(),
        verified: v.boolean(),
        keysMissing: v.exactOptional(codeSchema),
      }),
    ),
    v.maxLength(maxPeople),
    v.readonly(),
  ),
}) satisfies v.GenericSchema<GroupView>;

export const receiptsSchema = v.pipe(
  v.array(
    v.strictObject({
      account: keySchema,
      name: shortTextSchema,
      state: v.picklist(['sent', 'delivered', 'read']),
    }),
  ),
  v.maxLength(maxPeople),
  v.readonly(),
) satisfies v.GenericSchema<readonly MemberReceipt[]>;

export const progressSchema = v.strictObject({ delivered: countSchema, read: countSchema, of: countSchema });

export type ViewMember = v.InferOutput<typeof membersSchema>[number];
export type ViewGroup = v.InferOutput<typeof groupSummarySchema>;
export type ViewEvent = v.InferOutput<typeof groupEventSchema>;
