import assert from 'node:assert/strict';
import fc from 'fast-check';
import { toHex } from '@crypt2chat/shared/bytes';
import { hasCode } from '@crypt2chat/shared/errors';
import {
  addDevice,
  type Change,
  decodeIdentity,
  deviceIdOf,
  type DeviceSecrets,
  encodeIdentity,
  extendIdentity,
  generateDevice,
  type Identity,
  publicKeysOf,
  recoverIdentity,
  replaceRecovery,
  revokeDevice,
  verifyIdentity,
} from '@crypt2chat/shared/identity';
import { generateSigningKeyPair } from '@crypt2chat/shared/primitives';
import { seededRandomness } from '@crypt2chat/shared/testing';
import { makeAccount, startMs } from '../identity/make-account.ts';

const randomness = seededRandomness('identity properties');
const account = makeAccount('walker', randomness);
/** Enough for collisions to happen: small pools of devices and recovery keys. */
const devices = [account.device, ...Array.from({ length: 13 }, () => generateDevice(randomness))];
const recoveries = [account.recovery, ...Array.from({ length: 2 }, () => generateSigningKeyPair(randomness))];
/** In no walk. */
const spare = generateDevice(randomness);
const idOf = (index: number) => deviceIdOf(publicKeysOf(devices[index]!));

interface Step {
  readonly do: 'add' | 'revoke' | 'recover' | 'replace';
  /** Indices into the pools: who signs, and whom it is about. */
  readonly by: number;
  readonly whom: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  do: fc.oneof(
    { weight: 6, arbitrary: fc.constant('add' as const) },
    { weight: 2, arbitrary: fc.constantFrom('revoke' as const, 'recover' as const, 'replace' as const) },
  ),
  // Walks get further when the first device, and the first recovery key, sign more often than others.
  by: fc.oneof(fc.constant(0), fc.nat(devices.length - 1)),
  whom: fc.nat(devices.length - 1),
});

/** The rules of docs/protocol.md §3, as plainly as they can be said. */
interface Model {
  readonly active: readonly number[];
  readonly revoked: readonly number[];
  readonly recovery: number;
  readonly length: number;
}

const beginning: Model = { active: [0], revoked: [], recovery: 0, length: 1 };

function allows({ active, revoked, recovery, length }: Model, { do: action, by, whom }: Step): boolean {
  const fresh = !active.includes(whom) && !revoked.includes(whom);
  const byDevice = active.includes(by) && length < 56;
  const byRecovery = by % recoveries.length === recovery && length < 64;
  switch (action) {
    case 'add':
      return byDevice && fresh && active.length < 10;
    case 'revoke':
      return byDevice && active.includes(whom) && active.length > 1;
    case 'recover':
      return byRecovery && fresh;
    case 'replace':
      return byRecovery && whom % recoveries.length !== recovery;
  }
}

function after(model: Model, { do: action, whom }: Step): Model {
  const { active, revoked } = model;
  const longer = { ...model, length: model.length + 1 };
  switch (action) {
    case 'add':
      return { ...longer, active: [...active, whom] };
    case 'revoke':
      return { ...longer, active: active.filter((one) => one !== whom), revoked: [...revoked, whom] };
    case 'recover':
      return { ...longer, active: [whom], revoked: [...revoked, ...active] };
    case 'replace':
      return { ...longer, recovery: whom % recoveries.length };
  }
}

function attempt(identity: Identity, { do: action, by, whom }: Step): Change {
  const [signer, device] = [devices[by], devices[whom]] as [DeviceSecrets, DeviceSecrets];
  const recovery = recoveries[by % recoveries.length]!;
  switch (action) {
    case 'add':
      return addDevice(identity, signer, device, startMs);
    case 'revoke':
      return revokeDevice(identity, signer, idOf(whom), startMs);
    case 'recover':
      return recoverIdentity(identity, recovery, device, startMs);
    case 'replace':
      return replaceRecovery(identity, recovery, recoveries[whom % recoveries.length]!.publicKey, startMs);
  }
}

