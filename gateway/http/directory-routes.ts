/** What enrolled endpoints read: the directory and the data sets of the sharing agreement. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { CausewayError } from '../../protocol/errors.ts';
import type { DirectoryEntry } from '../../protocol/wire/directory.ts';
import type { EndpointDirectory } from '../identity/directory.ts';
import type { PolicySet } from '../policy/policy-set.ts';
import { AttemptLimit } from '../admission/attempt-limit.ts';
import { DirectoryAnswer, type DirectoryAnswerDependencies } from './directory-answer.ts';
import { sendInPieces } from './in-pieces.ts';

export type DirectoryRouteDependencies = DirectoryAnswerDependencies & {
  readonly directory: Pick<EndpointDirectory, 'snapshot'>;
  /** Looks into the store for a later version of the directory than the one at hand. @throws what reading throws */
  lookForLater(): Promise<void>;
  policy(): Pick<PolicySet, 'datasets'>;
  identify(request: FastifyRequest): DirectoryEntry;
  /** ms since 1970 */
  readonly now: () => number;
  /** How often one endpoint may read. */
  readonly readsPerMinute?: number;
};

/** Enough for several programs of an endpoint at a time when many others enrol. */
const defaultPerMinute = 1_200;

export function registerDirectoryRoutes(app: FastifyInstance, deps: DirectoryRouteDependencies): void {
  const reads = new AttemptLimit(deps.readsPerMinute ?? defaultPerMinute, 60_000, deps.now);
  const answer = new DirectoryAnswer(deps);
  const admit = (request: FastifyRequest): void => reads.take(deps.identify(request).endpoint);

  app.get<{ Querystring: Readonly<Record<string, unknown>> }>('/v1/directory', async (request, reply) => {
    admit(request);
    const since = readVersion(request.query);
    // What another gateway has told must not be taken back, were it for a moment.
    if (since !== undefined && since > deps.directory.snapshot.version) await deps.lookForLater();
    const { snapshot } = deps.directory;
    const tag = `"${snapshot.version}"`;
    void reply.header('etag', tag).header('cache-control', 'no-cache');
    if (request.headers['if-none-match'] === tag) return reply.code(304).send();
    const bytes = await answer.print(snapshot, since);
    return sendInPieces(reply.type('application/json; charset=utf-8'), bytes);
  });

  app.get('/v1/datasets', (request, reply) => {
    admit(request);
    const datasets = [...deps.policy().datasets].map(([dataschema, { title, description }]) => ({
      dataschema,
      title,
      description,
    }));
    return reply.send({ datasets });
  });

  app.get<{ Params: { name: string; version: string } }>('/v1/datasets/:name/:version', (request, reply) => {
    admit(request);
    const { name, version } = request.params;
    const dataset = deps.policy().datasets.get(`urn:causeway:dataset:${name}:${version}`);
    if (dataset === undefined) throw new CausewayError('dataset-unknown');
    return reply.type('application/schema+json').send(JSON.stringify(dataset.schema));
  });
}

/**
 * The version that a query asks from. Nothing else is taken: whoever misspells it would be sent the whole each time.
 * @throws CausewayError `request-malformed`
 */
function readVersion({ since, ...others }: Readonly<Record<string, unknown>>): number | undefined {
  if (Object.keys(others).length > 0) throw malformed('since is the only parameter.');
  if (since === undefined) return undefined;
  if (typeof since === 'string' && /^\d{1,15}$/.test(since)) return Number(since);
  throw malformed('since is a version of the directory, an integer.');
}

function malformed(detail: string): CausewayError {
  return new CausewayError('request-malformed', { detail });
}
