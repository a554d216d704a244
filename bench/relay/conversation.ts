/** A connection on which one side asks and the other answers, for protocols that are not HTTP. */
import { connect, type Socket } from 'node:net';

/** @returns how many characters the answer takes up; undefined while it is not whole */
type Measure = (received: string) => number | undefined;

export class Conversation {
  readonly #socket: Socket;
  #received = '';
  #waiting:
    { readonly measure: Measure; resolve(answer: string): void; reject(error: Error): void } | undefined;

  constructor(port: number) {
    this.#socket = connect(port, '127.0.0.1');
    this.#socket.setNoDelay(true).setEncoding('latin1');
    this.#socket.on('data', (text) => {
      this.#received += String(text);
      this.#look();
    });
    this.#socket.on('error', (error) => this.#waiting?.reject(error));
    this.#socket.on('close', () => this.#waiting?.reject(new Error('the server closed the connection')));
  }

  ask(question: string, measure: Measure): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#waiting = { measure, resolve, reject };
      this.#socket.write(question, 'latin1');
    });
  }

  close(): void {
    this.#waiting = undefined;
    this.#socket.destroy();
  }

  #look(): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    let size: number | undefined;
    try {
      size = waiting.measure(this.#received);
    } catch (error) {
      this.#waiting = undefined;
      waiting.reject(error instanceof Error ? error : new Error('not an error'));
      return;
    }
    if (size === undefined) return;
    const answer = this.#received.slice(0, size);
    this.#received = this.#received.slice(size);
    this.#waiting = undefined;
    waiting.resolve(answer);
  }
}
