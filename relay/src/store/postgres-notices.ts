import { concat, fromBase64url, toBase64url } from '@crypt2chat/shared/bytes';
import type { Randomness } from '@crypt2chat/shared/primitives';
import type { GroupAccess } from './group-store.ts';
import { statement, type Step } from './postgres-connections.ts';
import type { StoreListener } from './store.ts';

const idBytes = 32;
const senderBytes = 6;
const senderCharacters = 8;
/** The server takes less than 8,000 bytes: this many are 5,130, and the largest ephemeral envelope is 5,556. */
const bytesPerNotice = 120 * idBytes;

const notify = statement('notify', 'SELECT pg_notify($1, $2)');

/** What a notice says, by the character that stands for it. */
const kinds = {
  delivered: 'd',
  revoked: 'r',
  blocked: 'b',
  ephemeral: 'e',
  grew: 'g',
  groupEphemeral: 'f',
  missed: 'm',
} as const;

/**
 * What processes on the same data tell each other, by NOTIFY over one channel. A notice is a hint to look into the
 * tables, except for an ephemeral envelope, which is in its notice and nowhere else.
 *
 *   payload = sender (8 characters) || kind (1 character) || base64url(body)
 *   body    = devices, 32 bytes each                             (delivered, revoked, blocked)
 *           | device || envelope                                        (ephemeral)
 *           | for each group: id, 32 bytes || access hash, 32 bytes     (grew)
 *           | group's id || access hash || envelope                     (groupEphemeral)
 */
export class Notices {
  readonly channel: string;
  readonly #sender: string;

  constructor(channel: string, randomness: Randomness) {
    this.channel = channel;
    this.#sender = toBase64url(randomness.bytes(senderBytes));
  }

  delivered(deviceIds: readonly Uint8Array[]): Step[] {
    return this.#steps('delivered', deviceIds);
  }

  revoked(deviceIds: readonly Uint8Array[]): Step[] {
    return this.#steps('revoked', deviceIds);
  }

  blocked(deviceIds: readonly Uint8Array[]): Step[] {
    return this.#steps('blocked', deviceIds);
  }

  ephemeral(deviceId: Uint8Array, envelope: Uint8Array): Step {
    return this.#step('ephemeral', concat(deviceId, envelope));
  }

  grew(accesses: readonly GroupAccess[]): Step[] {
    return this.#steps(
      'grew',
      accesses.map(({ groupId, accessHash }) => concat(groupId, accessHash)),
    );
  }

  groupEphemeral({ groupId, accessHash }: GroupAccess, envelope: Uint8Array): Step {
    return this.#step('groupEphemeral', concat(groupId, accessHash, envelope));
  }

  /** Others read again whatever they wait for. */
  missed(): Step {
    return this.#step('missed', new Uint8Array());
  }

  /** Hands what another process said to `tell`. What is no notice says nothing: others may use the database, too. */
  hear(payload: string, tell: (say: (listener: Partial<StoreListener>) => void) => void): void {
    if (payload.startsWith(this.#sender)) return;
    const body = decode(payload.slice(senderCharacters + 1));
    if (body === undefined) return;
    const [first = body, second = body] = piecesOf(body, idBytes);
    switch (payload[senderCharacters]) {
      case kinds.delivered:
        for (const id of piecesOf(body, idBytes)) tell((listener) => listener.delivered?.(id));
        break;
      case kinds.revoked:
        for (const id of piecesOf(body, idBytes)) tell((listener) => listener.revoked?.(id));
        break;
      case kinds.blocked:
        for (const id of piecesOf(body, idBytes)) tell((listener) => listener.blocked?.(id));
        break;
      case kinds.ephemeral:
        tell((listener) => listener.ephemeral?.(first, body.slice(idBytes)));
        break;
      case kinds.grew:
        for (const access of piecesOf(body, 2 * idBytes)) {
          tell((listener) => listener.grew?.(access.slice(0, idBytes), access.slice(idBytes)));
        }
        break;
      case kinds.groupEphemeral:
        tell((listener) => listener.groupEphemeral?.(first, second, body.slice(2 * idBytes)));
        break;
      case kinds.missed:
        tell((listener) => listener.missed?.());
        break;
      case undefined:
      default:
    }
  }

  #steps(kind: keyof typeof kinds, pieces: readonly Uint8Array[]): Step[] {
    return piecesOf(concat(...pieces), bytesPerNotice, 1).map((body) => this.#step(kind, body));
  }

  #step(kind: keyof typeof kinds, body: Uint8Array): Step {
    return [notify, this.channel, this.#sender + kinds[kind] + toBase64url(body)];
  }
}

/** Pieces of `size` bytes. What is left over at the end is a piece if it has `atLeast` bytes. */
function piecesOf(bytes: Uint8Array, size: number, atLeast = size): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let from = 0; from + atLeast <= bytes.length; from += size)
    pieces.push(bytes.slice(from, from + size));
  return pieces;
}

function decode(text: string): Uint8Array | undefined {
  try {
    return fromBase64url(text);
  } catch {
    return undefined;
  }
}
