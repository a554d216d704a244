import assert from 'node:assert/strict';
import { concat, toHex, toUtf8 } from '@crypt2chat/shared/bytes';
import { type CborValue, encodeCbor } from '@crypt2chat/shared/cbor';
import { hasCode } from '@crypt2chat/shared/errors';
import {
  advanceChain,
  deriveChains,
  type Entry,
  maxGeneration,
  maxSkippedGenerations,
  openGroupEphemeral,
  openLink,
  parseEntry,
  sealGroupEphemeral,
  sealLink,
} from '@crypt2chat/shared/groups';
import { pad, sealSalted } from '@crypt2chat/shared/primitives';
import { epochContext } from '../../src/groups/epoch.ts';
import { signStatement, type Statement } from '../../src/groups/statement.ts';
import { deviceOf } from './make-group.ts';
import { alice, bob, carol, keys, mallory, name, randomness, Seat, secret } from './seats.ts';
import { wipedBy } from './wiped-by.ts';

const code =
  (...codes: string[]) =>
  (error: unknown): boolean =>
    hasCode(error, ...codes);
const cannotOpen = code('ERR_CRYPTO_OPEN');
const badSignature = code('ERR_CRYPTO_SIGNATURE');

describe('an entry', () => {
  it('is a message or a link, in a frame with a version', () => {
    for (const [i, kind] of (['message', 'link'] as const).entries())
      assert.deepEqual(parseEntry(encodeCbor([1, i, toUtf8('x')])), {
        kind,
        body: toUtf8('x'),
      } satisfies Entry);
    const newer = [[2], [2, 0, toUtf8('x')], [7, 'anything', { more: true }]];
    for (const frame of newer) assert.throws(() => parseEntry(encodeCbor(frame)), code('ERR_NEWER_VERSION'));
    const wrong: CborValue[] = [
      [],
      [0, 0, toUtf8('x')],
      [-1, 0, toUtf8('x')],
      ['2', 0, toUtf8('x')],
      [1, 2, toUtf8('x')],
      [1, 0],
      [1, 0, 'x'],
      [1, 0, toUtf8('x'), 1],
      { v: 1 },
      1,
    ];
    for (const frame of wrong) assert.throws(() => parseEntry(encodeCbor(frame)), code('ERR_FORMAT'));
    assert.throws(() => parseEntry(new Uint8Array(0)), code('ERR_FORMAT'));
  });
});

