/** What enrolled endpoints read: the directory and the data sets of the sharing agreement. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { CausewayError } from '../../protocol/errors.ts';
import type { DirectoryEntry, DirectoryResponse } from '../../protocol/wire/directory.ts';
import type { DirectoryLeaves } from '../identity/directory-leaves.ts';
import type { EndpointDirectory } from '../identity/directory.ts';
import type { PolicySet } from '../policy/policy-set.ts';

export type DirectoryRouteDependencies = {
  readonly directory: EndpointDirectory;
  policy(): PolicySet;
  identify(request: FastifyRequest): DirectoryEntry;
  readonly leaves: DirectoryLeaves;
  /** The text of a checkpoint with so many leaves, or of the newest that could be had. */
  checkpointFor(size: number): Promise<string | undefined>;
};

export function registerDirectoryRoutes(app: FastifyInstance, deps: DirectoryRouteDependencies): void {
  app.get('/v1/directory', async (request, reply) => {
    deps.identify(request);
    const { version, entries, leaves: indices } = deps.directory.snapshot;
    const tag = `"${version}"`;
    void reply.header('etag', tag).header('cache-control', 'no-cache');
    if (request.headers['if-none-match'] === tag) return reply.code(304).send();
    const leaves = await deps.leaves.read(indices);
    const size = indices.reduce((most, index) => Math.max(most, index + 1), 0);
    const checkpoint = (await deps.checkpointFor(size)) ?? null;
    const body: DirectoryResponse = { version, entries: [...entries], leaves, checkpoint };
    return reply.send(body);
  });

  app.get('/v1/datasets', (request, reply) => {
    deps.identify(request);
    const datasets = [...deps.policy().datasets].map(([dataschema, { title, description }]) => ({
      dataschema,
      title,
      description,
    }));
    return reply.send({ datasets });
  });

  app.get<{ Params: { name: string; version: string } }>('/v1/datasets/:name/:version', (request, reply) => {
    deps.identify(request);
    const { name, version } = request.params;
    const dataset = deps.policy().datasets.get(`urn:causeway:dataset:${name}:${version}`);
    if (dataset === undefined) throw new CausewayError('dataset-unknown');
    return reply.type('application/schema+json').send(JSON.stringify(dataset.schema));
  });
}
