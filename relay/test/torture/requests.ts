/**
 * Malformed requests, made of the relay's own OpenAPI document, by hand over sockets. Whatever comes, the relay answers
 * with a refusal that the document names, tells nothing of its inside, does not grow, and goes on serving.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { toBase64url } from '@crypt2chat/shared/bytes';
import {
  capabilityHeader,
  errorResponseSchema,
  groupAccessHeader,
  relayErrors,
} from '@crypt2chat/shared/wire';
import { Group } from '../support/groups.ts';
import { askCbor, envelope, Person, resultsOf, withCapability } from '../support/people.ts';
import { type RelayProcess, startProcess } from '../support/process.ts';
import { type Described, type Insider, kinds, type Malformed, malform, type Operation } from './malformed.ts';
import { type Random, seededRandom } from './random.ts';
import { origin, withFaults, withoutLimits } from './relays.ts';
import { trendOf } from './trend.ts';
import { descriptorsOf, look } from './watch.ts';

const atOnce = 24;
const answerTimeoutMs = 60_000;
/** A poll without `wait=0` may wait; nobody waits for it. */
const pollTimeoutMs = 1500;
const slowBytes = 6;
const betweenSlowBytesMs = 150;
const lookEvery = 250;
/** What the heap may be larger at the end than the line through it began, beside what the line's own error allows. */
const maxHeapGrowthBytes = 2 * 1024 * 1024;
/** The database's cache may become 64 MiB, and bodies of 6 MiB come and go. */
const maxResidentGrowthBytes = 96 * 1024 * 1024;
const capability = new Uint8Array(32).fill(7);
const shown = 20;