describe('a message', () => {
  it('is read by everybody in the epoch, its sender too, and says who wrote it', () => {
    const seats = [alice, bob, carol].map((one) => new Seat(one));
    const [sender, ...readers] = seats as [Seat, Seat, Seat];
    for (const text of ['one', 'two']) {
      const { entry, signed } = sender.seal(text);
      for (const reader of readers) {
        const opened = reader.open(entry);
        assert.ok(opened.kind === 'opened');
        assert.equal(toHex(opened.statement.content), toHex(toUtf8(text)));
        assert.equal(toHex(opened.signed), toHex(signed));
        assert.equal(toHex(opened.speaker.account), toHex(alice.identity.accountId));
        assert.equal(toHex(opened.speaker.device), toHex(deviceOf(alice)));
      }
    }
    assert.equal(readers[0].read(readers[1].seal('three').entry), 'three');
  });

  it('is passed when it comes again, or behind a later one', () => {
    const sender = new Seat(alice);
    const reader = new Seat(bob);
    const [first, second] = [sender.seal('one').entry, sender.seal('two').entry];
    assert.equal(reader.read(second), 'two');
    for (const entry of [first, second, second]) {
      const opened = reader.open(entry);
      assert.ok(opened.kind === 'passed');
      assert.equal(toHex(opened.device), toHex(deviceOf(alice)));
    }
    assert.equal(reader.read(sender.seal('three').entry), 'three');
  });

  it('does not open with any byte changed, and nothing has changed then', () => {
    const { entry } = new Seat(alice).seal('hello');
    const reader = new Seat(bob);
    const before = reader.chains();
    const { body } = parseEntry(entry);
    for (let at = 0; at < body.length; at++)
      assert.throws(() => reader.openBody(body.with(at, body[at]! ^ 1)), cannotOpen);
    for (const size of [0, 1, 31, 48, 83, 84, 120, body.length - 1])
      assert.throws(() => reader.openBody(body.slice(0, size)), cannotOpen);
    assert.throws(() => reader.openBody(concat(body, Uint8Array.of(0))), cannotOpen);
    assert.equal(reader.chains(), before);
    assert.equal(reader.read(entry), 'hello');
    for (let at = 0; at < entry.length; at++)
      assert.throws(
        () => new Seat(bob).open(entry.with(at, entry[at]! ^ 1)),
        code('ERR_CRYPTO_OPEN', 'ERR_FORMAT', 'ERR_NEWER_VERSION'),
      );
  });

  it('does not open in another epoch, another group or behind another link', () => {
    const { body } = parseEntry(new Seat(alice).seal('hello').entry);
    for (const wrong of [{ epoch: 1 }, { group: deviceOf(bob) }, { link: deviceOf(bob) }])
      assert.throws(() => new Seat(bob).openBody(body, { name: { ...name, ...wrong } }), cannotOpen);
  });

  it('does not open with the header of another, nor with another chain', () => {
    const sender = new Seat(alice);
    const one = parseEntry(sender.seal('one').entry).body;
    const two = parseEntry(sender.seal('two').entry).body;
    const mixed = concat(one.slice(0, 84), two.slice(84));
    assert.throws(() => new Seat(bob).openBody(mixed), cannotOpen);
    const again = parseEntry(new Seat(alice).seal('one').entry).body;
    assert.throws(() => new Seat(bob).openBody(concat(again.slice(0, 84), one.slice(84))), cannotOpen);
    const others = deriveChains(deviceOf(bob), name, [deviceOf(alice)])[0];
    assert.throws(() => new Seat(bob).openBody(one, { chainOf: () => others }), cannotOpen);
  });

  it('is from a device of the epoch', () => {
    const { body } = parseEntry(new Seat(alice).seal('hello').entry);
    assert.throws(() => new Seat(bob).openBody(body, { chainOf: () => undefined }), cannotOpen);
  });

  it('leaves out no more generations than a bound', () => {
    const { body: last } = parseEntry(new Seat(alice, maxSkippedGenerations).seal('far').entry);
    const { body: far } = parseEntry(new Seat(alice, maxSkippedGenerations + 1).seal('too far').entry);
    const reader = new Seat(bob);
    assert.throws(() => reader.openBody(far), code('ERR_TOO_MANY_SKIPPED'));
    assert.equal(reader.openBody(last).kind, 'opened');
    assert.equal(reader.openBody(far).kind, 'opened');
  });

  it('is the last of its chain, or there is none', () => {
    const sender = new Seat(alice, maxGeneration);
    const reader = new Seat(bob);
    reader.put(advanceChain(reader.chainOf(deviceOf(alice))!, maxGeneration - 1).chain);
    assert.equal(reader.read(sender.seal('the last').entry), 'the last');
    assert.throws(() => sender.seal('one more'), code('ERR_TOO_MANY_SKIPPED'));
    const beyond = insider({ generation: maxGeneration + 1 }, { generation: maxGeneration + 1 });
    assert.throws(() => reader.openBody(beyond), code('ERR_TOO_MANY_SKIPPED'));
  });

  it('leaves its key with nobody, opened or not', () => {
    const { messageKey } = advanceChain(new Seat(alice).chainOf(deviceOf(alice))!, 0);
    const key = toHex(messageKey);
    const sender = new Seat(alice);
    const sealing = wipedBy(() => sender.seal('hello'));
    assert.ok(sealing.wiped.includes(key) && sealing.wiped.includes(toHex(pad(sealing.value.signed))));
    const { body } = parseEntry(sealing.value.entry);
    assert.ok(wipedBy(() => new Seat(bob).openBody(body)).wiped.includes(key));
    const refusing = wipedBy(() => {
      assert.throws(() => new Seat(bob).openBody(body.with(body.length - 1, body.at(-1)! ^ 1)), cannotOpen);
    });
    assert.ok(refusing.wiped.includes(key));
  });

  it('is not made where others could not read it', () => {
    assert.throws(() => new Seat(alice).seal('x'.repeat(24 * 1024)), RangeError);
  });

  it('has no key, nonce or byte in common with the same said again', () => {
    const [one, two] = [new Seat(alice), new Seat(alice)].map(
      (seat) => parseEntry(seat.seal('same').entry).body,
    );
    assert.notEqual(toHex(one!.slice(0, 32)), toHex(two!.slice(0, 32)));
    assert.notEqual(toHex(one!.slice(84, 116)), toHex(two!.slice(84, 116)));
    assert.notEqual(toHex(one!.slice(116)), toHex(two!.slice(116)));
  });
});

