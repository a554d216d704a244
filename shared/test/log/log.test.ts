import assert from 'node:assert/strict';
import * as v from 'valibot';
import { toHex } from '@crypt2chat/shared/bytes';
import { decodeCbor, encodeCbor } from '@crypt2chat/shared/cbor';
import { hasCode } from '@crypt2chat/shared/errors';
import {
  cosignLink,
  extendLog,
  hasSignature,
  invalidLog,
  type LinkBytes,
  type LogHead,
  type LogKind,
  parseLink,
  signLink,
  verifyLog,
} from '@crypt2chat/shared/log';
import { generateSigningKeyPair, hash32, sign, type SigningKeyPair } from '@crypt2chat/shared/primitives';
import { seededRandomness } from '@crypt2chat/shared/testing';

const randomness = seededRandomness('log');
const owner = generateSigningKeyPair(randomness);
const witness = generateSigningKeyPair(randomness);

type Body = { say: string; witness?: Uint8Array | undefined };
const instance = v.custom<Uint8Array>((value) => value instanceof Uint8Array);

/** Words by one owner; some need a witness, and nobody may say "no". */
const notes: LogKind<Body, readonly string[]> = {
  name: 'notes',
  maxLinks: 5,
  maxLinkBytes: 1024,
  bodySchema: v.strictObject({ say: v.string(), witness: v.exactOptional(instance) }),
  apply(words = [], { body }) {
    if (body.say === 'no') throw invalidLog('no');
    return { state: [...words, body.say], cosigners: body.witness ? [body.witness] : [] };
  },
};

function write(
  words: readonly string[],
  at: (seq: number) => number = () => 7,
  by: SigningKeyPair = owner,
): LinkBytes[] {
  let prev: Uint8Array | null = null;
  return words.map((say, seq) => {
    const link = signLink(notes, { seq, prev, at: at(seq), body: { say } }, by);
    prev = parseLink(notes, link).hash;
    return link;
  });
}

const invalid = (error: unknown): boolean => hasCode(error, 'ERR_LOG_INVALID');
const fork = (error: unknown): boolean => hasCode(error, 'ERR_LOG_FORK');
const headOf = ({ seq, hash }: LogHead): object => ({ seq, hash: toHex(hash) });

