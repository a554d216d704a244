import assert from 'node:assert/strict';
import { toHex } from '@crypt2chat/shared/bytes';
import { encodeCbor } from '@crypt2chat/shared/cbor';
import { sealGroupMessage } from '@crypt2chat/shared/groups';
import { systemRandomness as randomness } from '@crypt2chat/shared/primitives';
import { encodeGroupContent, type GroupContent } from '@crypt2chat/shared/wire';
import { chainKeyOf, chains } from '../../src/engine/group-records.ts';
import { seenBy } from '../../src/engine/groups/group.ts';
import type { Device } from '../schedules/device.ts';
import { Crew, deviceIdOf, eventsOf, groupAt, messagesOf, record, say, textsOf } from './crew.ts';

describe('a member who keeps to no rule', function () {
  this.timeout(120_000);
  let crew: Crew;
  let alice: Device;
  let bob: Device;
  let mallory: Device;
  beforeEach(async () => {
    crew = await Crew.of('alice', 'bob', 'mallory');
    [alice, bob, mallory] = ['alice', 'bob', 'mallory'].map((name) => crew.named(name)) as [
      Device,
      Device,
      Device,
    ];
    say(alice, 'the plan');
    await crew.settle();
  });
  afterEach(() => crew.close());

  /** What Mallory's device seals in its own chain, whatever it is. */
  function seal(content: Uint8Array): Uint8Array {
    const { core } = mallory;
    const group = groupAt(mallory);
    const { keys } = record(mallory);
    const chain = core.vault.get(chains, chainKeyOf(group.group, deviceIdOf(mallory)));
    assert.ok(keys && chain);
    return sealGroupMessage({
      content,
      chain,
      keys,
      name: { group: group.group, epoch: group.epoch, link: group.epochLink },
      seen: seenBy(record(mallory), group),
      signer: core.deviceOf(core.requireAccount()).sign,
      randomness,
    }).entry;
  }

  function contentOf(rest: Pick<GroupContent, 'kind' | 'body'>, id = randomness.bytes(16)): Uint8Array {
    const { conversation } = groupAt(mallory);
    const common = { v: 1, id, conversation, counter: 60, sentAt: crew.clock.now() };
    return encodeGroupContent({ ...common, ...rest } as GroupContent);
  }

  async function post(entry: Uint8Array, id = randomness.bytes(16)): Promise<void> {
    const { id: group, keys } = record(mallory);
    assert.ok(keys);
    await crew
      .client()
      .appendMessages(group, { access: keys.access }, groupAt(mallory).epoch, [{ id, entry }]);
    await crew.settle();
  }

  const planOf = (device: Device) => {
    const plan = messagesOf(device).find(({ body }) => body.kind === 'text' && body.text === 'the plan');
    assert.ok(plan, `${device.name} has lost the plan`);
    return plan;
  };

  it('takes no message away by saying something else under its id', async () => {
    const { id } = planOf(bob);
    await post(seal(contentOf({ kind: 'text', body: { text: 'not the plan' } }, id)));
    await post(seal(contentOf({ kind: 'leave', body: {} }, id)));
    for (const device of [alice, bob]) {
      planOf(device);
      assert.ok(textsOf(device).includes('not the plan'), 'each is heard');
      assert.ok(eventsOf(device).includes('left'));
    }
  });

  it('takes no message away by an entry under its id that nobody can read', async () => {
    const { id } = planOf(bob);
    await post(randomness.bytes(300), id);
    await post(seal(encodeCbor({ v: 1, id: toHex(id) })), randomness.bytes(16));
    for (const device of [alice, bob]) {
      planOf(device);
      assert.deepEqual(textsOf(device).sort(), ['(malformed)', '(malformed)', 'the plan']);
    }
  });
});
