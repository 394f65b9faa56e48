/** Turns the words of the YAML files into Cedar's enumerated entity types. */
import { severities } from '../../protocol/wire/envelope.ts';

/** The agency and the sector of the gateway's own endpoints; reserved in agencies.yaml. */
export const gatewayAgency = 'gateway';

/** Entity type → its allowed ids. */
export type Vocabulary = Readonly<Record<string, readonly string[]>>;

/** The words known to a policy folder; the names of its keys are the entity types of the schema. */
export function buildVocabulary(words: {
  agencies: Iterable<string>;
  sectors: Iterable<string>;
  areas: Iterable<string>;
  roles: Iterable<string>;
  categories: Iterable<string>;
  groups: Iterable<string>;
  purposes: Iterable<string>;
  bases: Iterable<string>;
  datasetNames: Iterable<string>;
}): Vocabulary {
  return {
    // The gateway writes as well, and no file lists it.
    Agency: [...words.agencies, gatewayAgency],
    Sector: [...new Set([...words.sectors, gatewayAgency])],
    Area: [...words.areas],
    Role: [...words.roles],
    Category: [...words.categories],
    Group: [...words.groups],
    Severity: severities,
    Purpose: [...words.purposes],
    Basis: [...words.bases],
    Dataset: [...new Set(words.datasetNames)],
  };
}

/** The declarations that follow the text of `schema.cedarschema`; being last, they move none of its lines. */
export function declareVocabulary(vocabulary: Vocabulary): string {
  const lines = Object.entries(vocabulary).map(([type, ids]) => {
    // Cedar knows no empty enumeration; a name that no file can have keeps the type declared.
    const names = ids.length > 0 ? ids : ['(none)'];
    return `entity ${type} enum [${names.map((id) => JSON.stringify(id)).join(', ')}];`;
  });
  return `\n${lines.join('\n')}\n`;
}
