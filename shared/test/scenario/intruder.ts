/**
 * Somebody with the whole state of a device, as it was when it was copied, and with everything that passed through the
 * relay. Deletes nothing, tries everything again whenever something opened, and follows no rule.
 */
import { toHex } from '@crypt2chat/shared/bytes';
import { hasCode } from '@crypt2chat/shared/errors';
import {
  type Chain,
  deriveChains,
  deriveEpochKeys,
  type EpochKeys,
  type EpochName,
  openGroupMessage,
  openLink,
  parseEntry,
  readLink,
  type Speaker,
} from '@crypt2chat/shared/groups';
import { type Letter, parseEnvelope, parseGroupContent } from '@crypt2chat/shared/wire';
import type { Core } from '../../src/engine/core.ts';
import { chains, commits, loadGroups, shares } from '../../src/engine/group-records.ts';
import { groupOf } from '../../src/engine/group-summary.ts';
import { openEnvelope } from '../../src/engine/opening.ts';
import type { Tape } from './crew.ts';

interface Known {
  readonly name: EpochName;
  readonly keys: EpochKeys;
  readonly chains: ReadonlyMap<string, Chain>;
}

export class Intruder {
  readonly #core: Core;
  readonly #known: Known[] = [];
  readonly #letters: Letter[] = [];
  readonly #opened = new Set<Uint8Array>();

  constructor(core: Core) {
    this.#core = core;
    const { vault } = core;
    for (const record of loadGroups({ vault }, 100)) {
      const group = groupOf(record);
      if (!group || !record.keys) continue;
      const own = vault.list(chains, { scope: record.id, limit: 1_000 });
      this.#known.push({
        name: { group: group.group, epoch: group.epoch, link: group.epochLink },
        keys: record.keys,
        chains: new Map(own.map((chain) => [toHex(chain.device), chain])),
      });
      for (const share of vault.list(shares, { scope: record.id, limit: 1_000 }))
        this.#letters.push({ action: 'share', ...share });
      const commit = vault.get(commits, record.id);
      if (commit?.opens)
        this.#letters.push({
          action: 'share',
          group: record.id,
          epoch: commit.epoch + 1,
          link: commit.hash,
          secret: commit.opens.secret,
        });
    }
  }

  /**
   * @param speakers of the group, from first to last: whose words they could be.
   * @returns the texts and the kinds of the links that open.
   */
  open(tape: Tape, speakers: readonly Speaker[]): { texts: string[]; links: string[] } {
    this.#openLetters(tape);
    const devices = speakers.map(({ device }) => device);
    const known = [...this.#known, ...this.#letters.flatMap((letter) => knownFrom(letter, devices))];
    const texts: string[] = [];
    const links: string[] = [];
    for (const { entry } of tape.entries) {
      for (const epoch of known) {
        const said = tried(() => openEntry(entry, epoch, speakers));
        if (!said) continue;
        // What a chain has passed, its owner has read before.
        if (said.kind !== 'passed') (said.kind === 'text' ? texts : links).push(said.value);
        break;
      }
    }
    return { texts, links };
  }

  close(): void {
    this.#core.vault.close();
  }

  #openLetters({ envelopes }: Tape): void {
    for (let before = -1; before !== this.#opened.size;) {
      before = this.#opened.size;
      for (const { envelope } of envelopes) if (!this.#opened.has(envelope)) this.#openLetter(envelope);
    }
  }

  #openLetter(envelope: Uint8Array): void {
    const core = this.#core;
    core.transaction(() => {
      const opened = tried(() => openEnvelope(core, parseEnvelope(envelope)));
      if (opened?.kind !== 'content') return;
      this.#opened.add(envelope);
      if (opened.content.kind === 'group') this.#letters.push(opened.content.body);
    });
  }
}

function knownFrom(letter: Letter, devices: readonly Uint8Array[]): Known[] {
  if (letter.action === 'share') {
    const { group, epoch, link, secret } = letter;
    const name = { group, epoch, link };
    const begun = deriveChains(secret, name, devices);
    return [
      {
        name,
        keys: deriveEpochKeys(secret, name),
        chains: new Map(begun.map((chain) => [toHex(chain.device), chain])),
      },
    ];
  }
  if (letter.action !== 'keys') return [];
  const { group, epoch, link, access, header, links } = letter;
  return [
    {
      name: { group, epoch, link },
      keys: { access, header, link: links },
      chains: new Map(
        letter.chains.map(([device, generation, chainKey]) => [
          toHex(device),
          { device, generation, chainKey },
        ]),
      ),
    },
  ];
}

function openEntry(
  entry: Uint8Array,
  { name, keys, chains: known }: Known,
  speakers: readonly Speaker[],
): { kind: 'text' | 'link' | 'passed'; value: string } {
  const { kind, body } = parseEntry(entry);
  if (kind === 'link') return { kind: 'link', value: readLink(openLink(body, keys, name)).body.type };
  const chainOf = (device: Uint8Array) => known.get(toHex(device));
  const opened = openGroupMessage({ body, keys, name, speakers, chainOf });
  if (opened.kind === 'passed') return { kind: 'passed', value: '' };
  const content = parseGroupContent(opened.statement.content);
  return { kind: 'text', value: content.kind === 'text' ? content.body.text : `(${content.kind})` };
}

function tried<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (hasCode(error)) return undefined;
    throw error;
  }
}
