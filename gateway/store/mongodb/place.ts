/** Where a database is, by whatever address it is reached. */
import type { MovedTo } from '../moved-mark.ts';
import { connect } from './connection.ts';
import { explain } from './explain-connection.ts';

/** Its name, and the members of its set as these call each other. @throws CausewayError as {@link connect} does */
export async function placeOf(url: string): Promise<MovedTo> {
  const { client, database } = await connect(url);
  try {
    const { hosts } = (await client.db('admin').command({ hello: 1 })) as unknown as {
      readonly hosts: readonly string[];
    };
    return { database: database.databaseName, hosts };
  } catch (error) {
    throw explain(error, url);
  } finally {
    await client.close();
  }
}
