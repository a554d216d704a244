/**
 * What a client does at a relay that runs somewhere else: `visit.ts come ORIGIN AT INVITE` registers somebody by the
 * invite and sends her three envelopes, `visit.ts fetch ORIGIN AT` signs her in again and fetches them. AT makes her
 * identity the same for both. Exit code 0 where everything is as it should be.
 */
import assert from 'node:assert/strict';
import { askCbor, assertRefused, envelope, Person, resultsOf, withCapability } from './people.ts';

const [what, origin = '', at = '', invite = ''] = process.argv.slice(2);
const capability = new Uint8Array(32).fill(7);
const sent = [1, 2, 3].map((id) => envelope(id));
const person = new Person(origin, 'visitor', Number(at));

if (what === 'come') {
  assertRefused(await person.register(), 'ERR_INVITE_INVALID');
  assertRefused(await person.register('0000-0000-0000-0000'), 'ERR_INVITE_INVALID');
  assert.equal((await person.register(invite)).status, 201);
  await person.signIn();
  await person.setCapability(capability);
  const mailbox = `/v1/mailboxes/${person.deviceId}`;
  const results = resultsOf(await askCbor(origin, mailbox, sent, withCapability(capability)));
  assert.deepEqual(results, ['stored', 'stored', 'stored']);
} else {
  await person.signIn();
  const { envelopes, cursor } = await person.events({ wait: 0 });
  assert.deepEqual(envelopes, sent);
  assert.deepEqual((await person.events({ after: cursor, wait: 0 })).envelopes, []);
}
