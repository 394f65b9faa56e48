import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['node_modules/', 'dist/'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/no-floating-promises': ['error', { checkThenables: true }],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-definitions': 'off',
      // Libraries hand out sockets whose class their types cannot show.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
      'no-console': 'error',
    },
  },
  {
    // The gateway cannot read a payload: it has no function that could.
    files: ['gateway/**/*.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          paths: [
            { name: 'openpgp', allowImportNames: ['enums', 'readKeys', 'Key', 'SignaturePacket', 'Subkey'] },
          ],
        },
      ],
    },
  },
  {
    // Both sides write by it, and one must not be able to read: nothing that decrypts may come in.
    files: ['protocol/openpgp/*.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          paths: [
            {
              name: 'openpgp',
              allowImportNames: [
                'createMessage',
                'encrypt',
                'enums',
                'generateKey',
                'readKey',
                'Key',
                'PartialConfig',
                'PrivateKey',
                'PublicKey',
                'SignaturePacket',
              ],
            },
          ],
        },
      ],
    },
  },
  {
    // It writes alerts, with the correlator's own key.
    files: ['gateway/identity/openpgp-seal.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        { paths: [{ name: 'openpgp', allowImportNames: ['readPrivateKey'] }] },
      ],
    },
  },
  {
    files: ['test/**/*.ts', 'bench/**/*.ts'],
    rules: {
      'max-lines': 'off',
      'max-lines-per-function': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
);
