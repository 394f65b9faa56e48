/** Notices that the gateway has accepted and then lost, in words and for scripts. */
import { showableLine } from '../../terminal/paint.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { timeText } from '../../terminal/time-text.ts';
import type { Client } from '../sdk/client.ts';
import type { LossSign, LostMessage } from '../sdk/lost-table.ts';

const signs: Readonly<Record<LossSign, string>> = {
  leaf: 'its log does not hold the acceptance that it signed',
  log: 'it shows no log any more',
  adopted: 'another state of its log was adopted here',
  stream: 'its receipts go on from an earlier place',
  record: 'it has given a later notice an earlier place in its record',
};

/** So many are named; a script gets all. */
const mostNamed = 20;

/** True where nothing more is done by itself. */
export function needsSendingAnew({ state }: LostMessage): boolean {
  return state === 'refused' || state === 'unsent';
}

/** Rows of the table of `status`; none where nothing was lost. */
export function lostRows(client: Client, { paint }: Terminal): string[][] {
  const lost = client.lost();
  const forPerson = lost.filter(needsSendingAnew);
  const again = lost.filter(({ state }) => state === 'due' || state === 'sent').length;
  const taken = lost.filter(({ state }) => state === 'taken').length;
  const more = forPerson.length - mostNamed;
  return [
    ...forPerson.slice(0, mostNamed).map((message) => ['lost', paint.bad(lostWords(message, client))]),
    ...(more > 0 ? [['lost', paint.bad(`${more} more like these: --json names all`)]] : []),
    ...(again > 0
      ? [
          [
            'lost',
            paint.warn(
              `${again} at the gateway; submitted again by itself, by \`listen\` or \`send\`: a shorter command may end before`,
            ),
          ],
        ]
      : []),
    ...(taken > 0 ? [['lost', `${taken} at the gateway; submitted again, and accepted`]] : []),
  ];
}

function lostWords({ id, acceptedAt, recipients, sign, state }: LostMessage, client: Client): string {
  const what = `${id} to ${showableLine(recipients.join(', '))}, accepted ${timeText(acceptedAt)}`;
  const answer = client.message(id)?.answer;
  if (state === 'refused') {
    const code = answer?.outcome === 'refused' ? `, ${answer.code}` : '';
    return `${what}: LOST AT THE GATEWAY, as after a restore (${signs[sign]}), and refused when it was submitted again${code}. Send it anew.`;
  }
  return `${what}: MAY BE LOST AT THE GATEWAY, as after a restore (${signs[sign]}), and cannot be submitted again from here. Ask whether it has arrived, and send it anew where it has not.`;
}

/** The same for scripts. */
export function lostObjects(client: Client): Record<string, unknown>[] {
  return client.lost().map(({ acceptedAt, foundAt, ...rest }) => ({
    ...{ type: 'lost', ...rest },
    acceptedAt: new Date(acceptedAt).toISOString(),
    foundAt: new Date(foundAt).toISOString(),
  }));
}
