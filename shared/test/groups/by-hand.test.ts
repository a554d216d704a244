import assert from 'node:assert/strict';
import { createDecipheriv, createHash, createHmac, createPublicKey, hkdfSync, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { decode, encode, rfc8949EncodeOptions } from 'cborg';

/** §11.3 to §11.6 of docs/protocol.md, for the frozen vectors, by node:crypto and a CBOR library alone. */
type Vector = Record<string, unknown>;

function frozen(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), 'utf8'));
}

const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const cbor = (value: unknown): Buffer => Buffer.from(encode(value, rfc8949EncodeOptions));
const label = (rest: string): Buffer => Buffer.from(`crypt2chat/v1/${rest}`);
const zero = Buffer.alloc(1);

function h(rest: string, ...data: Uint8Array[]): string {
  const hash = createHash('sha512').update(label(rest)).update(zero);
  for (const part of data) hash.update(part);
  return hash.digest('hex').slice(0, 64);
}

function derive(secret: string, context: Buffer, ...info: Uint8Array[]): string {
  return Buffer.from(hkdfSync('sha512', hex(secret), context, Buffer.concat(info), 32)).toString('hex');
}

function open(key: string, info: string, aad: Buffer, sealed: Buffer): Buffer {
  const derived = Buffer.from(hkdfSync('sha512', hex(key), sealed.subarray(0, 32), label(info), 44));
  const opener = createDecipheriv('aes-256-gcm', derived.subarray(0, 32), derived.subarray(32));
  opener.setAAD(aad);
  opener.setAuthTag(sealed.subarray(-16));
  return Buffer.concat([opener.update(sealed.subarray(32, -16)), opener.final()]);
}

const unpad = (padded: Buffer): Buffer => padded.subarray(0, padded.lastIndexOf(0x80));

function isSigned(key: string, rest: string, message: Uint8Array, signature: Uint8Array): boolean {
  const der = Buffer.concat([hex('3043300506032b6571033a00'), hex(key)]);
  const publicKey = createPublicKey({ key: der, format: 'der', type: 'spki' });
  return verify(null, Buffer.concat([label(rest), zero, message]), publicKey, signature);
}

interface Name {
  readonly group: string;
  readonly epoch: number;
  readonly link: string;
}
const contextOf = ({ group, epoch, link }: Name): Buffer => cbor([hex(group), epoch, hex(link)]);

/** KDF_CK. */
const step = (chainKey: string, input: number): string =>
  createHmac('sha512', hex(chainKey)).update(Uint8Array.of(input)).digest('hex').slice(0, 64);

function keyOf(chainKey: string, generation: number): { messageKey: string; nextChainKey: string } {
  let key = chainKey;
  for (let i = 0; i < generation; i++) key = step(key, 2);
  return { messageKey: step(key, 1), nextChainKey: step(key, 2) };
}

/** The unsigned part of a link, and whether its signer signed it. */
function readLink(link: Uint8Array): { hash: string; body: Vector; isSigned: boolean } {
  const { unsigned, signatures } = decode(link) as { unsigned: Uint8Array; signatures: Uint8Array[] };
  const { signer, body } = decode(unsigned) as { signer: Uint8Array; body: Vector };
  const key = Buffer.from(signer).toString('hex');
  return {
    hash: h('log/group', unsigned),
    body,
    isSigned: signatures.length === 1 && isSigned(key, 'log/group', unsigned, signatures[0]!),
  };
}

