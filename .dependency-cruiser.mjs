// One direction of imports, no circles. The rooms are described in README.md.
const rooms = [
  'platform',
  'store',
  'audit',
  'relay',
  'delivery',
  'endings',
  'policy',
  'correlator',
  'alerts',
  'admission',
  'identity',
  'home',
  'socket',
  'http',
  'cli',
];
/** Room → the rooms of the gateway it may import. Type-only imports count as well. */
const mayImport = {
  platform: [],
  store: ['platform'],
  policy: [],
  correlator: ['policy', 'store'],
  alerts: ['correlator', 'identity', 'policy', 'relay', 'store'],
  admission: ['home', 'relay', 'store'],
  identity: ['store'],
  home: ['identity', 'store'],
  audit: ['platform', 'store'],
  relay: ['policy', 'store'],
  delivery: ['store'],
  endings: ['policy', 'store'],
  socket: ['identity', 'relay', 'delivery', 'store'],
  http: ['admission', 'identity', 'policy', 'store', 'audit'],
};

export default {
  forbidden: [
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'protocol-imports-nothing-of-ours',
      severity: 'error',
      from: { path: '^protocol/' },
      to: { path: '^(gateway|clients|bin|bench|terminal|files)/' },
    },
    {
      name: 'files-import-the-protocol-only',
      severity: 'error',
      from: { path: '^files/' },
      to: { path: '^(gateway|clients|bin|bench|terminal)/' },
    },
    {
      name: 'gateway-and-clients-are-strangers',
      severity: 'error',
      from: { path: '^gateway/' },
      to: { path: '^clients/' },
    },
    {
      name: 'clients-and-gateway-are-strangers',
      severity: 'error',
      from: { path: '^clients/' },
      to: { path: '^gateway/' },
    },
    {
      name: 'sdk-is-publishable',
      severity: 'error',
      from: { path: '^clients/sdk/' },
      to: { path: '^(clients/(?!sdk/)|terminal/|bin/)' },
    },
    {
      name: 'terminal-is-for-commands-only',
      severity: 'error',
      from: { pathNot: '^(bin|bench|terminal|gateway/cli|clients/cli)/' },
      to: { path: '^terminal/' },
    },
    {
      name: 'bin-is-a-joint',
      severity: 'error',
      from: { pathNot: '^(bin|bench)/' },
      to: { path: '^bin/' },
    },
    {
      name: 'one-openpgp-importer-in-the-sdk',
      severity: 'error',
      from: { path: '^clients/', pathNot: '^clients/sdk/openpgp\\.ts$' },
      to: { path: 'node_modules/openpgp/' },
    },
    {
      // The form that both sides write; nothing in it decrypts.
      name: 'openpgp-of-the-protocol-in-one-folder',
      severity: 'error',
      from: { path: '^protocol/', pathNot: '^protocol/openpgp/' },
      to: { path: 'node_modules/openpgp/' },
    },
    {
      // One checks certificates, one seals alerts; neither decrypts.
      name: 'two-openpgp-importers-in-the-gateway',
      severity: 'error',
      from: { path: '^gateway/', pathNot: '^gateway/identity/openpgp-(certificate|seal)\\.ts$' },
      to: { path: 'node_modules/openpgp/' },
    },
    {
      name: 'only-the-engine-knows-sqlite',
      severity: 'error',
      from: { path: '^gateway/', pathNot: '^gateway/(store/(sqlite/|open-)|open-store|cli/)' },
      to: { path: '^gateway/store/sqlite/' },
    },
    {
      name: 'only-the-engine-knows-mongodb',
      severity: 'error',
      from: { path: '^gateway/', pathNot: '^gateway/(store/(mongodb/|open-)|open-store)' },
      to: { path: '^(gateway/store/mongodb/|node_modules/mongodb/)' },
    },
    ...Object.entries(mayImport).map(([room, allowed]) => ({
      name: `${room}-imports-downwards`,
      severity: 'error',
      from: { path: `^gateway/${room}/` },
      to: {
        path: `^gateway/(${rooms.filter((other) => other !== room && !allowed.includes(other)).join('|')})/`,
      },
    })),
    {
      // They join the rooms, and stand above them.
      name: 'rooms-do-not-know-what-joins-them',
      severity: 'error',
      from: { path: '^gateway/(?!cli/)[^/]+/' },
      to: { path: '^gateway/[^/]+\\.ts$' },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      from: {
        orphan: true,
        pathNot: [
          '\\.d\\.ts$',
          '^bin/require-node\\.mjs$',
          '^gateway/store/sqlite/(writer|reader|keeper)\\.ts$',
          '^gateway/audit/(log|emptying)-thread\\.ts$',
        ],
      },
      to: {},
    },
    { name: 'nothing-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default'],
    },
    detectProcessBuiltinModuleCalls: true,
    builtInModules: { add: ['node:sqlite'] },
  },
};
