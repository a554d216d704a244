/**
 * X448. RFC 7748 §5.2 and §6.2; Wycheproof testvectors_v1/x448_test.json (C2SP/wycheproof, commit 061657f1),
 * a selection by tcId. Hexadecimal.
 */

/** RFC 7748 §5.2, the two single multiplications. */
export const multiplications = [
  {
    name: 'RFC 7748 §5.2, first',
    private:
      '3d262fddf9ec8e88495266fea19a34d28882acef045104d0d1aae121700a779c984c24f8cdd78fbff44943eba368f54b29259a4f1c600ad3',
    public:
      '06fce640fa3487bfda5f6cf2d5263f8aad88334cbd07437f020f08f9814dc031ddbdc38c19c6da2583fa5429db94ada18aa7a7fb4ef8a086',
    shared:
      'ce3e4ff95a60dc6697da1db1d85e6afbdf79b50a2412d7546d5f239fe14fbaadeb445fc66a01b0779d98223961111e21766282f73dd96b6f',
  },
  {
    name: 'RFC 7748 §5.2, second',
    private:
      '203d494428b8399352665ddca42f9de8fef600908e0d461cb021f8c538345dd77c3e4806e25f46d3315c44e0a5b4371282dd2c8d5be3095f',
    public:
      '0fbcc2f993cd56d3305b0b7d9e55d4c1a8fb5dbb52f8e9a1e9b6201b165d015894e56c4d3570bee52fe205e28a78b91cdfbde71ce8d157db',
    shared:
      '884a02576239ff7a2f2f63b2db6a9ff37047ac13568e1e30fe63c4a7ad1b3ee3a5700df34321d62077e63633c575c1c954514e99da7c179d',
  },
  {
    name: 'Wycheproof 1, normal case',
    public:
      'f8073fc01c8358362c08740c914b419847ef1e409f4e40d9440febc26f00551adb1c37c6c2a87d8283b8cb453e928a0d42793f72894e0f81',
    private:
      'e41c63d5159c89de12163fde9d04cf1f430f346b8b2c1f2a4b1f5aee63d17aec29d4b1debf8b6457e7809d2b15ff9779c97becb04b824efa',
    shared:
      'acd496ceb5f68bf9c267196b405f59701a40ec88744b7e5e60bf8f81e8b13df448efe402001750edb0b695a0512f08c572a2e356493d170b',
  },
  {
    name: 'Wycheproof 2, on the twist',
    public:
      'f8d9144304bd8c4d1fa68957026fc5c1b75020365b0991d2eb1541a4dfa3f15e7a70285cd3828b529bece021d3e03a415e4f8c02eb89ef19',
    private:
      'fcb4ed3afa64c84b7844965c848ad88819241911cd65d35a2bc26a073c08d8e191bcfa04b2dbd94e219f746df929d3298e03afeb73b4fbdb',
    shared:
      '3f97c3f87b967daac4e5d12eae05a80c751c3b3e1070886b083e90bb8f63cf76aea0cd4bf5032187e52b1d0513c96f1ac830debcd37887ab',
  },
  {
    name: 'Wycheproof 31, p - 3, on the twist',
    public:
      'fcfffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffffffffffffffffffffffffffffffffffffffffffffffffff',
    private:
      'd49ee278cac706428b351a4a23d91188eaf55b5fe2ba20a9fd55b03687f0e8b4771316b1d1410c8b2bf31b214f615a773eaeda9b4aea59e2',
    shared:
      '052f871748a1ad505a5217e06059955d2d1e90989dbddf071d36efbf9420a5363f87671deb9e441bb2b05d2fdbd2c2811fbce584237372a4',
  },
  {
    name: 'Wycheproof 34, u = 2',
    public:
      '0200000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000',
    private:
      '28110debb1242a869407f21a1a07616326e2bba0ae3ddca3d43edde9f3e7b799045f9ac3793d4a9277dadeadc41bec0290f81f744f7377df',
    shared:
      '021ea3e58bb9ff27a1109079a8c5a05bb09760864bca1650ed3d825640c5134d0631f529d79510f062883b1217beda88f52801fd5bfae91e',
  },
  {
    name: 'Wycheproof 35, u = 3',
    public:
      '0300000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000',
    private:
      'ccd0eabb0891136d7f963f5280ab98f0efc6b82902bc4f4fe59d57a914e3c29036fd9a442ba526b5cdcdf28216153e636c10677acab6bdea',
    shared:
      '0dfae3c22385ee384f52060f0e9005cefb950f7a80740216deb92ac4c4f4b49c3284be16e9dd89378decba9a737de84a5426935f1b6ae463',
  },
  {
    name: 'Wycheproof 37, edge case public key',
    public:
      'ffff000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000',
    private:
      '84ee1a35e53edbd425e5b7d10baabdecb272030481fe1512ada1a2ec9fa9915ae7aace6a37c68591d39e15995c4ef5ebd3561c02f72ddac1',
    shared:
      '3073e373f1bf653bb9de54a20ba1c04e95068a5f3d563c71552dd6b3f051aefebf25653cf3072d7f8301b68180b8473398deb93509a8aa34',
  },
  {
    name: 'Wycheproof 47, edge case public key',
    public:
      'ffffffffffffffffffffffffffffffffffffffffffffffffffffffff00000000000000000000000000000000000000000000000000000000',
    private:
      'c414522ab03ffacff2c43a817bff638fdd242f7d4b547574e545f55c159451e97814d747050fd7769bd478434a01876a56e553f66384a7cc',
    shared:
      '55bb0ca5d7c576dec83cf3dcfd9885bdb50410f9690dee34b0fc493edc04b62ed031160f73c55109760f65119bd2b958a6566b98eec6f541',
  },
  {
    name: 'Wycheproof 48, edge case public key',
    public:
      '0000000000000000000000000000000000000000000000000000000001000000000000000000000000000000000000000000000000000000',
    private:
      '7c6e75b7f843fcba2ced4fee6bb1f74d44da59fd79fa25743ad6403e1377734cdce98285e820f256ad6b769d6b5612bcf42cf2b97945c0b3',
    shared:
      '586d61346b75cc0712b9c1029e9756668eed14e67e543def8fc51c2882dfed27ecef7370a7280f5542da3dc559d27d628f85e97e0481ba7d',
  },
  {
    name: 'Wycheproof 51, edge case public key',
    public:
      'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff3f',
    private:
      'd8454805fe07cc845db675bb19348fd10f97d26a50d729b5cd510977e9abd9fd4c8a82410468b6071307b0bd57c4ed3464391105f66e4bee',
    shared:
      'c8b5ae9c082bf1ece46b6b724f9666d4571a477a20cca67642387a6e891f1188718c46cde8c2ef204e7f77cae4c10320930b1f0c2da915d9',
  },
  {
    name: 'Wycheproof 52, edge case public key',
    public:
      'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    private:
      '50ae60849c940c5cf70b237228dbfd34c2e16606c7b8cd5508ab38bb4597c328c58f0d3c8fdf9b9bbb21ab858f02b739f2da73d827ddcdb5',
    shared:
      'f5aaa3374e01c7b6a36804d6284ddfc68e6f4f33090dd3075b67ec9af2fb4c991d0dbd7f6eb3a177fb650a5a055b8d6bc9a218bbfbfe6fc4',
  },
  {
    name: 'Wycheproof 53, edge case public key',
    public:
      '000000fcffff030000e0ffff1f000000ffffff000000f8ffff070000c0ffff3f000000feffff010000f0ffff0f000080ffff7f000000fcff',
    private:
      'c89c4916c0eb3c287eb102d48f138820115328d832aa80b686393694b8ea1e89a015bed44c302b18c8a3c0948ab406ada56729d599c55db8',
    shared:
      '8159af5dbd95058e4d92504aacb19cf00fe2efbca396311fa9e2ee60ca16ebcdaead05d1a77a729234773ee4437624e425580a4a55d5a4b4',
  },
  {
    name: 'Wycheproof 56, edge case public key',
    public:
      'fffffffffffffffffffffffffffffffffefffffffffffffffffffffffeffffffffffffffffffffffffffffffffffffffffffffffffffffff',
    private:
      '4804afd055ec05f335b7e3eebbde2a6de010ce7495e6c0d02173fa8c48bb495375b7d149c67b92d2885acb8d8bbb51a317453788671efa9f',
    shared:
      'd6a2724dc9ca1579d94a8cc8815a3ed392b9e10b39f57c747f7b2d84f54969062c8b86929a1a12f466d3ef9598f1904773a4ee938f0f5df3',
  },
  {
    name: 'Wycheproof 316, special case for x_2 in multiplication by 5',
    public:
      '6d668144c2bb259618fce497944e68f836f6b43492683e25c086551cd974f1ae34be58483823b29218574ce705c6494b5b9217c8fbcce8e9',
    private:
      'b0193022580d057daa8b9225d08549562f1fe33fe474dbb1c177a297c3b54dbe3e3acc23b9d742e22b00698ed0804d350189d209a9f048ab',
    shared:
      '3645390ce649cf248d8d171934226ae43809bc614b723f61128dca5628452844e7e9a3761573bf4b592ddc0df0a12dff90103fa1fa616c31',
  },
  {
    name: 'Wycheproof 334, special case for C in multiplication by 6',
    public:
      'bebff6f3a3a1f1681a1547912e8ba8f180835659f1667cc24f3fb356c9b2b4b85d9ef9561e210a8c74b6c0aa07eea644e30633df02838690',
    private:
      'cc011281ae30b617ad7923aacee072fd5f9d1da055ee7b6052cc03f79f99c88eeca7b5ee65d85623642c4e92d40bb81850fc270c616f43da',
    shared:
      '89538ac475d44cf70ea54845163569b7a46f28056bf0b0164b766fc941b23e92b99d6ec5391e2eb9d7f1d04cabd62686d2de74a2d357025f',
  },
  {
    name: 'Wycheproof 498, special case for z_2 in multiplication by 9',
    public:
      '252c8cb12833a8e38fbfb42fb23fa70b963a7025f398e7c63c02d9f00633d0e7bb4ab6dd6332397ba4fef1decd287c3ddb8cd5c38dd14e54',
    private:
      'e48948da835c466002ce6bdd71b38d7859a3341dd3c4f18a9b9bf86fb0c9b49a6d610fbb7a975d35355cb2770b049ac71c79172a14e2e19f',
    shared:
      '2bf5a3d355ee3a1a419188b71b123f5f553b94439b76295db7cd14e3a78a96cca1eebaaf7f5a6794ed4403a412e0e08363534c27cab4dd04',
  },
  {
    name: 'Wycheproof 502, special case for DA - CB in multiplication by 9, on the twist',
    public:
      'da736a97d9039526a28b53ffcd60c5a4a80a7220a39c742cbdf7d89b5ac5c1021b03cad24bd34a7397e9f7ba7f32b09676b5260d2ff106ef',
    private:
      'a41023f85d15e93fc80e9724b225b26b3fbec7ae5ba8b07f0cd64d6920d1b8312748fb4f526ccb0eada5d2131fa4446f127ba13c27e6ac90',
    shared:
      'f8353573091cf4cfde03d03335a27dda98f8c1ee170e598150007f16f70577b38aa967d970fdb16f820123dd280668986c57ebc6973337f0',
  },
  {
    name: 'Wycheproof 503, private key -1 modulo the order',
    public:
      'a71742c472d8eee636a974dd98f554ad2f89911f80abdb3d8fa03bbb981917b19d925581bcce7193c8839f6b2e0ff6c1da7c202970b3da46',
    private:
      'be58b958ddcc5bb1a9ccdbc43ccc1fa7d0102f6a70488ad590b3f26ffdffffffffffffffffffffffffffffffffffffffffffffffffffff3f',
    shared:
      'caba0271ea05eabf9d92314311cedf54df44739623a60004dd62d5ccac1f4302644b2f0b75e35b11a1831a87548238b9c36e71e5f7c57d10',
  },
  {
    name: 'Wycheproof 504, private key 1 modulo the order of the twist',
    public:
      'a8dea38f7ffae78bb69fbe455026297c9873829494d2aa664fad64417fb2ae8ea13849bdab0152e1e059f4d9ba7f22cf60ba130a29f17857',
    private:
      '2831f7fd47b895950052af56a8b8b99b4f5c7df3226e13b34294a109000000000000000000000000000000000000000000000000000000c0',
    shared:
      'a8dea38f7ffae78bb69fbe455026297c9873829494d2aa664fad64417fb2ae8ea13849bdab0152e1e059f4d9ba7f22cf60ba130a29f17857',
  },
  {
    name: 'Wycheproof 505, special case private key',
    public:
      'f8de0d52427ddc57d9fe1d9bf9f3704d7d43a2633307374a8b05bb6e422a7085a8dbee3ccc28ad328ea3c8cea637ad3c2913ae4ffc1f7638',
    private:
      'fcffffffffffffffffffffffffffffffffffffffffffffffffffffffa9aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
    shared:
      '5232fe8457ba910cb886bda0da97754bf7132f61481939808673db29e318cbdce8561c78062ad94864ba5c820454766d0255bec1db695147',
  },
  {
    name: 'Wycheproof 509, special case private key',
    public:
      'dc81ef1956cd123f034ad6bb835849e1d45e6fa917c1510f66e3d8ce55f3a7d6754314c589a35dd8ef28c8276203d12c6525b8ae7fec3493',
    private:
      '00000000000000000000000000000000000000000000000000000000565555555555555555555555555555555555555555555555555555d5',
    shared:
      '8bd67fe2102f52d861ec6798ed279b0ff9a4f2a89e83429f69753d2a9b1a23bd940ea664490cdc32c86e3ecbd993847ed3ea780c48397fb6',
  },
] as const;

