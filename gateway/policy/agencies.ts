/** `agencies.yaml`: the parties to the sharing agreement, and the words policies use about them. */
import { z } from 'zod';
import { agencyIdSchema, slugSchema } from '../../protocol/ids.ts';
import { plainTextSchema } from './plain-text.ts';

const text = plainTextSchema(300);
const words = z.record(slugSchema, text).refine((map) => Object.keys(map).length > 0, 'must not be empty');

/** A list of names without repetition. */
export const slugListSchema = z
  .array(slugSchema)
  .max(200)
  .refine((list) => new Set(list).size === list.length, 'must not name anything twice');

const agencyEntrySchema = z.strictObject({
  name: text,
  sector: slugSchema,
  /** The public body in law that answers for the agency. */
  authority: text,
  areas: slugListSchema.min(1),
  /** What the agency's endpoints may do. */
  roles: slugListSchema.min(1),
});

/** A partner organisation. */
export type Agency = z.infer<typeof agencyEntrySchema> & { readonly id: string };

/** An agency as an operator describes it, for {@link file://./add-agency.ts}. */
export const agencySchema = z.strictObject({ id: agencyIdSchema, ...agencyEntrySchema.shape });

export const agenciesFileSchema = z
  .strictObject({
    sectors: words,
    areas: words,
    roles: words,
    agencies: z.record(agencyIdSchema, agencyEntrySchema),
  })
  .superRefine(({ sectors, areas, roles, agencies }, context) => {
    for (const [id, agency] of Object.entries(agencies)) {
      const known = (field: string, name: string, list: Record<string, string>, index?: number): void => {
        if (Object.hasOwn(list, name)) return;
        const path = ['agencies', id, field, ...(index === undefined ? [] : [index])];
        const message = `names \`${name}\`, which is not listed; it must be one of ${Object.keys(list).join(', ')}`;
        context.addIssue({ code: 'custom', path, message });
      };
      if (id === 'gateway') {
        context.addIssue({
          code: 'custom',
          path: ['agencies', id],
          message: 'is reserved for the gateway itself',
        });
      }
      known('sector', agency.sector, sectors);
      agency.areas.forEach((area, index) => known('areas', area, areas, index));
      agency.roles.forEach((role, index) => known('roles', role, roles, index));
    }
  });

/** The file's content. */
export type AgenciesFile = z.infer<typeof agenciesFileSchema>;

/** The agencies by their id. */
export function indexAgencies(file: AgenciesFile): ReadonlyMap<string, Agency> {
  return new Map(Object.entries(file.agencies).map(([id, agency]) => [id, { id, ...agency }]));
}