/**
 * What anybody in the epoch can make: they have all keys but other devices' signatures. Says that it is the first
 * message of Alice's chain, and has her signature, unless told otherwise.
 */
function insider(
  statement: Partial<Statement> = {},
  options: { device?: Uint8Array; generation?: number; by?: typeof alice; plaintext?: Uint8Array } = {},
): Uint8Array {
  const { device = deviceOf(alice), generation = 0, by = alice } = options;
  const header = new Uint8Array(36);
  header.set(device);
  new DataView(header.buffer).setUint32(32, generation);
  const context = epochContext(name);
  const sealedHeader = sealSalted(keys.header, 'crypt2chat/v1/group/header', context, header, randomness);
  const start = deriveChains(secret, name, [device])[0]!;
  const { messageKey } = advanceChain(start, Math.min(generation, maxGeneration));
  const seen = { count: 0, hash: new Uint8Array(32) };
  const said = { ...name, device, generation, seen, content: toUtf8('hello'), ...statement };
  const plaintext = options.plaintext ?? pad(signStatement(said, by.device.sign));
  const aad = concat(context, sealedHeader);
  return concat(
    sealedHeader,
    sealSalted(messageKey, 'crypt2chat/v1/group/message', aad, plaintext, randomness),
  );
}

describe('a message that somebody in the epoch made up', () => {
  const opens = (body: Uint8Array, more = {}) => new Seat(bob).openBody(body, more);

  it('opens where it is what its sender would have made', () => {
    assert.equal(opens(insider()).kind, 'opened');
    assert.equal(opens(insider({}, { generation: 3 })).kind, 'opened');
    assert.equal(opens(insider({}, { device: deviceOf(carol), by: carol })).kind, 'opened');
  });

  it('is signed by the device in whose chain it is', () => {
    for (const by of [bob, carol, mallory]) assert.throws(() => opens(insider({}, { by })), badSignature);
    assert.throws(() => opens(insider({ device: deviceOf(carol) }, { by: carol })), badSignature);
    assert.throws(() => opens(insider({ device: deviceOf(carol) })), badSignature);
  });

  it('is signed for this group, epoch, link and generation', () => {
    for (const statement of [
      { group: deviceOf(carol) },
      { epoch: 1 },
      { link: deviceOf(carol) },
      { generation: 1 },
    ]) {
      assert.throws(() => opens(insider(statement)), badSignature);
    }
  });

  it('is from a device that was in the epoch, whatever chains there are', () => {
    const [chain] = deriveChains(secret, name, [deviceOf(mallory)]);
    const body = insider({}, { device: deviceOf(mallory), by: mallory });
    assert.throws(() => opens(body), cannotOpen);
    assert.throws(() => opens(body, { chainOf: () => chain }), badSignature);
    const there = {
      device: deviceOf(mallory),
      account: mallory.identity.accountId,
      sign: mallory.device.sign.publicKey,
    };
    for (const [from, until, isIn] of [
      [0, undefined, true],
      [0, 1, true],
      [0, 0, false],
      [1, undefined, false],
      [1, 2, false],
    ] as const) {
      const speakers = [{ ...there, from, ...(until !== undefined && { until }) }];
      const attempt = () => opens(body, { chainOf: () => chain, speakers });
      if (isIn) assert.equal(attempt().kind, 'opened');
      else assert.throws(attempt, badSignature);
    }
  });

  it('has a header of the size that headers have', () => {
    for (const size of [0, 4, 31, 32, 35]) {
      const context = epochContext(name);
      const short = sealSalted(
        keys.header,
        'crypt2chat/v1/group/header',
        context,
        new Uint8Array(size),
        randomness,
      );
      assert.throws(() => opens(short), cannotOpen);
    }
  });

  it('holds a statement, padded', () => {
    assert.throws(() => opens(insider({}, { plaintext: new Uint8Array(256) })), code('ERR_FORMAT'));
    assert.throws(() => opens(insider({}, { plaintext: new Uint8Array(0) })), code('ERR_FORMAT'));
    assert.throws(() => opens(insider({}, { plaintext: pad(toUtf8('x')) })), code('ERR_FORMAT'));
    const newer = encodeCbor([encodeCbor({ v: 2 }), new Uint8Array(114)]);
    assert.throws(() => opens(insider({}, { plaintext: pad(newer) })), code('ERR_NEWER_VERSION'));
  });
});

