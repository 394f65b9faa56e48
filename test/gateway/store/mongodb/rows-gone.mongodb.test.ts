import { expect, it } from 'vitest';
import { EndpointDirectory } from '../../../../gateway/identity/directory.ts';
import { collectionsOf } from '../../../../gateway/store/mongodb/documents.ts';
import { digestOf, directoryEntry, noon, permit, police, school } from '../synthetic-messages.ts';
import { createMongodbFixture, hasServer } from './mongodb-fixture.ts';

it.skipIf(!hasServer)(
  'tells on MongoDB, too, who enrolled and has no row any more, and makes no form anew',
  async () => {
    const fixture = await createMongodbFixture();
    const store = await fixture.open();
    try {
      const enrol = async (endpoint: typeof police) => {
        await store.permitEnrolment(permit(endpoint, endpoint, noon + 60_000), {
          kind: 'enrolment.permitted',
        });
        const entry = directoryEntry(endpoint);
        return await store.enrol(digestOf(endpoint), entry, noon, { kind: 'endpoint.enrolled' });
      };
      await enrol(school);
      await enrol(police);
      const { entry } = collectionsOf(fixture.database);
      await entry.deleteOne({ _id: police });
      const one = await EndpointDirectory.open(store);
      expect([one.gone, one.get(school)?.status]).toEqual([[police], 'active']);
      await entry.deleteMany({});
      expect((await EndpointDirectory.open(store)).gone).toEqual(expect.arrayContaining([police, school]));
      expect(await enrol(police)).toBe('enrolled');
      const again = await EndpointDirectory.open(store);
      expect([again.gone, again.get(police)?.status]).toEqual([[school], 'active']);
      const { meta } = collectionsOf(fixture.database);
      await meta.deleteOne({ _id: 'form' });
      await expect(fixture.open()).rejects.toMatchObject({ code: 'store-damaged' });
      expect(await meta.findOne({ _id: 'form' })).toBeNull();
    } finally {
      await store.close();
      await fixture.remove();
    }
  },
);
