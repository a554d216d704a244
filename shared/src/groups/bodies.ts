/** The bodies of a group's links (docs/protocol.md §11.2), as they are encoded. */
import * as v from 'valibot';
import { blobSchema, bytesSchema, uintSchema } from '../log/index.ts';
import { hash32Bytes } from '../primitives/index.ts';
import { maxGroupDevices, maxNameLength, maxShared, maxStatementBytes } from './limits.ts';
import { positionSchema } from './transcript.ts';

const id = bytesSchema(hash32Bytes);
const identityLinks = v.pipe(v.array(blobSchema(1024)), v.minLength(1), v.maxLength(64));
const name = v.pipe(
  v.string(),
  v.check((text) => isGroupName(text)),
);
const mayAdd = v.picklist(['anyone', 'admins']);
const accounts = v.pipe(v.array(id), v.maxLength(maxGroupDevices));
const logs = v.pipe(v.array(identityLinks), v.maxLength(maxGroupDevices));

/** In each link: a Lamport counter, which gives the change its place among the messages. */
const placed = { counter: uintSchema(2 ** 40) };
const opening = {
  ...placed,
  commitment: id,
  seen: positionSchema,
  /** What members' logs have gained: devices that came and went. */
  identities: v.pipe(
    v.array(v.strictObject({ account: id, links: identityLinks })),
    v.maxLength(maxGroupDevices),
  ),
};

export const bodySchema = v.variant('type', [
  v.strictObject({
    type: v.literal('create'),
    ...placed,
    commitment: id,
    name,
    mayAdd,
    admins: accounts,
    members: logs,
    continues: v.exactOptional(
      v.strictObject({ group: id, head: v.strictObject({ seq: uintSchema(), hash: id }), conversation: id }),
    ),
  }),
  v.strictObject({
    type: v.literal('add'),
    ...opening,
    members: v.pipe(logs, v.minLength(1)),
    shared: uintSchema(maxShared),
  }),
  v.strictObject({
    type: v.literal('remove'),
    ...opening,
    accounts: v.pipe(accounts, v.minLength(1)),
    /** Signed statements of those who leave by their own will. */
    left: v.pipe(v.array(blobSchema(maxStatementBytes)), v.maxLength(maxGroupDevices)),
  }),
  v.strictObject({ type: v.literal('rotate'), ...opening }),
  v.strictObject({ type: v.literal('rename'), ...placed, name }),
  v.strictObject({
    type: v.literal('policy'),
    ...placed,
    mayAdd: v.exactOptional(mayAdd),
    admins: v.exactOptional(accounts),
  }),
]);

export type GroupBody = v.InferOutput<typeof bodySchema>;
export type WhoMayAdd = v.InferOutput<typeof mayAdd>;

/** One line of 1 to 64 UTF-16 code units, without controls and without white space at its ends. */
export function isGroupName(text: string): boolean {
  return (
    text.trim() === text &&
    text.length >= 1 &&
    text.length <= maxNameLength &&
    !/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(text)
  );
}
