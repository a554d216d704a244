import * as v from 'valibot';
import { equalBytes } from '../bytes/index.ts';
import { type Applied, bytesSchema, invalidLog, type LogKind, type ParsedLink } from '../log/index.ts';
import { hash32Bytes, signingKeyBytes } from '../primitives/index.ts';
import { type DeviceId, deviceId, deviceIdOf, type DeviceKeys, deviceKeysSchema } from './ids.ts';
import { isRelayOrigin, maxOriginBytes, parseUsername } from './names.ts';

/** Devices that may be active at a time. */
export const maxDevices = 10;

/** Links in a log: what a first message can carry besides its text. */
export const maxLinks = 64;

/** The last places are kept for the recovery key, so that the thief of a device cannot fill a log up first. */
export const maxDeviceLinks = 56;

export const maxLinkBytes = 1024;

const username = v.pipe(v.string(), v.check(isUsername));
const relay = v.pipe(v.string(), v.maxLength(maxOriginBytes), v.check(isRelayOrigin));
const recovery = bytesSchema(signingKeyBytes);
const id = bytesSchema(hash32Bytes);

const bodySchema = v.variant('type', [
  v.strictObject({ type: v.literal('create'), username, relay, device: deviceKeysSchema, recovery }),
  v.strictObject({ type: v.literal('add-device'), device: deviceKeysSchema }),
  v.strictObject({ type: v.literal('revoke-device'), device: id }),
  v.strictObject({ type: v.literal('replace-recovery'), recovery }),
  v.strictObject({
    type: v.literal('recover'),
    revoke: v.pipe(v.array(id), v.maxLength(maxDevices)),
    device: deviceKeysSchema,
  }),
]);

export type IdentityBody = v.InferOutput<typeof bodySchema>;

export interface Device {
  readonly id: DeviceId;
  readonly keys: DeviceKeys;
}

/** What the links of an identity add up to. */
export interface IdentityState {
  readonly username: string;
  readonly relay: string;
  /** The current recovery key, Ed448, 57 bytes. */
  readonly recovery: Uint8Array;
  /** The active ones, in the order of their links. */
  readonly devices: readonly Device[];
  readonly revoked: readonly DeviceId[];
}

export const identityKind: LogKind<IdentityBody, IdentityState> = {
  name: 'identity',
  maxLinks,
  maxLinkBytes,
  bodySchema,
  apply(state, link) {
    const { body } = link;
    if (state === undefined) return create(link);
    switch (body.type) {
      case 'create':
        throw invalidLog('a second beginning');
      case 'add-device':
        requireDevice(state, link);
        if (state.devices.length >= maxDevices) throw invalidLog('too many devices');
        return {
          state: { ...state, devices: [...state.devices, newDevice(state, body.device)] },
          cosigners: [body.device.sign],
        };
      case 'revoke-device': {
        requireDevice(state, link);
        const devices = state.devices.filter((device) => !equalBytes(device.id, body.device));
        if (devices.length === state.devices.length) throw invalidLog('not an active device');
        if (devices.length === 0) throw invalidLog('the last device stays');
        return {
          state: { ...state, devices, revoked: [...state.revoked, deviceId(body.device)] },
          cosigners: [],
        };
      }
      case 'replace-recovery':
        requireRecovery(state, link);
        if (isKeyOf(state, body.recovery)) throw invalidLog('not a new recovery key');
        return { state: { ...state, recovery: body.recovery }, cosigners: [] };
      case 'recover':
        return recover(state, link, body);
    }
  },
};

function create(link: ParsedLink<IdentityBody>): Applied<IdentityState> {
  const { body } = link;
  if (body.type !== 'create') throw invalidLog('no beginning');
  if (!equalBytes(link.signer, body.device.sign)) throw invalidLog('not signed by the first device');
  if (equalBytes(body.recovery, body.device.sign)) throw invalidLog('one key for two purposes');
  const device = { id: deviceIdOf(body.device), keys: body.device };
  const { username: name, relay: origin, recovery: key } = body;
  return {
    state: { username: name, relay: origin, recovery: key, devices: [device], revoked: [] },
    cosigners: [],
  };
}

function recover(
  state: IdentityState,
  link: ParsedLink<IdentityBody>,
  body: Extract<IdentityBody, { type: 'recover' }>,
): Applied<IdentityState> {
  requireRecovery(state, link);
  const named = (device: Device): boolean => body.revoke.some((revoked) => equalBytes(revoked, device.id));
  // Equal numbers and each of them named: the list is the active devices, without repetition.
  if (body.revoke.length !== state.devices.length || !state.devices.every(named)) {
    throw invalidLog('not the active devices');
  }
  const device = newDevice(state, body.device);
  const revoked = [...state.revoked, ...state.devices.map((old) => old.id)];
  return { state: { ...state, devices: [device], revoked }, cosigners: [body.device.sign] };
}

function newDevice(state: IdentityState, keys: DeviceKeys): Device {
  const added = deviceIdOf(keys);
  if (state.revoked.some((known) => equalBytes(known, added))) throw invalidLog('a device comes back');
  if (isKeyOf(state, keys.sign)) throw invalidLog('a key is used twice');
  if (state.devices.some((device) => equalBytes(device.keys.dh, keys.dh)))
    throw invalidLog('a key is used twice');
  return { id: added, keys };
}

/** Whether `key` signs for something in `state` already. One key for two purposes would blur who signed. */
function isKeyOf(state: IdentityState, key: Uint8Array): boolean {
  return equalBytes(state.recovery, key) || state.devices.some((device) => equalBytes(device.keys.sign, key));
}

function requireDevice(state: IdentityState, link: ParsedLink<IdentityBody>): void {
  if (link.seq >= maxDeviceLinks) throw invalidLog('the last places are for the recovery key');
  if (!state.devices.some((device) => equalBytes(device.keys.sign, link.signer))) {
    throw invalidLog('not signed by an active device');
  }
}

function requireRecovery(state: IdentityState, link: ParsedLink<IdentityBody>): void {
  if (!equalBytes(state.recovery, link.signer)) throw invalidLog('not signed by the recovery key');
}

function isUsername(text: string): boolean {
  try {
    return parseUsername(text) === text;
  } catch {
    return false;
  }
}