describe('a link', () => {
  const link = toUtf8('a link');
  const sealed = sealLink(link, keys, name, randomness);
  const { kind, body } = parseEntry(sealed);

  it('opens in its epoch alone', () => {
    assert.equal(kind, 'link');
    assert.equal(toHex(openLink(body, keys, name)), toHex(link));
    for (const wrong of [{ epoch: 1 }, { group: deviceOf(bob) }, { link: deviceOf(bob) }])
      assert.throws(() => openLink(body, keys, { ...name, ...wrong }), cannotOpen);
    assert.throws(() => openLink(body, { ...keys, link: keys.header }, name), cannotOpen);
  });

  it('does not open with any byte changed', () => {
    for (let at = 0; at < body.length; at++)
      assert.throws(() => openLink(body.with(at, body[at]! ^ 1), keys, name), cannotOpen);
    for (const size of [0, 47, body.length - 1])
      assert.throws(() => openLink(body.slice(0, size), keys, name), cannotOpen);
  });

  it('is padded, and nothing else opens as one', () => {
    const made = (bytes: Uint8Array): Uint8Array =>
      sealSalted(keys.link, 'crypt2chat/v1/group/link', epochContext(name), bytes, randomness);
    assert.equal(toHex(openLink(made(pad(link)), keys, name)), toHex(link));
    assert.throws(() => openLink(made(link), keys, name), code('ERR_FORMAT'));
    assert.throws(
      () => openLink(parseEntry(new Seat(alice).seal('hello').entry).body, keys, name),
      cannotOpen,
    );
  });
});

describe('typing', () => {
  const sealed = sealGroupEphemeral(toUtf8('typing'), keys, name, randomness);

  it('opens in its epoch alone, and is no header', () => {
    assert.equal(toHex(openGroupEphemeral(sealed, keys, name)!), toHex(toUtf8('typing')));
    for (const wrong of [{ epoch: 1 }, { group: deviceOf(bob) }, { link: deviceOf(bob) }])
      assert.equal(openGroupEphemeral(sealed, keys, { ...name, ...wrong }), undefined);
    assert.equal(openGroupEphemeral(sealed, { ...keys, header: keys.link }, name), undefined);
    assert.equal(
      openGroupEphemeral(parseEntry(new Seat(alice).seal('x').entry).body.slice(0, 84), keys, name),
      undefined,
    );
    assert.throws(() => new Seat(bob).openBody(sealed), cannotOpen);
  });

  it('does not open with any byte changed', () => {
    for (let at = 0; at < sealed.length; at++)
      assert.equal(openGroupEphemeral(sealed.with(at, sealed[at]! ^ 1), keys, name), undefined);
    for (const size of [0, 47, sealed.length - 1])
      assert.equal(openGroupEphemeral(sealed.slice(0, size), keys, name), undefined);
  });
});
