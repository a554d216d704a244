/**
 * The primitives: noble against node:crypto, in turns, each round in a process of its own (so that both begin
 * cold and neither suffers from what the other left behind). Each call goes through the public function, with its
 * checks and, for node:crypto, the import of the keys. Printed is processor time: the medians of the rounds, and
 * the median of each round's ratio.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import {
  chooseBackends,
  decapsulate,
  deriveDhKeyPair,
  dh,
  encapsulate,
  generateDhKeyPair,
  generateKemKeyPair,
  generateSigningKeyPair,
  hkdf,
  hmacSha512,
  openAead,
  openHpke,
  openSalted,
  sealAead,
  sealHpke,
  sealSalted,
  sha512,
  sign,
  systemRandomness as randomness,
  verify,
} from '@crypt2chat/shared/primitives';
import { machine, median } from './measure.ts';

const rounds = 3;
const warmUpMs = 300;
const measureMs = 300;
const empty = new Uint8Array(0);

interface Round {
  readonly chosen: Readonly<Record<string, string>>;
  readonly microseconds: Readonly<Record<string, number>>;
}

function operations(): Readonly<Record<string, () => unknown>> {
  const [ours, theirs] = [generateDhKeyPair(randomness), generateDhKeyPair(randomness)];
  const signer = generateSigningKeyPair(randomness);
  const kem = generateKemKeyPair(randomness);
  const [key, nonce, salt] = [randomness.bytes(32), randomness.bytes(12), randomness.bytes(32)];
  const [small, large] = [new Uint8Array(256).fill(7), new Uint8Array(1 << 20).fill(7)];
  const signature = sign(signer.privateKey, 'bench', small);
  const { ciphertext } = encapsulate(kem.publicKey, randomness);
  const [sealedSmall, sealedLarge] = [sealAead(key, nonce, empty, small), sealAead(key, nonce, empty, large)];
  const salted = sealSalted(key, 'bench', empty, small, randomness);
  const hpke = sealHpke(theirs.publicKey, empty, empty, small, randomness);
  return {
    'X448 public key': () => deriveDhKeyPair(ours.privateKey),
    'X448 shared secret': () => dh(ours.privateKey, theirs.publicKey),
    'Ed448 sign, 256 B': () => sign(signer.privateKey, 'bench', small),
    'Ed448 verify, 256 B': () => verify(signer.publicKey, 'bench', small, signature),
    'ML-KEM-1024 generate': () => generateKemKeyPair(randomness),
    'ML-KEM-1024 encapsulate': () => encapsulate(kem.publicKey, randomness),
    'ML-KEM-1024 decapsulate': () => decapsulate(kem.seed, ciphertext),
    'AES-256-GCM seal, 256 B': () => sealAead(key, nonce, empty, small),
    'AES-256-GCM open, 256 B': () => openAead(key, nonce, empty, sealedSmall),
    'AES-256-GCM seal, 1 MiB': () => sealAead(key, nonce, empty, large),
    'AES-256-GCM open, 1 MiB': () => openAead(key, nonce, empty, sealedLarge),
    'SHA-512, 256 B': () => sha512(small),
    'HMAC-SHA512, 256 B': () => hmacSha512(key, small),
    'HKDF-SHA512, 44 B': () => hkdf(key, salt, empty, 44),
    'sealSalted, 256 B': () => sealSalted(key, 'bench', empty, small, randomness),
    'openSalted, 256 B': () => openSalted(key, 'bench', empty, salted),
    'sealHpke, 256 B': () => sealHpke(theirs.publicKey, empty, empty, small, randomness),
    'openHpke, 256 B': () => openHpke(theirs, empty, empty, hpke),
  };
}

/** Processor time, not time on the clock: other processes on the machine then hardly matter. */
function microsecondsPerCall(call: () => unknown, durationMs: number): number {
  const start = performance.now();
  const cpu = process.cpuUsage();
  let calls = 0;
  do {
    call();
    calls++;
  } while (performance.now() - start < durationMs);
  const { user, system } = process.cpuUsage(cpu);
  return (user + system) / calls;
}

function measure(): Round {
  let chosen: Round['chosen'] = {};
  const choosing = microsecondsPerCall(() => (chosen = chooseBackends()), 0);
  const microseconds: Record<string, number> = {};
  for (const [name, call] of Object.entries(operations())) {
    microsecondsPerCall(call, warmUpMs);
    microseconds[name] = microsecondsPerCall(call, measureMs);
  }
  return { chosen, microseconds: { 'choosing, cold': choosing, ...microseconds } };
}

function measureApart(wish: string): Round {
  const output = execFileSync(
    process.execPath,
    ['--import', 'tsx', fileURLToPath(import.meta.url), 'measure'],
    {
      env: { ...process.env, CRYPT2CHAT_CRYPTO: wish },
      encoding: 'utf8',
      timeout: 120_000,
    },
  );
  return JSON.parse(output) as Round;
}

function format(microseconds: number): string {
  return microseconds < 1000 ? `${microseconds.toFixed(1)} µs` : `${(microseconds / 1000).toFixed(2)} ms`;
}

function row(name: string, ...columns: readonly string[]): string {
  return name.padEnd(26) + columns.map((column) => column.padStart(13)).join('');
}

function compare(): void {
  const noble: Round[] = [];
  const node: Round[] = [];
  for (let round = 0; round < rounds; round++) {
    noble.push(measureApart('noble'));
    node.push(measureApart(''));
  }
  console.log(`${machine()}, OpenSSL ${process.versions.openssl}`);
  console.log(
    `${rounds} rounds each, in turns; ${measureMs} ms for each operation after ${warmUpMs} ms of warming up\n`,
  );
  console.log(row('', 'noble', 'node:crypto', 'ratio'));
  for (const name of Object.keys(noble[0]?.microseconds ?? {})) {
    const [slow, fast] = [noble, node].map((side) =>
      side.map((round) => round.microseconds[name] ?? Number.NaN),
    );
    const ratios = slow?.map((time, round) => time / (fast?.[round] ?? Number.NaN)) ?? [];
    const both = [format(median(slow ?? [])), format(median(fast ?? []))];
    const label = name.startsWith('ML-KEM') && node[0]?.chosen['kem'] === 'noble' ? `${name} *` : name;
    console.log(row(label, ...both, median(ratios).toFixed(1)));
  }
  console.log('\n* noble on both sides');
}

if (process.argv[2] === 'measure') console.log(JSON.stringify(measure()));
else compare();
