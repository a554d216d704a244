/**
 * SHA-512 (FIPS 180-4, NIST's example values), HMAC-SHA512 (RFC 4231 §4; Wycheproof hmac_sha512_test.json) and
 * HKDF-SHA512 (Wycheproof hkdf_sha512_test.json; both testvectors_v1 of C2SP/wycheproof). Hexadecimal. RFC 5869
 * itself has no vectors for SHA-512.
 */
const text = (value: string): string => Buffer.from(value, 'utf8').toString('hex');

export const sha512Vectors = [
  {
    data: '',
    hash: 'cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e',
  },
  {
    data: text('abc'),
    hash: 'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
  },
  {
    data: text(
      'abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu',
    ),
    hash: '8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018501d289e4900f7e4331b99dec4b5433ac7d329eeb6dd26545e96e55b874be909',
  },
  {
    data: '61'.repeat(1_000_000),
    hash: 'e718483d0ce769644e2e42c7bc15b4638e1f98b13b2044285632a803afa973ebde0ff244877ea60a4cb0432ce577c31beb009c5c2c49aa2e4eadb217ad8cc09b',
  },
] as const;

export const hmacVectors = [
  {
    name: 'RFC 4231 test case 1',
    key: '0b'.repeat(20),
    data: text('Hi There'),
    mac: '87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854',
  },
  {
    name: 'RFC 4231 test case 2',
    key: text('Jefe'),
    data: text('what do ya want for nothing?'),
    mac: '164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737',
  },
  {
    name: 'RFC 4231 test case 3',
    key: 'aa'.repeat(20),
    data: 'dd'.repeat(50),
    mac: 'fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39bf3e848279a722c806b485a47e67c807b946a337bee8942674278859e13292fb',
  },
  {
    name: 'RFC 4231 test case 4',
    key: '0102030405060708090a0b0c0d0e0f10111213141516171819',
    data: 'cd'.repeat(50),
    mac: 'b0ba465637458c6990e5a8c5f61d4af7e576d97ff94b872de76f8050361ee3dba91ca5c11aa25eb4d679275cc5788063a5f19741120c4f2de2adebeb10a298dd',
  },
  {
    name: 'RFC 4231 test case 5, of which the first 16 bytes are given',
    key: '0c'.repeat(20),
    data: text('Test With Truncation'),
    mac: '415fad6271580a531d4179bc891d87a6',
  },
  {
    name: 'RFC 4231 test case 6',
    key: 'aa'.repeat(131),
    data: text('Test Using Larger Than Block-Size Key - Hash Key First'),
    mac: '80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598',
  },
  {
    name: 'RFC 4231 test case 7',
    key: 'aa'.repeat(131),
    data: text(
      'This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.',
    ),
    mac: 'e37b6a775dc87dbaa4dfa9f96e5e3ffddebd71f8867289865df5a32d20cdc944b6022cac3c4982b10d5eeb55c3e4de15134676fb6de0446065c97440fa8c6a58',
  },
  {
    name: 'Wycheproof 1, empty message',
    key: '5365244bb43f23f18dfc86c09d62db4741138bec1fbddc282d295e0a098eb5c3e37bd6f4cc16d5ce7d77b1d474a1eb4db313cc0c24e48992ac125196549df9a8',
    data: '',
    mac: 'd0a556bd1afa8df1ebf9e3ee683a8a2450a7c83eba2daf2e2ff2f953f0cd64da216e67134cf55578b205c8a1e241ba1369516a5ef4298b9c1d31e9d59fc04fe4',
  },
  {
    name: 'Wycheproof 23, long message',
    key: '627c9a72247d07b0cec8346277468311c7401fc4cecaea8e22e13ece4b352c8f7a7eb1ba81ce348a08670438c97b8d9e883614d550f1ff16d636975c59988c2d',
    data: '118e0468cbb52f93a3396ebfaa114881a98a4101f4ff912ced47ecfc73b27f52205b7a5d4f3899506f9e34ebf99460da7a',
    mac: 'a186e08c7731d4bbb1d5342a105ef48f5353c5c542277de607831fcbbc8d0b9fd509c74bf9e352ee739792ee3cd6382f96e70adb589fdf1fb031d43eef1a595f',
  },
] as const;

