/** Messages in one spoken line. */
import { sentenceOf, sentenceOfUnreadable, type ViewMessage } from '../../ipc/index.ts';
import { clockTime, eventText, oneLine, stateInWords } from '../model/index.ts';

/** Of a long text, so much is said; the rest is there to be read. */
const maxSpoken = 300;

export function authorOf(message: ViewMessage): string {
  return message.own ? 'You' : oneLine(message.author) || 'Somebody';
}

export function sayMessage(message: ViewMessage): string {
  if (message.body.kind === 'event') return sayBody(message);
  return `${authorOf(message)}${marks(message)}: ${sayBody(message)}`;
}

/** The name of a message in the list: who, when, what, and how far it has come. */
export function nameMessage(message: ViewMessage): string {
  if (message.body.kind === 'event') return `${sayBody(message)}, ${clockTime(message.sentAt)}`;
  const state = message.state === undefined ? '' : ` ${stateInWords(message)}.`;
  const why = message.failure === undefined ? '' : ` ${sentenceOf(message.failure).text}`;
  return `${authorOf(message)}, ${clockTime(message.sentAt)}${marks(message)}: ${sayBody(message)}${state}${why}`;
}

function marks({ mentionsUs, sharedBy }: ViewMessage): string {
  const mentions = mentionsUs === true ? ', mentions you' : '';
  return sharedBy === undefined ? mentions : `${mentions}, shared by ${oneLine(sharedBy) || 'somebody'}`;
}

function sayBody({ body, author, own }: ViewMessage): string {
  switch (body.kind) {
    case 'text':
      return shortened(body.text);
    case 'code': {
      const place = body.path === '' ? '' : ` from ${oneLine(body.path)}, line ${body.startLine}`;
      return `code${place}. ${shortened(body.note ?? '')}`;
    }
    case 'unreadable':
      return `${unreadableTitle(author)} ${sentenceOfUnreadable(body.reason).text}`;
    case 'event':
      return eventText(body, own);
  }
}

export function unreadableTitle(author: string): string {
  return author === ''
    ? 'A message could not be opened.'
    : `A message from ${oneLine(author)} could not be opened.`;
}

function shortened(text: string): string {
  const line = oneLine(text.slice(0, maxSpoken + 1));
  return line.length > maxSpoken ? `${line.slice(0, maxSpoken)}…` : line;
}
