/**
 * Our own constructions, frozen: the randomness is seededRandomness(seed), drawn in the order of the test beside
 * them (keys first). Byte strings in hexadecimal, the rest as text.
 */
export const frozen = {
  seed: 'crypt2chat/frozen',
  label: 'crypt2chat/v1/frozen',
  aad: 'associated data',
  plaintext: 'the plaintext of all vectors here',
  hash32: '157754a2c78e5aa764baa8df30a8e4c1e513b60f4a25e5f437f4faecee8d5580',
  hash32OfNothing: 'b8244d028981d693af7b456af8efa4cad63d282e19ff14942c246e50d9351d22',
  sealSalted:
    '658161d73c6c7d2887584a07f0c71ba75faa7314d4ff932e17655cb09480fc268ede39a7bc255057e497a3aabd46682a0a1373cd80faf93c398ae2e0f6ef5266105804bc07b5053ca89759c870034a2782',
  signingKey:
    '245956e4f0e4cc6c80ec7a74f7b65403606852887235244110aefb5c2ef01f808786c8c299b5b72336705b064b43669f165693d5ea5b4e7500',
  signature:
    '4943e284ecc19f1b4a31eff672a7d848d1e694a2dbb87cdf08ccdb2b9a2101b6a89a30995a49d37ebc2a612bc63f717807432b8e6af7430e00e1b6aff9e3fb2267567edb0bbf449a1360196fef9c43056766e4cde113db582c7ff2220790de0ff52f644df16815b6179a129e2ab55eea2400',
  dhKey:
    'ce6f3f65996cb8698893904e79179725e76c18d7d245278c472b78320fbfbee1b08aaeb8329a77d014151915534229e3eef52c957265aa46',
  sealHpke:
    'e2d39a3535819a4f89512e08d954fcd9c6c3ba30b1eeb1706ae54bad3a0fce02858d9edb88ea57d669ab7bb44af60166b67206f844b98dfe8a89ffdb0a51676e97d996ccc0600256130b3bd9bf6aa1e730ebbb097407027d6e021cf932428d929136c31051234cb53e',
  kemKeyHash: '767335f7587ad9f68670e872cc84c2a6ddc914185b8a319662b500a3e029bea9',
  kemCiphertextHash: 'feea3591fe6f5a4248905c0c57bc2233ea3c96f0f332497e2cfbc69c1f4db086',
  kemSharedSecret: '4c80d97cd7d9fbc31ec64174c10e51cf484322eccd754cffe99acfd787e74c54',
  paddingAfterPlaintext: `80${'00'.repeat(222)}`,
} as const;
