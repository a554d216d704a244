/** Long polling over mailboxes and groups: who waits, what wakes them, and the cursors that acknowledge. */
export { Cursors } from './cursor.ts';
export { DeliveryHub } from './hub.ts';
export type { Client } from './waiting-room.ts';
