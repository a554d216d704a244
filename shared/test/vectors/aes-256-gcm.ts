/**
 * AES-256-GCM with nonces of 96 bits: McGrew and Viega, "The Galois/Counter Mode of Operation", test cases 13 to
 * 16, and a selection by tcId from Wycheproof testvectors_v1/aes_gcm_test.json (C2SP/wycheproof, commit
 * 6fc4a87a). Hexadecimal.
 */
interface GcmVector {
  readonly name: string;
  readonly key: string;
  readonly nonce: string;
  readonly aad: string;
  readonly plaintext: string;
  readonly ciphertext: string;
  readonly tag: string;
}

const gcmSpecKey = 'feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308';
const gcmSpecPlaintext =
  'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255';
const gcmSpecCiphertext =
  '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad';

export const gcmVectors: readonly GcmVector[] = [
  {
    name: 'test case 13',
    key: '00'.repeat(32),
    nonce: '00'.repeat(12),
    aad: '',
    plaintext: '',
    ciphertext: '',
    tag: '530f8afbc74536b9a963b4f1c4cb738b',
  },
  {
    name: 'test case 14',
    key: '00'.repeat(32),
    nonce: '00'.repeat(12),
    aad: '',
    plaintext: '00'.repeat(16),
    ciphertext: 'cea7403d4d606b6e074ec5d3baf39d18',
    tag: 'd0d1c8a799996bf0265b98b5d48ab919',
  },
  {
    name: 'test case 15',
    key: gcmSpecKey,
    nonce: 'cafebabefacedbaddecaf888',
    aad: '',
    plaintext: gcmSpecPlaintext,
    ciphertext: gcmSpecCiphertext,
    tag: 'b094dac5d93471bdec1a502270e3cc6c',
  },
  {
    name: 'test case 16',
    key: gcmSpecKey,
    nonce: 'cafebabefacedbaddecaf888',
    aad: 'feedfacedeadbeeffeedfacedeadbeefabaddad2',
    plaintext: gcmSpecPlaintext.slice(0, 120),
    ciphertext: gcmSpecCiphertext.slice(0, 120),
    tag: '76fc6ece0f4e1768cddf8853bb2d551b',
  },
  {
    name: 'Wycheproof 91',
    key: '92ace3e348cd821092cd921aa3546374299ab46209691bc28b8752d17f123c20',
    nonce: '00112233445566778899aabb',
    aad: '00000000ffffffff',
    plaintext: '00010203040506070809',
    ciphertext: 'e27abdd2d2a53d2f136b',
    tag: '9a4a2579529301bcfb71c78d4060f52c',
  },
  {
    name: 'Wycheproof 92, nothing but associated data',
    key: '29d3a44f8723dc640239100c365423a312934ac80239212ac3df3421a2098123',
    nonce: '00112233445566778899aabb',
    aad: 'aabbccddeeff',
    plaintext: '',
    ciphertext: '',
    tag: '2a7d77fa526b8250cb296078926b5020',
  },
  {
    name: 'Wycheproof 94',
    key: 'cc56b680552eb75008f5484b4cb803fa5063ebd6eab91f6ab6aef4916a766273',
    nonce: '99e23ec48985bccdeeab60f1',
    aad: '',
    plaintext: '2a',
    ciphertext: '06',
    tag: '633c1e9703ef744ffffb40edf9d14355',
  },
  {
    name: 'Wycheproof 96',
    key: '67119627bd988eda906219e08c0d0d779a07d208ce8a4fe0709af755eeec6dcb',
    nonce: '68ab7fdbf61901dad461d23c',
    aad: '',
    plaintext: '51f8c1f731ea14acdb210a6d973e07',
    ciphertext: '43fc101bff4b32bfadd3daf57a590e',
    tag: 'ec04aacb7148a8b8be44cb7eaf4efa69',
  },
  {
    name: 'Wycheproof 98',
    key: '3b2458d8176e1621c0cc24c0c0e24c1e80d72f7ee9149a4b166176629616d011',
    nonce: '45aaa3e5d16d2d42dc03445d',
    aad: '',
    plaintext: '3ff1514b1c503915918f0c0c31094a6e1f',
    ciphertext: '73a6b6f45f6ccc5131e07f2caa1f2e2f56',
    tag: '2d7379ec1db5952d4e95d30c340b1b1d',
  },
  {
    name: 'Wycheproof 103',
    key: 'ff0089ee870a4a39f645b0a5da774f7a5911e9696fc9cad646452c2aa8595a12',
    nonce: 'bc2a7757d0ce2d8b1f14ccd9',
    aad: '972ab4e06390caae8f99dd6e2187be6c7ff2c08a24be16ef',
    plaintext: '748b28031621d95ee61812b4b4f47d04c6fc2ff3',
    ciphertext: 'a929ee7e67c7a2f91bbcec6389a3caf43ab49305',
    tag: 'ebec6774b955e789591c822dab739e12',
  },
  {
    name: 'Wycheproof 106, 65 bytes',
    key: '81b6b27e5ed90ab99fe6756d4cb41e3f07269687f5afabdb426e29096b5e4466',
    nonce: '13e727486031cca21f733375',
    aad: '',
    plaintext:
      '9a95a23cfb1e35d89a7597570df0fb0efcbb7429f53bebcbbfa49fa247b251a8508ad497066855d08688576188e4ffb12d1d084dcabec3d57806daf215dcc97edd',
    ciphertext:
      '7ede7368bca3c93d9f1d7f7750d6e44b1cb92c30e3c9834b0b69efd2470911644ae6f6d75715e13aea8781f8da611a13ac6364c406c1a715b7e97acb22b6e6156e',
    tag: '74e20a93802f43407c8989a37f013802',
  },
  {
    name: 'Wycheproof 120, associated data of 128 bytes',
    key: '44c8d0cdb8f7e736cfd997c872a5d9c5ef30afbe44b6566606b90aa5e3e8b797',
    nonce: '6f39afba021e4c36eb92962e',
    aad: '98d1ca1788cbeb300ea5c6b1eec95eb2347177201400913d45225622b6273eec8a74c3f12c8d5248dabee586229786ff192c4df0c79547f7ad6a92d78d9f8952758635783add2a5977d386e0aef76482211d2c3ae98de4baadb3f8b35b510464755dc75ceb2bf25b233317523f399a6c507db214f085fa2818f0d3702b10952b',
    plaintext: '2e6f40f9d3725836ac0c858177938fd67be19432',
    ciphertext: 'b42428f8094ef7e65c9e8c45ef3e95c28ce07d72',
    tag: '32b25dfbb896d0f9d79c823bdd8e5d06',
  },
  {
    name: 'Wycheproof 128, a tag of ones',
    key: '00112233445566778899aabbccddeeff102132435465768798a9bacbdcedfe0f',
    nonce: '00'.repeat(12),
    aad: '',
    plaintext: '561008fa07a68f5c61285cd013464eaf',
    ciphertext: '23293e9b07ca7d1b0cae7cc489a973b3',
    tag: 'ff'.repeat(16),
  },
  {
    name: 'Wycheproof 129, a tag of zeros',
    key: '00112233445566778899aabbccddeeff102132435465768798a9bacbdcedfe0f',
    nonce: 'ff'.repeat(12),
    aad: '',
    plaintext: 'c6152244cea1978d3e0bc274cf8c0b3b',
    ciphertext: '7cb6fc7c6abc009efe9551a99f36a421',
    tag: '00'.repeat(16),
  },
];

/** Wycheproof 130 to 140: tags of one message with a bit flipped, all to be refused. */
export const gcmForgeries = {
  key: '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f',
  nonce: '505152535455565758595a5b',
  aad: '',
  plaintext: '202122232425262728292a2b2c2d2e2f',
  ciphertext: 'b2061457c0759fc1749f174ee1ccadfa',
  tag: '9ce8fef6d8ab1bf1bf887232eab590dd',
  forgedTags: [
    '9de8fef6d8ab1bf1bf887232eab590dd',
    '9ee8fef6d8ab1bf1bf887232eab590dd',
    '1ce8fef6d8ab1bf1bf887232eab590dd',
    '9ce9fef6d8ab1bf1bf887232eab590dd',
    '9ce8fe76d8ab1bf1bf887232eab590dd',
    '9ce8fef6d9ab1bf1bf887232eab590dd',
    '9ce8fef6daab1bf1bf887232eab590dd',
    '9ce8fef6d8ab1b71bf887232eab590dd',
    '9ce8fef6d8ab1bf1be887232eab590dd',
    '9ce8fef6d8ab1bf13f887232eab590dd',
    '9ce8fef6d8ab1bf1bfa87232eab590dd',
  ],
} as const;
