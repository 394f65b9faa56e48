import { execFileSync } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadPolicySet } from '../../../gateway/policy/load.ts';
import { digestPolicyFiles, readPolicyFiles } from '../../../gateway/policy/policy-files.ts';
import { dataschemaSchema } from '../../../protocol/wire/envelope.ts';
import { copyPolicies, lineOf, policiesDir, problemsOf } from './policy-folder.ts';

describe('the policy folder of the project', () => {
  it('holds the Lanarkshire partners, their categories and data sets', async () => {
    const policies = await loadPolicySet(policiesDir);
    expect([...policies.agencies.keys()]).toHaveLength(8);
    expect(policies.agencies.get('strathclyde-police')).toMatchObject({
      id: 'strathclyde-police',
      name: 'Strathclyde Police',
      sector: 'police',
    });
    expect(policies.categories.get('ird-request')).toMatchObject({ group: 'ird', datasets: ['ird-request'] });
    expect([...policies.datasets.keys()].map((urn) => dataschemaSchema.parse(urn))).toEqual([
      'urn:causeway:dataset:ae-attendance:1.0',
      'urn:causeway:dataset:alert-disposition:1.0',
      'urn:causeway:dataset:alert-reminder:1.0',
      'urn:causeway:dataset:concern-report:1.0',
      'urn:causeway:dataset:correlator-alert:1.0',
      'urn:causeway:dataset:domestic-abuse-incident:1.0',
      'urn:causeway:dataset:information-reply:1.0',
      'urn:causeway:dataset:information-request:1.0',
      'urn:causeway:dataset:ird-request:1.0',
      'urn:causeway:dataset:ird-response:1.0',
      'urn:causeway:dataset:plan-registration:1.0',
    ]);
    expect(policies.rolesAllowed('nhs-lanarkshire')).toContain('emergency-department');
    expect(policies.rolesAllowed('nobody')).toEqual([]);
  });

  it('gives every policy an id and a reason in a sentence', async () => {
    const { policies } = await loadPolicySet(policiesDir);
    for (const { reason } of policies.values()) expect(reason).toMatch(/^[A-Z].{20,}\.$/);
  });
});

