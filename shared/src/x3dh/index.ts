/**
 * First contact (docs/protocol.md §5): X3DH (specification revision 1, §3) on X448 and SHA-512 with an ML-KEM-1024
 * secret appended as in PQXDH, and the sealed first message that carries it. What comes out starts a double
 * ratchet. Two sides that see different keys, accounts, prekeys or rounds derive different keys, because all of it
 * goes into the derivation.
 */
export { type Agreement, initiate, type Initiation, respond, type SharedKeys } from './agree.ts';
export {
  type Handshake,
  handshakeHashOf,
  type HandshakePrekeys,
  handshakeSchema,
  type Initiator,
  maxRound,
} from './handshake.ts';
export {
  type FirstMessage,
  openFirstMessage,
  type Recipient,
  sealFirstMessage,
  parseFirstMessage,
} from './first-message.ts';
