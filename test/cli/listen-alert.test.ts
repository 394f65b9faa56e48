import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import {
  addLinkageKey,
  createLinkageKey,
  writeLinkageSettings,
} from '../../clients/sdk/linkage/linkage-file.ts';
import { concern, exchangeOfFile, health, police, socialWork, take } from '../clients/sdk/exchange.ts';
import { runInProcess } from './run-in-process.ts';

const exchangeOf = exchangeOfFile(police, socialWork, health);
const child = { given: 'Zebedee', family: 'Quartermain', birthDate: '2016-02-09', postcode: 'ML3 0AB' };

it('listen tells an alert in words, and the command that it prints answers it', async () => {
  const exchange = exchangeOf();
  const home = exchange.homes.get(socialWork.address)!;
  const key = createLinkageKey(1);
  const about = { severity: 'immediate', subjects: [child] } as const;
  for (const endpoint of [police, health, socialWork]) {
    await writeLinkageSettings(
      exchange.homes.get(endpoint.address)!,
      addLinkageKey(undefined, key, 'child-protection'),
    );
  }
  {
    await using first = await exchange.client(police);
    await using second = await exchange.client(health);
    await using third = await exchange.client(socialWork);
    await first.send({ ...concern('One.'), category: 'police-concern', ...about });
    await second.send({ ...concern('Two.'), ...about });
    await take(third, 2);
    await third.send({ ...concern('Three.', health.address), ...about });
  }
  const { code, stdout, stderr } = await runInProcess(['listen', '--home', home, '--count', '2']);
  expect(code, stderr).toBe(0);
  const told = stdout.slice(stdout.indexOf('    Three agencies'));
  for (const words of [
    'Three agencies within thirty days (version 2)',
    'suspect (there is serious reason to think of harm), the same child',
    'an alert does not name. All of these 3 notices passed through this home and say who it is.',
    /police concern \(immediate\) +Strathclyde Police +received here/,
    /concern \(immediate\) +North Lanarkshire Social Work +sent from here/,
    /the same child: forename, surname, birth date, postcode/,
  ])
    expect(told.replace(/\s+/g, ' ')).toMatch(words);

  const [, id] = /--reply-to (\S+) --to/.exec(told)!;
  const [, to] = /--to ([^\\]+) \\/.exec(told)!;
  expect(new Set(to!.split(' '))).toEqual(new Set([police.address, health.address]));
  const printed = /causeway (send .*\n.*\n.*)--dataset/.exec(told)![1]!;
  const args = printed.split(/[\s\\]+/).filter((word) => word !== '');
  const disposition = args[args.indexOf('--category') + 1]!.replace('alert-', '');
  const answer = { alert: id, disposition, reason: 'Called the family.', by: 'Sam Mockford' };
  const file = join(home, 'answer.json');
  await writeFile(file, JSON.stringify(answer));
  const sent = await runInProcess([...args, '--dataset', 'alert-disposition', '--content', file]);
  expect(sent.code, sent.stderr).toBe(0);
  expect(args).toContain(id);
});