describe('a signed log', () => {
  it('adds up its links, and is named by hashes of what is signed', () => {
    const links = write(['a', 'b', 'c']);
    const log = verifyLog(notes, links);
    assert.deepEqual(log.state, ['a', 'b', 'c']);
    assert.equal(log.hashes.length, 3);
    const { unsigned } = parseLink(notes, links[2]!);
    assert.deepEqual(headOf(log.head), { seq: 2, hash: toHex(hash32('crypt2chat/v1/log/notes', unsigned)) });
  });

  it('refuses what is not in order, complete or linked', () => {
    const [a, b, c] = write(['a', 'b', 'c']) as [LinkBytes, LinkBytes, LinkBytes];
    const [, other] = write(['x', 'b']) as [LinkBytes, LinkBytes];
    for (const links of [[], [b], [a, c], [b, a], [a, a], [a, b, b], [a, other]]) {
      assert.throws(() => verifyLog(notes, links), invalid);
    }
  });

  it('refuses more links than its kind has, whatever they are', () => {
    assert.throws(() => verifyLog(notes, Array<LinkBytes>(6).fill(new Uint8Array(0))), invalid);
    assert.throws(() => write(['a', 'b', 'c', 'd', 'e', 'f']), invalid);
  });

  it('refuses a time that decreases, and takes one that stands still', () => {
    assert.equal(
      verifyLog(
        notes,
        write(['a', 'b'], () => 7),
      ).at,
      7,
    );
    assert.throws(
      () =>
        verifyLog(
          notes,
          write(['a', 'b'], (seq) => 7 - seq),
        ),
      invalid,
    );
  });

  it('keeps the rules of its kind', () => {
    assert.throws(() => verifyLog(notes, write(['a', 'no'])), invalid);
  });

  it('asks for exactly the signatures that the rules name, in their order', () => {
    const body = { say: 'a', witness: witness.publicKey };
    const proposed = signLink(notes, { seq: 0, prev: null, at: 1, body }, owner);
    const both = cosignLink(notes, proposed, witness);
    assert.deepEqual(verifyLog(notes, [both]).state, ['a']);
    assert.throws(() => verifyLog(notes, [proposed]), invalid);
    assert.throws(() => verifyLog(notes, [cosignLink(notes, proposed, owner)]), invalid);
    assert.throws(() => verifyLog(notes, [cosignLink(notes, both, witness)]), invalid);
    const { unsigned, signatures } = parseLink(notes, both);
    const swapped = encodeCbor({ unsigned, signatures: [...signatures].reverse() });
    assert.throws(() => verifyLog(notes, [swapped]), invalid);
    assert.throws(() => verifyLog(notes, [cosignLink(notes, write(['a'])[0]!, witness)]), invalid);
  });

  it('refuses a signature under another label, and a link of another kind', () => {
    const { unsigned } = parseLink(notes, write(['a'])[0]!);
    const elsewhere = encodeCbor({
      unsigned,
      signatures: [sign(owner.privateKey, 'crypt2chat/v1/log/other', unsigned)],
    });
    assert.throws(() => verifyLog(notes, [elsewhere]), invalid);
    const other = signLink(
      { ...notes, name: 'other' },
      { seq: 0, prev: null, at: 1, body: { say: 'a' } },
      owner,
    );
    assert.throws(() => verifyLog(notes, [other]), invalid);
  });

  it('tells whether its signer signed a link, before any rule is asked', () => {
    const [link] = write(['no']) as [LinkBytes];
    const parsed = parseLink(notes, link);
    assert.ok(hasSignature(notes, parsed));
    assert.ok(!hasSignature(notes, { ...parsed, signer: witness.publicKey }));
    assert.ok(!hasSignature({ ...notes, name: 'other' }, parsed));
    assert.ok(!hasSignature(notes, { ...parsed, signatures: [new Uint8Array(114)] }));
  });

  it('refuses every link with a byte changed', () => {
    const [link] = write(['a']) as [LinkBytes];
    for (let at = 0; at < link.length; at++) {
      const changed = link.with(at, link[at]! ^ 1);
      assert.throws(
        () => verifyLog(notes, [changed]),
        (error) => hasCode(error, 'ERR_LOG_INVALID', 'ERR_NEWER_VERSION'),
      );
    }
  });

  it('says of a newer version that it is one', () => {
    const unsigned = encodeCbor({ v: 2, log: 'notes', anything: [1] });
    const link = encodeCbor({ unsigned, signatures: [new Uint8Array(114)] });
    assert.throws(
      () => verifyLog(notes, [link]),
      (error) => hasCode(error, 'ERR_NEWER_VERSION'),
    );
  });

  describe('that is known in part', () => {
    const links = write(['a', 'b', 'c', 'd']);
    const known = verifyLog(notes, links.slice(0, 2));

    it('is extended by what follows, with or without what is known', () => {
      for (const from of [0, 1, 2])
        assert.deepEqual(extendLog(notes, known, links.slice(from)).state, ['a', 'b', 'c', 'd']);
    });

    it('stays itself where there is nothing new', () => {
      for (const part of [[], links.slice(0, 1), links.slice(0, 2), links.slice(1, 2)]) {
        assert.equal(extendLog(notes, known, part), known);
      }
    });

    it('is not extended over a gap, or out of order', () => {
      const [a, b, c, d] = links as [LinkBytes, LinkBytes, LinkBytes, LinkBytes];
      for (const part of [[d], [b, d], [b, a], [a, c], [c, c], [a, a]]) {
        assert.throws(() => extendLog(notes, known, part), invalid);
      }
    });

    it('is forked by another link in a known place, or on another head', () => {
      const other = write(['a', 'B', 'C']);
      assert.throws(() => extendLog(notes, known, other), fork);
      assert.throws(() => extendLog(notes, known, other.slice(1)), fork);
      assert.throws(() => extendLog(notes, known, other.slice(2)), fork);
      const longer = verifyLog(notes, links);
      assert.throws(() => extendLog(notes, longer, other.slice(0, 2)), fork);
    });

    it('is not forked by what nobody signed', () => {
      const [a] = links as [LinkBytes];
      const { hash } = parseLink(notes, a);
      const b = signLink(notes, { seq: 1, prev: hash, at: 7, body: { say: 'B' } }, owner);
      const { unsigned } = parseLink(notes, b);
      const forged = encodeCbor({ unsigned, signatures: [new Uint8Array(114)] });
      assert.throws(() => extendLog(notes, known, [a, forged]), invalid);
    });

    it('is not forked by what follows a fork, only by the link that is one', () => {
      const [a, B] = write(['a', 'B']) as [LinkBytes, LinkBytes];
      const C = signLink(
        notes,
        { seq: 2, prev: parseLink(notes, B).hash, at: 7, body: { say: 'no' } },
        owner,
      );
      assert.throws(() => extendLog(notes, known, [a, B, C]), fork);
    });

    it('is no fork of another log', () => {
      assert.throws(() => extendLog(notes, known, write(['A', 'b', 'c'])), invalid);
    });
  });

  it('has one encoding', () => {
    const [link] = write(['a']) as [LinkBytes];
    const decoded = decodeCbor(v.looseObject({}), link, 1024);
    assert.deepEqual(encodeCbor(decoded as Record<string, Uint8Array>), link);
  });
});
