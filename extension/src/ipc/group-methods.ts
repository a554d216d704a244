/** What the engine's thread does with groups: GroupCommands of the engine, as calls. Rejections have its codes. */
import * as v from 'valibot';
import { groupViewSchema, maxPeople, receiptsSchema, whoMayAddSchema } from './groups.ts';
import type { Methods } from './rpc.ts';
import { countSchema, keySchema, shortTextSchema } from './values.ts';
import { conversationSchema } from './view.ts';

/** Of the vault's disk and of the arithmetic of keys. */
const localMs = 30_000;
/** Of several requests to a slow relay, for each of many people. */
const relayMs = 300_000;

const nothing = v.void();
const conversation = { conversation: keySchema };
const member = { ...conversation, account: keySchema };
const addresses = v.pipe(v.array(shortTextSchema), v.maxLength(maxPeople), v.readonly());

export const groupMethods = {
  createGroup: {
    params: v.strictObject({ name: shortTextSchema, addresses }),
    result: conversationSchema,
    timeoutMs: relayMs,
  },
  groupView: { params: v.strictObject(conversation), result: groupViewSchema, timeoutMs: localMs },
  addToGroup: {
    params: v.strictObject({ ...conversation, addresses, shareLast: v.pipe(countSchema, v.maxValue(100)) }),
    result: nothing,
    timeoutMs: relayMs,
  },
  removeFromGroup: { params: v.strictObject(member), result: nothing, timeoutMs: localMs },
  leaveGroup: { params: v.strictObject(conversation), result: nothing, timeoutMs: localMs },
  renameGroup: {
    params: v.strictObject({ ...conversation, name: shortTextSchema }),
    result: nothing,
    timeoutMs: localMs,
  },
  setGroupAdmin: {
    params: v.strictObject({ ...member, admin: v.boolean() }),
    result: nothing,
    timeoutMs: localMs,
  },
  setGroupMayAdd: {
    params: v.strictObject({ ...conversation, mayAdd: whoMayAddSchema }),
    result: nothing,
    timeoutMs: localMs,
  },
  groupReceipts: {
    params: v.strictObject({ ...conversation, key: keySchema }),
    result: receiptsSchema,
    timeoutMs: localMs,
  },
  /** 60 digits in twelve groups. */
  memberSafetyNumber: { params: v.strictObject(member), result: shortTextSchema, timeoutMs: localMs },
} as const satisfies Methods;
