/** How many messages are accepted in a second, by so many senders, each with one outstanding. */
import type { Running } from './peer.ts';
import { cpuMs } from './process-cost.ts';

export interface Accepted {
  readonly perSecond: number;
  /** Of the processor, for a message, without the senders'. */
  readonly micros: number | undefined;
}

export interface Load {
  readonly senders: number;
  /** Messages in a request. */
  readonly batch: number;
  readonly warmUpMs: number;
  readonly forMs: number;
}

export async function accepting(running: Running, load: Load): Promise<Accepted> {
  const senders = await Promise.all(
    Array.from({ length: load.senders }, (_, i) => running.sender(i, load.batch)),
  );
  let accepted = 0;
  const send = async (ms: number): Promise<void> => {
    const end = performance.now() + ms;
    await Promise.all(
      senders.map(async (sender) => {
        while (performance.now() < end) {
          await sender.send();
          accepted += load.batch;
        }
      }),
    );
  };
  try {
    await send(load.warmUpMs);
    accepted = 0;
    const cpuBefore = cpuMs(running);
    const begin = performance.now();
    await send(load.forMs);
    const perSecond = accepted / ((performance.now() - begin) / 1000);
    const cpuAfter = cpuMs(running);
    if (cpuBefore === undefined || cpuAfter === undefined) return { perSecond, micros: undefined };
    return { perSecond, micros: ((cpuAfter - cpuBefore) * 1000) / accepted };
  } finally {
    for (const sender of senders) sender.close();
  }
}
