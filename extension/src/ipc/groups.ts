/** What only groups have, as the engine tells it and the page shows it. */
import type { GroupEvent, GroupSummary } from '@crypt2chat/shared/engine';
import * as v from 'valibot';
import { countSchema, shortTextSchema } from './values.ts';

/** No group has more people: each has a computer in it. */
const maxPeople = 250;

export const namesSchema = v.pipe(v.array(shortTextSchema), v.maxLength(maxPeople), v.readonly());

const whoMayAddSchema = v.picklist(['anyone', 'admins']);

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

export const progressSchema = v.strictObject({ delivered: countSchema, read: countSchema, of: countSchema });

export type ViewEvent = v.InferOutput<typeof groupEventSchema>;