describe('groups, computed by other means', () => {
  it('have the keys that the specification says', () => {
    const vector = frozen('group-epoch') as {
      secret: string;
      name: Name;
      commitment: string;
      keys: Record<string, string>;
      accessHash: string;
      chains: { device: string; chainKey: string; generations: { generation: number }[] }[];
    };
    const { secret, name, keys } = vector;
    const context = contextOf(name);
    assert.equal(vector.commitment, h('group/commitment', hex(secret)));
    for (const [what, key] of Object.entries(keys))
      assert.equal(key, derive(secret, context, label(`group/${what}`)));
    assert.equal(vector.accessHash, h('group/access', hex(keys['access']!)));
    for (const { device, chainKey, generations } of vector.chains) {
      assert.equal(chainKey, derive(secret, context, label('group/chain'), zero, hex(device)));
      for (const one of generations)
        assert.deepEqual(one, { generation: one.generation, ...keyOf(chainKey, one.generation) });
    }
  });

  it('have links that are signed and hashed as any log’s, and commit to secrets', () => {
    const { steps } = frozen('group-log') as {
      steps: { secret?: string; link: string; result: { head: { hash: string }; commitment: string } }[];
    };
    for (const { secret, link, result } of steps) {
      const read = readLink(hex(link));
      assert.ok(read.isSigned);
      assert.equal(read.hash, result.head.hash);
      if (secret === undefined) assert.equal(read.body['commitment'], undefined);
      else assert.equal(h('group/commitment', hex(secret)), result.commitment);
    }
  });

  it('have entries that open, hold signed statements, and stand in a transcript', () => {
    const vector = frozen('group-entries') as {
      devices: { sign: { publicKey: string } }[];
      secret: string;
      created: string;
      begun: { count: number; hash: string };
      messages: {
        text: string;
        entry: string;
        signed: string;
        statement: Name & { device: string; generation: number; seen: { count: number; hash: string } };
        position: { count: number; hash: string };
      }[];
      link: { link: string; entry: string; position: { count: number; hash: string } };
      ephemeral: { sealed: string; opened: string };
    };
    const { secret } = vector;
    const id = readLink(hex(vector.created)).hash;
    const name = { group: id, epoch: 0, link: id };
    const context = contextOf(name);
    const headerKey = derive(secret, context, label('group/header'));
    const linkKey = derive(secret, context, label('group/link'));
    let hash = h('group/transcript', hex(id));
    assert.deepEqual(vector.begun, { count: 0, hash });

    for (const [i, message] of vector.messages.entries()) {
      const [version, kind, bytes] = decode(hex(message.entry)) as [number, number, Uint8Array];
      assert.deepEqual([version, kind], [1, 0]);
      const body = Buffer.from(bytes);
      const encHeader = body.subarray(0, 84);
      const header = open(headerKey, 'group/header', context, encHeader);
      const device = header.subarray(0, 32).toString('hex');
      const generation = header.readUInt32BE(32);
      const chainKey = derive(secret, context, label('group/chain'), zero, header.subarray(0, 32));
      const { messageKey } = keyOf(chainKey, generation);
      const aad = Buffer.concat([context, encHeader]);
      const signed = unpad(open(messageKey, 'group/message', aad, body.subarray(84)));
      assert.equal(signed.toString('hex'), message.signed);
      const [statement, signature] = decode(signed) as [Uint8Array, Uint8Array];
      const said = decode(statement) as Record<string, unknown>;
      const key = vector.devices[i === 0 ? 0 : 1]!.sign.publicKey;
      assert.ok(isSigned(key, 'group/message', statement, signature));
      assert.equal(Buffer.from(said['content'] as Uint8Array).toString(), message.text);
      assert.deepEqual(
        cbor(said),
        cbor({
          v: 1,
          group: hex(id),
          epoch: 0,
          link: hex(id),
          device: hex(device),
          generation,
          seen: { count: i, hash: hex(hash) },
          content: Buffer.from(message.text),
        }),
      );
      hash = h('group/transcript', hex(hash), hex(h('group/transcript', hex(message.entry))));
      assert.deepEqual(message.position, { count: i + 1, hash });
    }

    const { link, entry, position } = vector.link;
    const [, kind, sealed] = decode(hex(entry)) as [number, number, Uint8Array];
    assert.equal(kind, 1);
    assert.equal(unpad(open(linkKey, 'group/link', context, Buffer.from(sealed))).toString('hex'), link);
    assert.ok(readLink(hex(link)).isSigned);
    hash = h('group/transcript', hex(hash), hex(h('group/transcript', hex(entry))));
    assert.deepEqual(position, { count: vector.messages.length + 1, hash });
    const typing = unpad(open(headerKey, 'group/ephemeral', context, hex(vector.ephemeral.sealed)));
    assert.equal(typing.toString('hex'), vector.ephemeral.opened);
  });

  it('welcome with all links and what is shared', () => {
    const vector = frozen('group-welcome') as { secret: string; name: Name; sealed: string; hash: string };
    const { secret, name, sealed, hash } = vector;
    const context = contextOf(name);
    const key = derive(secret, context, label('group/welcome'));
    assert.equal(hash, h('group/welcome', hex(sealed)));
    const opened = decode(unpad(open(key, 'group/welcome', context, hex(sealed)))) as {
      v: number;
      links: Uint8Array[];
      shared: Uint8Array[];
    };
    assert.deepEqual([opened.v, opened.links.length, opened.shared.length], [1, 1, 1]);
    assert.equal(readLink(opened.links[0]!).hash, name.group);
  });
});
