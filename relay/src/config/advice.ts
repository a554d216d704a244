import { readFileSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import type { Config } from './config.ts';

/** Beside the polls that wait: senders, connections that are idle, the database. */
const otherDescriptors = 5100;

/** What is allowed, and yet is probably not what somebody wants; a sentence each. */
export function adviceOn(config: Config, maxDescriptors = openFilesLimit()): string[] {
  const advice: string[] = [];
  const { host, origin, trustedProxies, registration, waitingPolls } = config;
  if (origin === undefined && !isLoopback(host)) {
    advice.push(
      'CRYPT2CHAT_ORIGIN is not set: accounts would be made for http://127.0.0.1, which is this computer for everybody, and cannot be moved later.',
    );
  }
  if (origin?.startsWith('https:') === true && trustedProxies === 0) {
    advice.push(
      'CRYPT2CHAT_TRUST_PROXY is 0, but a proxy has to stand in front for an https origin: all people would share the limits of its address.',
    );
  }
  if (origin?.startsWith('https:') === true && registration === 'open') {
    advice.push('CRYPT2CHAT_REGISTRATION is open: whoever knows the address can make an account.');
  }
  if (maxDescriptors !== undefined && waitingPolls + otherDescriptors > maxDescriptors) {
    advice.push(
      `The system gives this process ${maxDescriptors} open files, and CRYPT2CHAT_WAITING_POLLS needs ${waitingPolls + otherDescriptors}: raise the limit (ulimit -n) or lower the option.`,
    );
  }
  return advice;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

/** Undefined where the system does not tell. */
function openFilesLimit(): number | undefined {
  try {
    const [, limit] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return limit === undefined ? undefined : Number(limit);
  } catch {
    return undefined;
  }
}
