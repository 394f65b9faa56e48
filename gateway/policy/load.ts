/** Reads a policy folder whole; a folder with any fault is refused with all of them. */
import type { z } from 'zod';
import { CausewayError, type Problem } from '../../protocol/errors.ts';
import { agenciesFileSchema, indexAgencies } from './agencies.ts';
import { categoriesFileSchema, indexById, purposesFileSchema } from './categories.ts';
import { alertsFileSchema, type AlertRules } from './alerts.ts';
import { buildVocabulary } from './cedar-vocabulary.ts';
import { readDataset, type Dataset } from './datasets.ts';
import { describeProblems, sortProblems } from './describe-problems.ts';
import { digestPolicyFiles, readPolicyFiles, type PolicyFiles } from './policy-files.ts';
import { Recent } from './recent.ts';
import { readRetention, retentionFileSchema } from './retention.ts';
import { createPolicySet, type PolicyParts, type PolicySet } from './policy-set.ts';
import { checkSchemaFits } from './schema-fit.ts';
import {
  readCedarSchema,
  readSharingPolicies,
  validateSharingPolicies,
  type SharingPolicy,
} from './sharing-policies.ts';
import { parseYaml, readYaml, type YamlSource } from '../../files/yaml-source.ts';

export type LoadOptions = {
  /** Decisions remembered; 0 asks Cedar every time. */
  readonly cacheCapacity?: number;
};

const defaultCacheCapacity = 50_000;

/** The parts of sound folders, by digest: they follow from the bytes alone. */
const recent = new Recent<PolicyParts>(4);

/**
 * Loads and validates the sharing agreement.
 * @param dir the policy folder, as `policies/` of this repository
 * @throws CausewayError `policy-invalid` with every problem: file within the folder, line, column, what to do
 */
export async function loadPolicySet(dir: string, options: LoadOptions = {}): Promise<PolicySet> {
  const problems: Problem[] = [];
  const files = await readPolicyFiles(dir, problems);
  const digest = digestPolicyFiles(files);
  const parts = recent.get(digest) ?? buildPolicyParts(files, problems);
  if (parts === undefined || problems.length > 0) throw invalid(dir, problems);
  recent.keep(digest, parts);
  return createPolicySet(parts, options.cacheCapacity ?? defaultCacheCapacity);
}

/** The error for a folder that has problems. */
export function invalid(dir: string, found: readonly Problem[]): CausewayError {
  const problems = sortProblems(found);
  return new CausewayError('policy-invalid', { problems, detail: describeProblems(dir, problems) });
}

/** Builds the parts from bytes; faults go to `problems`, and with any the result must not be used. */
export function buildPolicyParts(files: PolicyFiles, problems: Problem[]): PolicyParts | undefined {
  const agenciesFile = readFile(files, 'agencies.yaml', agenciesFileSchema, problems);
  const categoriesFile = readFile(files, 'categories.yaml', categoriesFileSchema, problems);
  const purposesFile = readFile(files, 'purposes.yaml', purposesFileSchema, problems);
  const datasets = readDatasets(files, problems);
  const alerts = readAlerts(files, agenciesFile?.value.roles, problems);
  const sources = sharingSources(files, problems);
  const policies = readSharingPolicies(sources, problems);
  const schemaText = textOf(files, 'schema.cedarschema', problems);
  if (!agenciesFile || !categoriesFile || !purposesFile || schemaText === undefined) return undefined;
  checkDatasetNames(categoriesFile, datasets, files, problems);
  const retentionFile = files.has('retention.yaml')
    ? readFile(files, 'retention.yaml', retentionFileSchema, problems)
    : undefined;
  if (retentionFile !== undefined) checkRetention(retentionFile, categoriesFile.value, problems);

  const { agencies, sectors, areas, roles } = agenciesFile.value;
  const { categories, groups } = categoriesFile.value;
  const { purposes, bases } = purposesFile.value;
  const vocabulary = buildVocabulary({
    agencies: Object.keys(agencies),
    sectors: Object.keys(sectors),
    areas: Object.keys(areas),
    roles: Object.keys(roles),
    categories: Object.keys(categories),
    groups: Object.keys(groups),
    purposes: Object.keys(purposes),
    bases: Object.keys(bases),
    datasetNames: datasetPaths(files).map((path) => path.split('/')[1] ?? ''),
  });
  const schema = readCedarSchema({ file: 'schema.cedarschema', text: schemaText }, vocabulary, problems);
  if (schema === undefined) return undefined;
  validateSharingPolicies(policies, schema, sources, problems);
  const parts: PolicyParts = {
    digest: digestPolicyFiles(files),
    agencies: indexAgencies(agenciesFile.value),
    categories: indexById(categories),
    alerts,
    retention: retentionFile === undefined ? undefined : readRetention(retentionFile.value),
    purposes: indexById(purposes),
    bases: indexById(bases),
    datasets,
    policies: new Map(policies.map((policy): [string, SharingPolicy] => [policy.id, policy])),
    schema,
  };
  checkSchemaFits(parts, problems);
  return parts;
}

