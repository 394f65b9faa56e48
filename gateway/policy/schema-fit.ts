/** Makes sure that Cedar's schema and the question this gateway asks fit each other. */
import type { Problem } from '../../protocol/errors.ts';
import type { Severity } from '../../protocol/wire/envelope.ts';
import type { Party } from './decision.ts';
import { prepareEvaluator } from './evaluate.ts';
import type { PolicyParts } from './policy-set.ts';

/**
 * Asks once, with the first word of every kind. A schema that asks for more than the gateway tells would
 * otherwise deny every notice from the first day on, each with an error.
 */
export function checkSchemaFits(parts: PolicyParts, problems: Problem[]): void {
  const [agency] = parts.agencies.values();
  const [category] = parts.categories.values();
  const [purpose] = parts.purposes.keys();
  const [basis] = parts.bases.keys();
  const [dataschema] = parts.datasets.keys();
  if (agency === undefined || category === undefined || purpose === undefined || basis === undefined) return;
  const party = (name: string): Party => ({
    endpoint: `${agency.id}/${name}`,
    agency: agency.id,
    roles: agency.roles,
  });
  // Without policies: what remains to go wrong is the request itself.
  const decide = prepareEvaluator({ ...parts, policies: new Map() });
  const severity: Severity = category.severities[0] ?? 'info';
  const request = { category: category.id, severity, purpose, basis, dataschema };
  const { errors } = decide({ sender: party('first'), recipient: party('second'), ...request });
  for (const message of errors) {
    problems.push({
      at: 'schema.cedarschema',
      message: `the schema does not fit what the gateway asks: ${message}`,
    });
  }
}