describe('the digest of a policy folder', () => {
  it('changes with any byte of any file and with any name', async () => {
    const files = await readPolicyFiles(policiesDir, []);
    const digest = digestPolicyFiles(files);
    expect(digest).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(digestPolicyFiles(new Map([...files].reverse()))).toBe(digest);
    const names = [...files.keys()];
    fc.assert(
      fc.property(
        fc.constantFrom(...names),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (name, position, change) => {
          const bytes = Buffer.from(files.get(name)!);
          const at = position % bytes.length;
          bytes[at] = bytes[at]! ^ change;
          expect(digestPolicyFiles(new Map([...files, [name, bytes]]))).not.toBe(digest);
          const renamed = new Map(
            [...files].map(([path, content]) => [path === name ? `${path}x` : path, content]),
          );
          expect(digestPolicyFiles(renamed)).not.toBe(digest);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('is the same for two copies and differs after a comment was added', async () => {
    await using folder = await copyPolicies();
    const before = await loadPolicySet(policiesDir);
    expect((await loadPolicySet(folder.dir)).digest).toBe(before.digest);
    await folder.write('sharing/moves.cedar', `${await folder.read('sharing/moves.cedar')}// noted\n`);
    expect((await loadPolicySet(folder.dir)).digest).not.toBe(before.digest);
  });
});

describe('a policy folder with a fault is refused with file and line', () => {
  it('when YAML is broken', async () => {
    await using folder = await copyPolicies();
    await folder.replace('agencies.yaml', '    sector: police', '\tsector: police');
    const line = lineOf(await folder.read('agencies.yaml'), '\tsector');
    const problems = await problemsOf(folder.dir);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(new RegExp(`^agencies\\.yaml:${line}:\\d+ this is not valid YAML: `));
  });

  it('when what a file holds goes too deep to be read, or on for ever', async () => {
    await using folder = await copyPolicies();
    await folder.write('agencies.yaml', '['.repeat(10_000));
    await folder.replace(
      'datasets/ird-request/1.0.json',
      '"$ref": "#/$defs/interpreter"',
      '"$ref": "#/properties/interpreter"',
    );
    const problems = await problemsOf(folder.dir);
    expect(problems[0]).toMatch(/^agencies\.yaml:1:\d+ groups stand within groups too deep to be read$/);
    expect(problems[1]).toBe(
      'datasets/ird-request/1.0.json:1:1 a `$ref` leads back to itself, or through too many others',
    );
  });

  it('when a key is unknown and so another is missing', async () => {
    await using folder = await copyPolicies();
    await folder.replace('agencies.yaml', '    sector: police', '    sectr: police');
    const line = lineOf(await folder.read('agencies.yaml'), 'sectr');
    expect(await problemsOf(folder.dir)).toEqual([
      `agencies.yaml:${line - 2}:3 \`agencies.strathclyde-police.sector\` is missing`,
      `agencies.yaml:${line}:5 \`sectr\` is not a key that \`agencies.strathclyde-police\` may have`,
    ]);
  });

  it('when an agency stands twice', async () => {
    await using folder = await copyPolicies();
    const text = await folder.read('agencies.yaml');
    await folder.write('agencies.yaml', `${text}  nhs-lanarkshire:\n    name: Another\n`);
    expect(await problemsOf(folder.dir)).toEqual([
      `agencies.yaml:${text.split('\n').length}:3 \`nhs-lanarkshire\` is given twice; a name may stand only once`,
    ]);
  });

  it('when an agency has a sector, an area or a role that is not listed, or a reserved name', async () => {
    await using folder = await copyPolicies();
    await folder.replace('agencies.yaml', 'sector: police', 'sector: polis');
    await folder.replace('agencies.yaml', 'roles: [reporter, records]', 'roles: [reporter, recrods]');
    await folder.replace('agencies.yaml', '  south-lanarkshire-education:', '  gateway:');
    const text = await folder.read('agencies.yaml');
    const problems = await problemsOf(folder.dir);
    expect(problems).toEqual([
      `agencies.yaml:${lineOf(text, '  gateway:')}:3 \`agencies.gateway\` is reserved for the gateway itself`,
      expect.stringMatching(
        new RegExp(`^agencies\\.yaml:${lineOf(text, 'polis')}:13 .*\`polis\`, which is not listed`),
      ),
      expect.stringMatching(
        new RegExp(`^agencies\\.yaml:${lineOf(text, 'recrods')}:23 .*must be one of duty, mash`),
      ),
    ]);
  });

  it('when words that people read could play with their screens', async () => {
    await using folder = await copyPolicies();
    await folder.replace('agencies.yaml', 'name: Strathclyde Police', 'name: "Police \\e[31m"');
    await folder.replace('categories.yaml', 'title: ', 'title: "Two\\nlines" # ');
    await folder.write(
      'sharing/a.cedar',
      '@id("a") @reason("\\u{1b}[2J") permit (principal, action, resource);',
    );
    expect(await problemsOf(folder.dir)).toEqual([
      expect.stringMatching(/^agencies\.yaml:.*name` must be one line without control characters$/),
      expect.stringMatching(/^categories\.yaml:.*title` must be one line without control characters$/),
      'sharing/a.cedar:1:1 its @reason must be one line without control characters',
    ]);
  });

  it('when a category takes no free text and no data set either', async () => {
    await using folder = await copyPolicies();
    await folder.replace('categories.yaml', 'datasets: [alert-disposition]', 'datasets: []');
    const line = lineOf(await folder.read('categories.yaml'), 'free-text: false');
    expect(await problemsOf(folder.dir)).toEqual([
      expect.stringMatching(new RegExp(`^categories\\.yaml:${line}:16 .*where \`datasets\` is empty`)),
    ]);
  });

  it('when a category names a data set that has no folder, or a severity that does not exist', async () => {
    await using folder = await copyPolicies();
    await folder.replace('categories.yaml', 'datasets: [ird-response]', 'datasets: [ird-respons]');
    const line = lineOf(await folder.read('categories.yaml'), 'ird-respons]');
    expect(await problemsOf(folder.dir)).toEqual([
      `categories.yaml:${line}:16 there is no data set datasets/ird-respons/`,
    ]);
    await folder.replace('categories.yaml', 'lane: immediate', 'lane: fast');
    const [problem] = await problemsOf(folder.dir);
    expect(problem).toContain('`categories.child-missing.lane` must be one of immediate, priority, routine');
  });

  it('when Cedar cannot be parsed, with the column counted in characters', async () => {
    await using folder = await copyPolicies();
    const text = await folder.read('sharing/moves.cedar');
    await folder.write(
      'sharing/moves.cedar',
      `${text}/**/`.replace('/**/', '// é\n@id("é") permt (principal, action, resource);\n'),
    );
    const problems = await problemsOf(folder.dir);
    expect(problems).toEqual([
      `sharing/moves.cedar:${text.split('\n').length + 1}:10 invalid policy effect: permt (effect must be either \`permit\` or \`forbid\`)`,
    ]);
  });

  it('when a policy uses a word that does not exist, in every policy that does', async () => {
    await using folder = await copyPolicies();
    await folder.replace('sharing/ird.cedar', 'Category::"ird-record"', 'Category::"ird-recrod"');
    await folder.replace('sharing/ird.cedar', 'principal.sector', 'principal.sectr');
    await folder.replace('sharing/lawful-basis.cedar', 'Basis::"consent"', 'Basis::"konsent"');
    const ird = await folder.read('sharing/ird.cedar');
    const problems = await problemsOf(folder.dir);
    expect(problems).toHaveLength(3);
    expect(problems).toEqual(
      expect.arrayContaining([
        expect.stringMatching(
          new RegExp(
            `^sharing/ird\\.cedar:${lineOf(ird, 'ird-recrod')}:\\d+ in \`ird-record\`: there is no Category "ird-recrod"; there are concern, `,
          ),
        ),
        expect.stringMatching(
          new RegExp(
            `^sharing/ird\\.cedar:${lineOf(ird, 'sectr')}:\\d+ in \`ird-start\`: attribute \`sectr\`.*did you mean \`sector\``,
          ),
        ),
        expect.stringMatching(/^sharing\/lawful-basis\.cedar:\d+:\d+ .*there is no Basis "konsent"/),
      ]),
    );
  });

  it('when a policy has no id, no reason, another one’s id, a slot, or can never apply', async () => {
    await using folder = await copyPolicies();
    const nothing = 'permit (principal, action, resource) when { 1 == 2 };';
    await folder.write('sharing/a.cedar', nothing);
    await folder.write(
      'sharing/b.cedar',
      '@id("ird-start") @reason("Twice.") forbid (principal, action, resource);',
    );
    await folder.write(
      'sharing/c.cedar',
      '// one\n@id("c") @reason("c") permit (principal == ?principal, action, resource);',
    );
    await folder.write('sharing/d.cedar', `@id("never") @reason("Never.") ${nothing}`);
    const line = lineOf(await folder.read('sharing/ird.cedar'), 'ird-start');
    const problems = (await problemsOf(folder.dir)).sort();
    expect(problems).toEqual([
      'sharing/a.cedar:1:1 this policy needs a @reason("...") that says in plain words why it stands',
      'sharing/a.cedar:1:1 this policy needs an @id("...") in lower case, such as @id("ird-start")',
      'sharing/c.cedar:2:44 a template with ?principal or ?resource cannot be used here',
      expect.stringMatching(/^sharing\/d\.cedar:1:1 in `never`: policy is impossible/),
      `sharing/ird.cedar:${line}:1 @id("ird-start") is already the name of the policy at sharing/b.cedar:1`,
    ]);
  });

  it('when the schema names a type that nobody declares', async () => {
    await using folder = await copyPolicies();
    await folder.replace('schema.cedarschema', 'Set<Role>', 'Set<Rol>');
    const line = lineOf(await folder.read('schema.cedarschema'), 'Rol>');
    const [problem] = await problemsOf(folder.dir);
    expect(problem).toMatch(new RegExp(`^schema\\.cedarschema:${line}:\\d+ failed to resolve type: Rol`));
  });

  it('when the schema asks for more than the gateway tells', async () => {
    await using folder = await copyPolicies();
    await folder.replace(
      'schema.cedarschema',
      'severity: Severity,',
      'severity: Severity,\n    weather: String,',
    );
    const [problem] = await problemsOf(folder.dir);
    expect(problem).toMatch(
      /^schema\.cedarschema the schema does not fit what the gateway asks: .*`weather`/,
    );
  });

  it('when a data set is not JSON, not JSON Schema, or not at its place', async () => {
    await using folder = await copyPolicies();
    await folder.write('datasets/ird-request/1.0.json', '{\n  "title": "x"\n  "type": "object"\n}\n');
    await folder.replace('datasets/ird-response/1.0.json', '"type": "boolean"', '"type": "bolean"');
    await folder.replace('datasets/concern-report/1.0.json', 'concern-report:1.0', 'concern-report:1.1');
    await folder.replace('datasets/ae-attendance/1.0.json', '"maxLength"', '"maxLenght"');
    const line = lineOf(await folder.read('datasets/ird-response/1.0.json'), 'bolean');
    expect(await problemsOf(folder.dir)).toEqual([
      expect.stringMatching(
        /^datasets\/ae-attendance\/1\.0\.json:\d+:\d+ `maxLenght` is not a keyword of JSON Schema$/,
      ),
      "datasets/concern-report/1.0.json:3:10 `$id` must be urn:causeway:dataset:concern-report:1.0, as the file's place in the folder says",
      expect.stringMatching(/^datasets\/ird-request\/1\.0\.json:3:3 this is not valid JSON: /),
      expect.stringMatching(
        new RegExp(
          `^datasets/ird-response/1\\.0\\.json:${line}:\\d+ /properties/attends/type is not valid JSON Schema 2020-12`,
        ),
      ),
    ]);
  });

  it('when a data set has a pattern that could take for ever, or is nested without end', async () => {
    await using folder = await copyPolicies();
    const pattern = '"^(?!0)[0-9]{10}$"';
    await folder.replace('datasets/ird-request/1.0.json', '"^[0-9]{10}$"', pattern);
    const line = lineOf(await folder.read('datasets/ird-request/1.0.json'), pattern);
    const nested = '{"items":'.repeat(20_000) + '{}' + '}'.repeat(20_000);
    await folder.write('datasets/ird-response/1.0.json', nested);
    expect(await problemsOf(folder.dir)).toEqual([
      expect.stringMatching(
        new RegExp(`^datasets/ird-request/1\\.0\\.json:${line}:18 the pattern .* cannot be used .*\\(\\?!`),
      ),
      'datasets/ird-response/1.0.json:1:1 groups stand within groups more than 64 deep',
    ]);
  });

  it('when a name stands twice in one object of a data set', async () => {
    await using folder = await copyPolicies();
    const path = 'datasets/alert-disposition/1.0.json';
    await folder.replace(
      path,
      '"type": "object"',
      '"type": "object",\n  "title" : "Another \\"title\\": this"',
    );
    const line = lineOf(await folder.read(path), 'Another');
    expect(await problemsOf(folder.dir)).toEqual([
      `${path}:${line}:3 \`title\` is given twice; a name may stand only once`,
    ]);
  });

  it('when a data set has a field without words, is open, or has an example that does not match', async () => {
    await using folder = await copyPolicies();
    const schema = {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      $id: 'urn:causeway:dataset:small:1',
      title: 'Small',
      description: 'A small one.',
      type: 'object',
      properties: { day: { title: 'Day', type: 'string' } },
      required: ['day'],
      examples: [{ day: 3 }],
    };
    await mkdir(join(folder.dir, 'datasets/small'));
    await folder.write('datasets/small/1.json', JSON.stringify(schema, null, 1));
    expect(await problemsOf(folder.dir)).toEqual([
      'datasets/small/1.json:1:1 the schema must say `"additionalProperties": false`, so that nothing unknown gets in',
      'datasets/small/1.json:8:3 the field `day` has no `description`; people see it in forms and errors',
      'datasets/small/1.json:18:11 this example does not match the schema: must be string',
    ]);
  });

  it('when a field lacks its words wherever its schema stands, but not where it is only narrowed', async () => {
    await using folder = await copyPolicies({ isBare: true });
    const words = { title: 'Word', description: 'A word.' };
    const schema = {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      $id: 'urn:causeway:dataset:small:1',
      ...words,
      type: 'object',
      unevaluatedProperties: false,
      properties: {
        kind: { ...words, type: 'string' },
        group: { ...words, type: 'object', additionalProperties: false, properties: { x: { ...words } } },
        list: {
          ...words,
          type: 'array',
          minItems: 1,
          items: false,
          prefixItems: [{ type: 'object', properties: { inList: {} } }],
        },
      },
      if: { properties: { kind: { const: 'a' } } },
      then: {
        properties: {
          kind: { const: 'a' },
          group: { type: 'object', properties: { x: { const: 1 } } },
          inThen: {},
        },
      },
      else: { properties: { kind: false, inElse: words } },
      allOf: [{ properties: { inAll: { title: 'Only a title' } } }],
      dependentSchemas: { kind: { properties: { inDependent: {} } } },
      examples: [{ kind: 'a' }],
    };
    await mkdir(join(folder.dir, 'datasets/small'));
    await folder.write('datasets/small/1.json', JSON.stringify(schema, null, 1));
    const problems = await problemsOf(folder.dir);
    const said = (problem: string): string => problem.replace(/^\S+ (.*?)[;,] .*$/, '$1');
    expect(problems.map(said).sort()).toEqual([
      '/properties/list/prefixItems/0 must say `"additionalProperties": false`',
      'the field `inAll` has no `description`',
      'the field `inDependent` has no `description`',
      'the field `inDependent` has no `title`',
      'the field `inList` has no `description`',
      'the field `inList` has no `title`',
      'the field `inThen` has no `description`',
      'the field `inThen` has no `title`',
    ]);
  });

  it('when a file is missing, misnamed, too large or not UTF-8, and tells all of it at once', async () => {
    await using folder = await copyPolicies();
    await rm(join(folder.dir, 'purposes.yaml'));
    await folder.write('sharing/forbid.ceder', '');
    await folder.write('sharing/moves.cedar', Buffer.from([0xff, 0xfe]));
    await folder.write('README.md', Buffer.alloc(1024 * 1024 + 1, 32));
    await folder.write('.hidden', 'passed over');
    await folder.write('agencies.yaml~', 'passed over');
    const problems = await problemsOf(folder.dir);
    expect(problems).toEqual([
      'README.md is larger than 1048576 bytes',
      'purposes.yaml this file is missing',
      expect.stringMatching(/^sharing\/forbid\.ceder this file has no meaning here/),
      'sharing/moves.cedar is not text in UTF-8',
    ]);
  });

  it('when a pipe or a folder stands where a file belongs, and waits for none', async () => {
    await using folder = await copyPolicies();
    const folders = ['agencies.yaml', 'retention.yaml', 'datasets/ird-request/1.0.json'];
    for (const path of folders) {
      await rm(join(folder.dir, path));
      await mkdir(join(folder.dir, path));
    }
    execFileSync('mkfifo', [join(folder.dir, 'sharing/pipe.cedar')]);
    const problems = await problemsOf(folder.dir);
    for (const path of [...folders, 'sharing/pipe.cedar'])
      expect(problems).toContain(`${path} is not a file`);
    expect(problems.join()).not.toContain('missing');
  });

  it('when there is no folder, saying so', async () => {
    await expect(loadPolicySet('/nonexistent/policies')).rejects.toMatchObject({
      code: 'policy-invalid',
      detail: expect.stringContaining('cannot be read') as string,
    });
  });

  it('with a message that lists the places one a line', async () => {
    await using folder = await copyPolicies();
    await folder.replace('categories.yaml', 'lane: immediate', 'lane: fast');
    await expect(loadPolicySet(folder.dir)).rejects.toThrow(
      /^The policy folder is not valid\. 1 problem in .*:\n {2}categories\.yaml:\d+:11 {2}`categories\.child-missing\.lane` must be one of/,
    );
  });
});

it('never fails in another way than with a typed error, whatever the files hold', async () => {
  await using folder = await copyPolicies();
  const names = [
    'agencies.yaml',
    'categories.yaml',
    'schema.cedarschema',
    'sharing/ird.cedar',
    'datasets/ird-request/1.0.json',
  ];
  const spoil = fc.record({
    name: fc.constantFrom(...names),
    at: fc.nat(),
    junk: fc.string({ maxLength: 6 }),
    cut: fc.nat(9),
  });
  await fc.assert(
    fc.asyncProperty(spoil, async ({ name, at, junk, cut }) => {
      const text = await folder.read(name);
      const start = at % text.length;
      await folder.write(name, text.slice(0, start) + junk + text.slice(start + cut));
      try {
        await loadPolicySet(folder.dir).catch((error: unknown) => {
          expect(error).toMatchObject({ name: 'CausewayError', code: 'policy-invalid' });
        });
      } finally {
        await folder.write(name, text);
      }
    }),
    { numRuns: 25 },
  );
});