/** RFC 7748 §5.2: scalar and u begin as 5; after each round u becomes the scalar, and the result u. */
export const iterations = {
  start:
    '0500000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000',
  after1:
    '3f482c8a9f19b01e6c46ee9711d9dc14fd4bf67af30765c2ae2b846a4d23a8cd0db897086239492caf350b51f833868b9bc2b3bca9cf4113',
  after1000:
    'aa3b4749d55b9daf1e5b00288826c467274ce3ebbdd5c17b975e09d4af6c67cf10d087202db88286e2b79fceea3ec353ef54faa26e219f38',
} as const;

/** RFC 7748 §6.2. */
export const exchange = {
  alicePrivate:
    '9a8f4925d1519f5775cf46b04b5800d4ee9ee8bae8bc5565d498c28dd9c9baf574a9419744897391006382a6f127ab1d9ac2d8c0a598726b',
  alicePublic:
    '9b08f7cc31b7e3e67d22d5aea121074a273bd2b83de09c63faa73d2c22c5d9bbc836647241d953d40c5b12da88120d53177f80e532c41fa0',
  bobPrivate:
    '1c306a7ac2a0e2e0990b294470cba339e6453772b075811d8fad0d1d6927c120bb5ee8972b0d3e21374c9c921b09d1b0366f10b65173992d',
  bobPublic:
    '3eb7a829b0cd20f5bcfc0b599b6feccf6da4627107bdb0d4f345b43027d8b972fc3e34fb4232a13ca706dcb57aec3dae07bdc1c67bf33609',
  shared:
    '07fff4181ac6cc95ec1c16a94a0f74d12da232ce40a77552281d282bb60c0b56fd2464c335543936521c24403085d59a449a5037514a879d',
} as const;
