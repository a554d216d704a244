/** Envelopes and contents (protocol §7 and §8), one of each kind. */
import { toHex } from '@crypt2chat/shared/bytes';
import { type Content, encodeContent, encodeEnvelope, encodeEphemeral } from '@crypt2chat/shared/wire';

const filled = (size: number, byte: number) => new Uint8Array(size).fill(byte);
const common = {
  v: 1,
  id: filled(16, 1),
  conversation: filled(32, 2),
  counter: 7,
  sentAt: 1_767_225_600_000,
  heads: { ours: { seq: 0, hash: filled(32, 3) }, theirs: { seq: 2, hash: filled(32, 4) } },
} as const;

const contents: Record<string, Content> = {
  text: { ...common, kind: 'text', body: { text: 'Grüße, **Bob** 👋' } },
  code: {
    ...common,
    kind: 'code',
    body: {
      text: 'x = 1\n',
      language: 'python',
      path: 'src/a.py',
      startLine: 3,
      endLine: 3,
      note: 'this one',
    },
    replyTo: filled(16, 5),
    expiresAfterSeconds: 3600,
    capability: filled(32, 6),
  },
  receipt: { ...common, kind: 'receipt', body: { state: 'read', ids: [filled(16, 8), filled(16, 9)] } },
  control: { ...common, kind: 'control', body: { action: 'hello' } },
};

export function wire() {
  return {
    contents: Object.fromEntries(
      Object.entries(contents).map(([name, content]) => [name, toHex(encodeContent(content))]),
    ),
    envelopes: (['handshake', 'message', 'ephemeral'] as const).map((kind, i) => ({
      kind,
      encoded: toHex(encodeEnvelope({ kind, body: filled(5, i) })),
    })),
    ephemeral: toHex(
      encodeEphemeral({ v: 1, conversation: filled(32, 2), sentAt: 1_767_225_600_000, typing: true }),
    ),
  };
}