/** Walks; what the model forbids must be refused. @returns the links, and what is known after each. */
function walk(steps: readonly Step[]): { links: Uint8Array[]; states: Identity[]; models: Model[] } {
  const links = [...account.links];
  const states = [account.identity];
  const models = [beginning];
  for (const one of steps) {
    const before = states.at(-1)!;
    if (!allows(models.at(-1)!, one)) {
      assert.throws(
        () => attempt(before, one),
        (error) => hasCode(error, 'ERR_LOG_INVALID'),
      );
      continue;
    }
    const { link, identity } = attempt(before, one);
    const model = after(models.at(-1)!, one);
    const names = (ids: readonly Uint8Array[]): string[] => ids.map(toHex);
    assert.deepEqual(names(identity.devices.map(({ id }) => id)), names(model.active.map(idOf)));
    assert.deepEqual(names(identity.revoked), names(model.revoked.map(idOf)));
    assert.deepEqual(identity.recovery, recoveries[model.recovery]!.publicKey);
    assert.equal(identity.length, model.length);
    links.push(link);
    states.push(identity);
    models.push(model);
  }
  return { links, states, models };
}

const encoded = (identity: Identity): string => toHex(encodeIdentity(identity));

describe('any identity log', () => {
  it('does what the rules say and nothing else, whole, in parts and out of storage', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40, size: 'max' }), fc.nat(), fc.nat(), (steps, some, more) => {
        const { links, states } = walk(steps);
        const last = states.at(-1)!;
        assert.equal(encoded(verifyIdentity(links)), encoded(last));
        // Known up to `at`, given again from `from`.
        const at = some % links.length;
        const from = more % (at + 2);
        const known = decodeIdentity(encodeIdentity(states[at]!));
        assert.equal(encoded(extendIdentity(known, links.slice(from))), encoded(last));
        assert.equal(encoded(extendIdentity(last, links.slice(0, at + 1))), encoded(last));
      }),
      { numRuns: 40 },
    );
  }).timeout(120_000);

  it('shows every fork, and takes nothing of it', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30, size: 'max' }), fc.nat(), (steps, some) => {
        const { links, states, models } = walk([{ do: 'add', by: 0, whom: 1 }, ...steps]);
        const at = some % (links.length - 1);
        const other = recoverIdentity(states[at]!, recoveries[models[at]!.recovery]!, spare, startMs).link;
        const last = states.at(-1)!;
        const isFork = (error: unknown): boolean => hasCode(error, 'ERR_LOG_FORK');
        assert.throws(() => extendIdentity(last, [...links.slice(0, at + 1), other]), isFork);
        assert.throws(() => extendIdentity(last, [other]), isFork);
        assert.throws(() => extendIdentity(states[at + 1]!, [...links.slice(0, at + 1), other]), isFork);
      }),
      { numRuns: 60 },
    );
  }).timeout(120_000);

  it('is refused with a link left out, repeated, swapped or taken from another log', () => {
    const other = makeAccount('other', randomness);
    fc.assert(
      fc.property(fc.array(step, { minLength: 5, maxLength: 15 }), fc.nat(), (steps, some) => {
        const { links } = walk(steps);
        if (links.length < 3) return;
        const at = 1 + (some % (links.length - 2));
        const [here, next] = [links[at]!, links[at + 1]!];
        for (const wrong of [
          links.toSpliced(at, 1),
          links.toSpliced(at, 0, here),
          links.toSpliced(at, 2, next, here),
          links.toSpliced(0, 1, other.links[0]!),
        ]) {
          assert.throws(
            () => verifyIdentity(wrong),
            (error) => hasCode(error, 'ERR_LOG_INVALID'),
          );
        }
      }),
      { numRuns: 30 },
    );
  }).timeout(120_000);
});