type ReadFile<T> = { readonly value: T; readonly source: YamlSource };

function readFile<S extends z.ZodType>(
  files: PolicyFiles,
  name: string,
  schema: S,
  problems: Problem[],
): ReadFile<z.infer<S>> | undefined {
  const text = textOf(files, name, problems);
  const source = text === undefined ? undefined : parseYaml(name, text, problems);
  const value = source === undefined ? undefined : readYaml(source, schema, problems);
  return source === undefined || value === undefined ? undefined : { value, source };
}

function textOf(files: PolicyFiles, name: string, problems: Problem[]): string | undefined {
  const bytes = files.get(name);
  if (bytes === undefined && !problems.some(({ at }) => at === name)) {
    problems.push({ at: name, message: 'this file is missing' });
  }
  return bytes?.toString('utf8');
}

function sharingSources(files: PolicyFiles, problems: Problem[]): { file: string; text: string }[] {
  const names = [...files.keys()].filter((name) => name.startsWith('sharing/'));
  if (names.length === 0)
    problems.push({ at: 'sharing', message: 'no NAME.cedar here: nobody could send anything' });
  return names.map((file) => ({ file, text: files.get(file)?.toString('utf8') ?? '' }));
}

/** Patterns without it would be satisfied in silence. */
function readAlerts(
  files: PolicyFiles,
  roles: Readonly<Record<string, string>> | undefined,
  problems: Problem[],
): AlertRules | undefined {
  const hasPatterns = [...files.keys()].some((name) => name.startsWith('patterns/'));
  if (!files.has('alerts.yaml') && !hasPatterns) return undefined;
  const file = readFile(files, 'alerts.yaml', alertsFileSchema, problems);
  if (file === undefined || roles === undefined) return undefined;
  const { levels, overdue } = file.value;
  const lists = Object.entries(levels).map(([level, rules]) => ({
    path: ['levels', level],
    named: rules.roles,
  }));
  if (overdue !== undefined) lists.push({ path: ['overdue'], named: overdue.roles });
  for (const { path, named } of lists) {
    named.forEach((role, index) => {
      if (Object.hasOwn(roles, role)) return;
      const place = file.source.positionOf([...path, 'roles', index]);
      problems.push({
        at: 'alerts.yaml',
        ...place,
        message: `there is no role \`${role}\` in agencies.yaml`,
      });
    });
  }
  return file.value;
}

function datasetPaths(files: PolicyFiles): string[] {
  return [...files.keys()].filter((name) => name.startsWith('datasets/'));
}

function readDatasets(files: PolicyFiles, problems: Problem[]): ReadonlyMap<string, Dataset> {
  const datasets = new Map<string, Dataset>();
  for (const path of datasetPaths(files)) {
    const dataset = readDataset(path, files.get(path)?.toString('utf8') ?? '', problems);
    if (dataset !== undefined) datasets.set(dataset.urn, dataset);
  }
  return datasets;
}

/** A misspelt category must not make a longer period vanish. */
function checkRetention(
  { value, source }: ReadFile<z.infer<typeof retentionFileSchema>>,
  { categories }: z.infer<typeof categoriesFileSchema>,
  problems: Problem[],
): void {
  for (const id of Object.keys(value.categories)) {
    if (Object.hasOwn(categories, id)) continue;
    const place = source.positionOf(['categories', id]);
    const message = `there is no category \`${id}\` in categories.yaml`;
    problems.push({ at: source.name, ...place, message });
  }
}

/** A category may carry only data sets that have a folder; a broken schema in it is told once, not here. */
function checkDatasetNames(
  { value, source }: ReadFile<z.infer<typeof categoriesFileSchema>>,
  datasets: ReadonlyMap<string, Dataset>,
  files: PolicyFiles,
  problems: Problem[],
): void {
  const names = new Set(datasetPaths(files).map((path) => path.split('/')[1] ?? ''));
  for (const { name } of datasets.values()) names.add(name);
  for (const [id, category] of Object.entries(value.categories)) {
    category.datasets.forEach((name, index) => {
      if (names.has(name)) return;
      const place = source.positionOf(['categories', id, 'datasets', index]);
      problems.push({ at: source.name, ...place, message: `there is no data set datasets/${name}/` });
    });
  }
}