/** What an answer that refuses may not hold, whatever was asked. */
const inside =
  /\n\s+at |node:|node_modules|\.(ts|js|cjs|mjs|db|wasm)\b|\/(tmp|root|home|usr|var|srv|work)\/|SQLITE|sqlite|postgres|\b(SELECT|INSERT|UPDATE|DELETE) |Error\b(?!")|\b(ENOENT|EACCES|EPIPE|stack)\b/;

interface Answer {
  /** 0 where there was none. */
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

export interface Sum {
  readonly requests: number;
  readonly byStatus: Record<string, number>;
  readonly problems: string[];
}

export async function sendMalformed(options: {
  readonly count: number;
  readonly seed: number;
  readonly progress: (text: string) => void;
}): Promise<{ holds: boolean; text: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'c2c-torture-'));
  const env = { ...withoutLimits, ...withFaults({}), CRYPT2CHAT_DATA: folder, CRYPT2CHAT_LOG_LEVEL: 'debug' };
  const relay = await startProcess({ env });
  try {
    return await new Round(relay, folder, options).run();
  } finally {
    await relay.end('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  }
}

class Round {
  readonly #relay: RelayProcess;
  readonly #options: Parameters<typeof sendMalformed>[0];
  readonly #random: Random;
  readonly #sum: Sum = { requests: 0, byStatus: {}, problems: [] };
  readonly #heap: [number, number][] = [];
  readonly #resident: [number, number][] = [];
  /** What names somebody, or is secret. */
  #private: readonly string[];
  #sent = 0;
  #ended: number | null | undefined;

  constructor(relay: RelayProcess, folder: string, options: Parameters<typeof sendMalformed>[0]) {
    this.#relay = relay;
    this.#options = options;
    this.#random = seededRandom(options.seed);
    this.#private = [folder];
    void relay.ended.then((code) => (this.#ended = code));
  }

  async run(): Promise<{ holds: boolean; text: string }> {
    const { count, progress } = this.#options;
    const relay = this.#relay;
    const operations = await operationsOf(relay);
    const insider = await this.#moveIn();
    const before = descriptorsOf(relay);
    const work = async (): Promise<void> => {
      while (this.#sent < count && this.#ended === undefined) {
        const nth = this.#sent++;
        // Each operation with each kind in turn, so that none is left to chance.
        const operation = operations[nth % operations.length]!;
        const kind = kinds[Math.floor(nth / operations.length) % kinds.length]!;
        const request = malform(operation, kind, insider, this.#random);
        this.#judge(nth, request, await send(relay, request));
        if (nth % lookEvery === 0) {
          const { heapUsed, rss } = await look(relay);
          this.#heap.push([nth, heapUsed]);
          this.#resident.push([nth, rss]);
          progress(`${nth} of ${count} requests, ${this.#sum.problems.length} problems`);
        }
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    if (this.#ended !== undefined) this.#problem(`the relay ended with ${this.#ended}`);
    else await this.#afterwards(before);
    return this.#verdict(operations.length);
  }

  /** Two people and a group, so that there is something to be told, and credentials that are right. */
  async #moveIn(): Promise<Insider> {
    const url = this.#relay.origin;
    const alice = new Person(origin, 'planted.alice', 1, undefined, url);
    const bob = new Person(origin, 'planted.bob', 1, undefined, url);
    for (const person of [alice, bob]) {
      await person.register();
      await person.signIn();
      await person.putPrekeys(person.prekeysBody().body);
    }
    await alice.setCapability(capability);
    const group = new Group(url, 'planted');
    await group.create(alice);
    const groupId = toBase64url(group.id);
    const ids = { accountId: [alice.accountId, bob.accountId], deviceId: [alice.deviceId, bob.deviceId] };
    const secrets = [alice.bearer, bob.bearer, toBase64url(capability), toBase64url(group.secret(0))];
    this.#private = [...this.#private, 'planted', ...ids.accountId, ...ids.deviceId, groupId, ...secrets];
    const ofGroup = ['messages', 'links', 'welcome', 'ephemeral'].map((part) => [
      `path id /v1/groups/{id}/${part}`,
      [groupId],
    ]);
    const ofMailbox = ['', '/ephemeral'].map((part) => [
      `path id /v1/mailboxes/{id}${part}`,
      [alice.deviceId],
    ]);
    const ofAccount = ['links', 'bundles'].map((part) => [
      `path id /v1/accounts/{id}/${part}`,
      ids.accountId,
    ]);
    return {
      known: {
        ...ids,
        id: [group.id],
        access: [group.secret(0)],
        accessHash: [group.accessHash(0)],
        link: alice.links.map((link) => toBase64url(link)),
        username: ['planted.alice', 'planted.bob'],
        'path name /v1/accounts/{name}': ['planted.alice', bob.accountId],
        ...(Object.fromEntries([...ofGroup, ...ofMailbox, ...ofAccount]) as Record<string, string[]>),
      },
      credentials: {
        session: ['Authorization', `Bearer ${alice.bearer}`],
        capability: [capabilityHeader, toBase64url(capability)],
        groupAccess: [groupAccessHeader, toBase64url(group.secret(0))],
      },
    };
  }

  #judge(nth: number, request: Malformed, { status, head, body }: Answer): void {
    const { operation, kind, pace } = request;
    const [line = ''] = request.head.split('\r\n');
    const which = `${kind}, ${operation.method} ${operation.template}: ${line.slice(0, 100)}`;
    const where = `request ${nth} (${which}) was answered with ${status}`;
    this.#sum.byStatus[status] = (this.#sum.byStatus[status] ?? 0) + 1;
    if (status === 0) {
      // Who sends no whole request, asks a poll to wait or takes us for a proxy may be left without an answer.
      const isLeft =
        pace !== 'whole' || operation.template.endsWith('/events') || line.startsWith('CONNECT ');
      if (!isLeft) this.#problem(`${where}: nothing came`);
      return;
    }
    if (status >= 500) this.#problem(where);
    if (/^(x-powered-by|server):/im.test(head)) this.#problem(`${where}: its head names the program`);
    if (status < 400) return;
    if (inside.test(body) || this.#private.some((text) => body.includes(text) || head.includes(text)))
      this.#problem(`${where}: ${body.slice(0, 200)}`);
    if (body === '') {
      // By HEAD there is none, nor where Node refuses the head before the request is one: no host, an odd `Expect`.
      const isBelow =
        line.startsWith('HEAD ') || (['header', 'framing'].includes(kind) && [400, 417].includes(status));
      if (!isBelow) this.#problem(`${where}: without a body`);
      return;
    }
    if (!isRefusal(status, body)) this.#problem(`${where}: ${body.slice(0, 200)}`);
    // Bytes above 127 in a target are no HTTP.
    const isHttp = !/[^\x20-\x7e]/.test(line);
    const isItsOwn = isHttp && !['path', 'method', 'header', 'framing'].includes(kind);
    if (isItsOwn && !(String(status) in operation.responses) && status !== 408)
      this.#problem(`${where}: the document does not say so`);
  }

  /** It still serves, has let everybody go, and has written down nobody's name. */
  async #afterwards(descriptorsBefore: number): Promise<void> {
    const relay = this.#relay;
    const carol = new Person(origin, 'carol', 1, undefined, relay.origin);
    await carol.register();
    await carol.signIn();
    await carol.setCapability(capability);
    const sent = [envelope(1), envelope(2)];
    const answer = await askCbor(
      relay.origin,
      `/v1/mailboxes/${carol.deviceId}`,
      sent,
      withCapability(capability),
    );
    if (resultsOf(answer).join() !== 'stored,stored') this.#problem('afterwards an envelope was not stored');
    const { envelopes } = await carol.events({ wait: 0 });
    if (envelopes.length !== 2) this.#problem('afterwards envelopes were not handed out');
    const end = performance.now() + answerTimeoutMs;
    while (descriptorsOf(relay) > descriptorsBefore + 4 && performance.now() < end) await look(relay);
    const left = descriptorsOf(relay) - descriptorsBefore;
    if (left > 4) this.#problem(`${left} descriptors are left over`);
    for (const line of relay.lines) {
      if (this.#private.slice(1).some((text) => line.includes(text)))
        this.#problem(`the log names somebody: ${line}`);
      if (line.includes('"a request failed"')) this.#problem(`the log: ${line.slice(0, 300)}`);
    }
  }

  #verdict(operations: number): { holds: boolean; text: string } {
    const settled = (points: [number, number][]) => trendOf(points.slice(Math.floor(points.length / 4)));
    const heap = settled(this.#heap);
    const resident = settled(this.#resident);
    if (heap.growth > Math.max(maxHeapGrowthBytes, 3 * heap.error))
      this.#problem(`the heap grew by ${kilobytes(heap.growth)}`);
    if (resident.growth > Math.max(maxResidentGrowthBytes, 3 * resident.error))
      this.#problem(`the process grew by ${kilobytes(resident.growth)}`);
    const { problems, byStatus } = this.#sum;
    const statuses = Object.entries(byStatus).map(([status, times]) => `${times} × ${status}`);
    const text = [
      `${this.#sent} requests to ${operations} operations, ${kinds.length} kinds; ${statuses.join(', ')} (0: none)`,
      `heap ${kilobytes(heap.mean)}, along the line ${kilobytes(heap.growth)} ± ${kilobytes(heap.error)}; ` +
        `resident ${kilobytes(resident.mean)}, ${kilobytes(resident.growth)} ± ${kilobytes(resident.error)} ` +
        `(after the first quarter; allowed ${kilobytes(maxHeapGrowthBytes)} and ${kilobytes(maxResidentGrowthBytes)}, or three errors)`,
      `${problems.length} problems`,
      ...problems.slice(0, shown),
    ];
    return { holds: problems.length === 0 && this.#sent >= this.#options.count, text: text.join('\n  ') };
  }

  #problem(text: string): void {
    this.#sum.problems.push(text);
  }
}

async function operationsOf(relay: RelayProcess): Promise<Operation[]> {
  const response = await fetch(`${relay.origin}/v1/openapi.json`);
  const { paths } = (await response.json()) as { paths: Record<string, Record<string, Described>> };
  return Object.entries(paths).flatMap(([template, methods]) =>
    Object.entries(methods).map(([method, described]) => ({ ...described, method, template })),
  );
}

function isRefusal(status: number, body: string): boolean {
  try {
    const { code } = v.parse(errorResponseSchema, JSON.parse(body));
    const usual = (relayErrors as Record<string, number>)[code];
    // What never became a request is refused below the routes.
    return usual === status || (code === 'ERR_REQUEST_INVALID' && [400, 408, 413, 417, 431].includes(status));
  } catch {
    return false;
  }
}

/** On a connection of its own. */
function send(relay: RelayProcess, { operation, head, body, pace }: Malformed): Promise<Answer> {
  const { hostname, port } = new URL(relay.origin);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true, noDelay: true });
  const chunks: Buffer[] = [];
  return new Promise((resolve) => {
    const mayWait = pace !== 'whole' || operation.template.endsWith('/events');
    const timer = setTimeout(() => socket.destroy(), mayWait ? pollTimeoutMs : answerTimeoutMs);
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      if (isComplete(Buffer.concat(chunks))) socket.destroy();
    });
    socket.on('end', () => socket.end());
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(readAnswer(Buffer.concat(chunks)));
    });
    // Heads with bytes above 127 go as they are.
    const bytes = Buffer.concat([Buffer.from(head, 'latin1'), body]);
    if (pace === 'slow') {
      trickle(socket, bytes);
      return;
    }
    socket.write(bytes, () => {
      if (pace === 'cut') socket.destroy();
      if (pace === 'half') socket.end();
    });
  });
}

function trickle(socket: ReturnType<typeof connect>, bytes: Buffer): void {
  let sent = 0;
  const timer = setInterval(() => {
    socket.write(bytes.subarray(sent, sent + 1 + Math.floor(bytes.length / slowBytes)));
    sent += 1 + Math.floor(bytes.length / slowBytes);
    if (sent >= bytes.length) clearInterval(timer);
  }, betweenSlowBytesMs);
  socket.once('close', () => clearInterval(timer));
}

/** Whether there is nothing to wait for. An answer without a length ends with its connection. */
function isComplete(bytes: Buffer): boolean {
  const { head, body } = readAnswer(bytes);
  const [, length] = /^content-length: (\d+)/im.exec(head) ?? [];
  return length !== undefined && body.length >= Number(length);
}

/** The last answer of what came: what is told before it (100) does not count. */
function readAnswer(bytes: Buffer): Answer {
  let text = bytes.toString('latin1');
  while (/^HTTP\/1\.1 1\d\d /.test(text)) text = text.slice(text.indexOf('\r\n\r\n') + 4);
  const end = text.indexOf('\r\n\r\n');
  const [, status] = /^HTTP\/1\.1 (\d{3}) /.exec(text) ?? [];
  if (end < 0 || status === undefined) return { status: 0, head: '', body: '' };
  const head = text.slice(0, end);
  const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? text.length);
  const body = text.slice(end + 4, end + 4 + length);
  const isEmpty = /^transfer-encoding: chunked/im.test(head) && body.startsWith('0\r\n');
  return { status: Number(status), head, body: isEmpty ? '' : body };
}

function kilobytes(bytes: number): string {
  return `${Math.round(bytes / 1024)} KB`;
}
