/** HTTP by hand, for what no client library sends. */
import { connect, type Socket } from 'node:net';

export interface RawConnection {
  readonly socket: Socket;
  /** Everything that came until the relay closed the connection. */
  readonly answer: Promise<string>;
}

export function openRaw(origin: string): RawConnection {
  const { hostname, port } = new URL(origin);
  const socket = connect(Number(port), hostname);
  socket.setNoDelay(true);
  const answer = new Promise<string>((resolve) => {
    let text = '';
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => (text += chunk));
    socket.on('error', () => resolve(text));
    socket.on('close', () => resolve(text));
  });
  return { socket, answer };
}

/** Sends `text` and reads until the relay closes. */
export function sendRaw(origin: string, text: string): Promise<string> {
  const { socket, answer } = openRaw(origin);
  socket.write(text);
  return answer;
}
