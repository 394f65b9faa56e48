/** What an endpoint and a holder of half a linkage key say to each other (RFC 9497, VOPRF, ristretto255-SHA512). */
import { z } from 'zod';

/** Where a holder evaluates: `POST`, JSON in and out. */
export const evaluatePath = '/v1/evaluate';

/** Elements of one request. */
export const maxEvaluations = 128;

const elementSchema = z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'must be 32 bytes in base64url');

/** Blinded elements, 32 bytes each, base64url. */
export const evaluationRequestSchema = z.strictObject({
  epoch: z.int().min(0).max(1_000_000),
  blinded: z.array(elementSchema).min(1).max(maxEvaluations),
});
export type EvaluationRequest = z.infer<typeof evaluationRequestSchema>;

/** The evaluated elements in the same order, and one proof (64 bytes) that the holder's key made them all. */
export const evaluationSchema = z.strictObject({
  evaluated: z.array(elementSchema).min(1).max(maxEvaluations),
  proof: z.string().regex(/^[A-Za-z0-9_-]{86}$/, 'must be 64 bytes in base64url'),
});
export type Evaluation = z.infer<typeof evaluationSchema>;
