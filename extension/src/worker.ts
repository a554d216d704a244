/**
 * The engine in its thread: curve arithmetic and the disk have no business in the extension host's event loop. The host
 * says when the vault is opened and with which key, and does the HTTP; this file only joins the two. One vault at a
 * time, and none is opened before the one before it has been closed.
 */
import { parentPort, workerData } from 'node:worker_threads';
import {
  askAbout,
  createVault,
  Engine,
  openVault,
  reopenVault,
  type Transport,
  type Vault,
} from '@crypt2chat/shared/engine';
import { systemClock } from '@crypt2chat/shared/clock';
import { CodedError } from '@crypt2chat/shared/errors';
import { chooseBackends, systemRandomness } from '@crypt2chat/shared/primitives';
import * as v from 'valibot';
import { createHostPeer, type EngineHandlers } from './ipc/index.ts';

const settingsSchema = v.strictObject({ vaultFile: v.string(), wasmFile: v.string() });

if (!parentPort) throw new TypeError('this is the start of a worker thread');
// Before any key is touched: which library computes what, each tested with known answers.
chooseBackends();
const port = parentPort;
const { vaultFile, wasmFile } = v.parse(settingsSchema, workerData);
const randomness = systemRandomness;
const location = { file: vaultFile, wasm: wasmFile, randomness };
const transport: Transport = { request: (request, signal) => peer.call('request', request, signal) };

let engine: Engine | undefined;

async function begin(open: () => Promise<Vault>) {
  if (engine) throw new CodedError('ERR_VAULT_EXISTS', 'a vault is open already');
  const begun = new Engine({ vault: await open(), transport, clock: systemClock, randomness });
  engine = begun;
  begun.subscribe((change) => peer.emit({ type: 'change', change }));
  begun.start();
  return begun.state();
}

function running(): Engine {
  if (!engine) throw new CodedError('ERR_NOT_OPEN', 'no vault is open');
  return engine;
}

const handlers: EngineHandlers = {
  create: ({ wrappingKey }) => begin(() => createVault(location, wrappingKey)),
  open: ({ wrappingKey }) => begin(() => openVault(location, wrappingKey)),
  reopen: ({ phrase, wrappingKey }) => begin(() => reopenVault(location, phrase, wrappingKey)),
  close: async () => {
    const ending = engine;
    engine = undefined;
    await ending?.stop();
  },
  checkRelay: ({ relay }) => askAbout(transport, systemClock, relay),
  register: (registration) => running().register(registration),
  recover: (recovery) => running().recover(recovery),
  recoveryPhrase: () => running().recoveryPhrase(),
  confirmPhrase: () => running().confirmPhrase(),
  openConversation: ({ address }) => running().openConversation(address),
  page: ({ conversation, ...options }) => running().page(conversation, options),
  send: ({ conversation, draft }) => running().send(conversation, draft),
  retry: ({ conversation, key }) => running().retry(conversation, key),
  deleteMessage: ({ conversation, key }) => running().deleteMessage(conversation, key),
  answerRequest: ({ conversation, answer }) => running().answerRequest(conversation, answer),
  saveDraft: ({ conversation, text }) => running().saveDraft(conversation, text),
  markRead: ({ conversation, upTo }) => running().markRead(conversation, upTo),
  setTyping: ({ conversation, typing }) => running().setTyping(conversation, typing),
  safetyNumber: ({ conversation }) => running().safetyNumber(conversation),
  retryNow: () => running().retryNow(),
  createGroup: ({ name, addresses }) => running().groups.create(name, addresses),
  groupView: ({ conversation }) => running().groups.view(conversation),
  addToGroup: ({ conversation, addresses, shareLast }) =>
    running().groups.add(conversation, addresses, shareLast),
  removeFromGroup: ({ conversation, account }) => running().groups.remove(conversation, account),
  leaveGroup: ({ conversation }) => running().groups.leave(conversation),
  renameGroup: ({ conversation, name }) => running().groups.rename(conversation, name),
  setGroupAdmin: ({ conversation, account, admin }) =>
    running().groups.setAdmin(conversation, account, admin),
  setGroupMayAdd: ({ conversation, mayAdd }) => running().groups.setMayAdd(conversation, mayAdd),
  groupReceipts: ({ conversation, key }) => running().groups.receipts(conversation, key),
  memberSafetyNumber: ({ conversation, account }) => running().groups.safetyNumber(conversation, account),
};

const peer = createHostPeer({
  handlers,
  post: (frame) => port.postMessage(frame),
  onFault: (code) => peer.emit({ type: 'fault', code }),
});
port.on('message', (data: unknown) => peer.receive(data));
