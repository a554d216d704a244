/** Redis Streams: a message is an entry, and the log is on the disk before the answer. */
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { Conversation } from './conversation.ts';
import { textMessage, type Peer } from './peer.ts';
import { ask, find, freePort, launch } from './programs.ts';

const program = find('redis-server');
const options = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', ''];

/** A simple string, an error, a number, or a bulk string (RESP 2). */
function measure(received: string): number | undefined {
  const end = received.indexOf('\r\n');
  if (end < 0) return undefined;
  if (received.startsWith('-')) throw new Error('Redis refused');
  if (!received.startsWith('$')) return end + 2;
  const whole = end + 4 + Number(received.slice(1, end));
  return received.length < whole ? undefined : whole;
}

function command(...words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`;
}

export const redis: Peer = {
  name: 'redis',
  title: 'Redis Streams',
  batches: false,
  keeps: true,
  settings: `${(program && ask(program, ['--version'])?.split(' sha')[0]) ?? ''}, ${options.slice(0, 4).join(' ')}`,
  missing: () => (program === undefined ? 'no program called redis-server' : undefined),
  async start(folder, env) {
    const port = await freePort();
    chmodSync(folder, 0o777);
    const server = await launch(program!, {
      args: ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, ...options],
      env,
      log: join(folder, 'log'),
      port,
    });
    return {
      ...server,
      async sender(index) {
        const connection = new Conversation(port);
        return {
          async send() {
            await connection.ask(command('XADD', `mailbox${index}`, '*', 'body', textMessage()), measure);
          },
          close: () => connection.close(),
        };
      },
    };
  },
};
