import { expect, it } from 'vitest';
import { generateOpenpgpKey } from '../../../clients/sdk/openpgp.ts';
import { findHolders } from '../../../gateway/alerts/alert-recipients.ts';
import { agencyOf, type EndpointAddress } from '../../../protocol/ids.ts';
import { limits } from '../../../protocol/limits.ts';
import { directoryEntry } from '../store/synthetic-messages.ts';

it('where more hold a role than a message may have, each agency gets its share and nobody is left out in silence', async () => {
  const { certificateArmored } = await generateOpenpgpKey('police/hub' as EndpointAddress);
  const addresses = ['a-police', 'b-health', 'c-school'].flatMap((agency) =>
    Array.from(
      { length: limits.maxRecipients - 1 },
      (_, nth) => `${agency}/duty-${nth + 10}` as EndpointAddress,
    ),
  );
  const entries = addresses.map((endpoint) =>
    directoryEntry(endpoint, { roles: ['duty'], openpgpCertificate: certificateArmored }),
  );
  const agencies = new Set(addresses.map(agencyOf));
  const { recipients, leftOut } = await findHolders(
    { entries: () => entries, isProven: () => Promise.resolve(true) },
    agencies,
    ['duty'],
  );
  expect(recipients).toHaveLength(limits.maxRecipients);
  const shares = [...agencies].map((agency) => recipients.filter((entry) => entry.agency === agency).length);
  expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
  expect([...recipients.map(({ endpoint }) => endpoint), ...leftOut].toSorted()).toEqual(
    addresses.toSorted(),
  );
});