export const hkdfVectors = [
  {
    name: 'Wycheproof 1, no salt, no info',
    ikm: '24aeff2645e3e0f5494a9a102778c43a',
    salt: '',
    info: '',
    okm: 'dd2599840b09699c6200b5cba79002b3aa75c61b',
  },
  {
    name: 'Wycheproof 3, no salt, no info, one block',
    ikm: 'a4748031a14d3e6aafe42aa20c568f5f',
    salt: '',
    info: '',
    okm: '62ea97e06051e40b79deb127a4da294f557cafa3d7a90a75c02064571dfbbe4699129bdcec4b39eed7757ce8e3571589f7d8f5523c0dc3fd6a56b099fb4bfd51',
  },
  {
    name: 'Wycheproof 5, no salt',
    ikm: 'c181696a19ab1a32eb6e81b2925d8990',
    salt: '',
    info: 'd8c8de92fe5422c9825996354db1821ba43a81ac',
    okm: 'bd646410b4ef179e10369db6d7e4fe841e7915f8ae793b8f49149c05a0cee691b234c8cbb51c8b038b7a',
  },
  {
    name: 'Wycheproof 8, no info',
    ikm: 'be0df9811ad0bf3b08358a3dc4a05981',
    salt: 'c98618bfeb59295f8bf1dd3804b1bf2c',
    info: '',
    okm: 'c5cc73041ea99289bfbc39aaf64595129b461651c69d3de5297d66f844b4d59257be9a82bddf228630c8',
  },
  {
    name: 'Wycheproof 12',
    ikm: '7a00817689a3d79001825a864c69c120',
    salt: '08bc01c053a6406c7c4a667c9b9b3894',
    info: '967ccd75395be6e96a67759f070487c9e2107791',
    okm: 'aed987bcc5ed33c4feec7b28aa9fe1c16b1181e00ff42c63cf692ec19242f6d4628604b3382db0806d5e61518f83fc651e6f3bd0a9d1322926a76869b98b75d6',
  },
  {
    name: 'Wycheproof 17, salt of 30 bytes',
    ikm: 'f403b6c59bdb751b3f7b9c97fae5226f',
    salt: '9139e549297ee26eae5afea7ee012e683cd7e59b5b8966f55f6d18ded11c',
    info: '27d06c3a2fdb5c97de4506e1bc1311991660c5f5',
    okm: '1ac0f389936950af705d587295a878693d3496aa81288cccbbb596aeeae678c2e87602beaea14da6e795',
  },
  {
    name: 'Wycheproof 20, salt of 64 bytes',
    ikm: '24a37db03dbcffbe9e28d582d0d8c60a',
    salt: '4c3d3b4f5436418713fbe2fbc4d647095ce5d5392dcfffd20327187e14fb68360b94c5122203292d8b648a754ab70f6d3d61e0650f06d55c4b5762cba0231e27',
    info: '8cd9e7b786a74bd370bae434e31a559bdf75d65f',
    okm: 'ea18185ff290f27480f625404a39d56582a1bcd8f74f97cfccb898ddf2611833ed57fa46e88e145b604d',
  },
] as const;

/** Wycheproof 21: the most that HKDF gives, 16,320 bytes, of which the first 32 stand here. */
export const hkdfLongest = {
  ikm: '83c6fa101a922bf4e0ab38c1853b82f8',
  salt: '7ea9bd3ed65fdbec456e4859209d0e87336b0a04bd342fccede6fa4cb12331789a9af13d3c96e955a74550883aa5a80e055ad7682a26c8b2343088d05f15f80d',
  info: 'c893d162bf0036e4',
  size: 16_320,
  okmStart: 'c80c2cce5fc294e1e680e665bbd7aac8f4fc270436bf0d016022ef38a2c44790',
} as const;
