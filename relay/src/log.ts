/**
 * The relay's log: JSON lines that name nobody. No account, device, name, address, token, cursor or path parameter
 * goes in, and no message of an error, which may quote any of them.
 */
import pino, { type DestinationStream } from 'pino';
import type { Config } from './config/index.ts';

export interface Log {
  debug(fields: Readonly<Record<string, unknown>>, message: string): void;
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

/** @param destination where the lines go; standard output by default. */
export function createLog(level: Config['logLevel'], destination?: DestinationStream): Log {
  const options = { level, base: null, formatters: { level: (label: string) => ({ level: label }) } };
  return destination === undefined ? pino(options) : pino(options, destination);
}
