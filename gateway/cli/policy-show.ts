/** `causeway policy show`: the sharing agreement in words. */
import type { ProgramCommand } from '../../terminal/command-help.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import type { PolicySet } from '../policy/policy-set.ts';
import { dirOption, type GatewayFlags } from './gateway-folder.ts';
import { agreementToShow, type ShownAgreement } from './policy-folder.ts';

export function registerPolicyShow(policy: ProgramCommand, terminal: Terminal): void {
  policy
    .command('show')
    .summary('show the sharing agreement: categories, purposes, policies')
    .description(
      'Shows what the agreement allows: the categories with their severities and data sets, the purposes and\n' +
        'lawful bases to choose from, and the policies that permit or forbid. What none permits is denied.\n' +
        'It is the gateway’s: who has an endpoint asks the operator for a copy of the folder.',
    )
    .argument('[dir]', "a policy folder or a gateway's folder (default: the gateway's, or ./policies)")
    .option(...dirOption)
    .action(async (given: string | undefined, flags: GatewayFlags) => {
      const shown = agreementToShow(given, flags, terminal.env);
      const { loadPolicySet } = await import('../policy/load.ts');
      const set = await terminal.during('Loading the policies', () => loadPolicySet(shown.dir));
      if (terminal.wantsJson) printJson(set, terminal);
      else printText(set, shown, terminal);
    });
}

function printJson(set: PolicySet, terminal: Terminal): void {
  terminal.json({ type: 'policy', digest: set.digest });
  for (const agency of set.agencies.values()) terminal.json({ type: 'agency', ...agency });
  for (const category of set.categories.values()) terminal.json({ type: 'category', ...category });
  for (const purpose of set.purposes.values()) terminal.json({ type: 'purpose', ...purpose });
  for (const basis of set.bases.values()) terminal.json({ type: 'basis', ...basis });
  for (const rule of set.policies.values()) terminal.json({ type: 'rule', ...rule });
  for (const { urn, title } of set.datasets.values()) terminal.json({ type: 'dataset', urn, title });
}

function printText(set: PolicySet, { dir, owner }: ShownAgreement, terminal: Terminal): void {
  const { paint } = terminal;
  terminal.print(`${paint.strong('Sharing agreement')}  ${dir}  ${paint.dim(`digest ${set.digest}`)}`);
  if (owner !== undefined) terminal.print(paint.dim(`  ${owner}`));
  section('Agencies', terminal, [...set.agencies.values()], ({ id, name, sector }) => [id, name, sector]);
  section('Categories', terminal, [...set.categories.values()], (category) => [
    category.id,
    category.title,
    category.severities
      .map((severity) => (severity === category.severity ? `${severity}*` : severity))
      .join(' '),
    category.datasets.join(', ') || paint.dim('text only'),
  ]);
  terminal.print(paint.dim('  * proposed by clients'));
  section('Purposes', terminal, [...set.purposes.values()], ({ id, title }) => [id, title]);
  section('Lawful bases', terminal, [...set.bases.values()], ({ id, title }) => [id, title]);
  section('Policies', terminal, [...set.policies.values()], ({ id, effect, reason }) => [
    effect === 'forbid' ? paint.bad('forbid') : paint.good('permit'),
    id,
    reason,
  ]);
  section('Data sets', terminal, [...set.datasets.values()], ({ name, version, title }) => [
    `${name}/${version}`,
    title,
  ]);
}

function section<T>(
  title: string,
  terminal: Terminal,
  items: readonly T[],
  row: (item: T) => string[],
): void {
  terminal.print();
  terminal.print(terminal.paint.strong(title));
  terminal.table(
    items.map((item) => ['', ...row(item)]).map(([, first = '', ...rest]) => [`  ${first}`, ...rest]),
  );
}
