/** Ajv as both sides compile the JSON Schema of a data set: what the gateway takes up, every client understands the same. */
import { Ajv2020, type Options } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { linearRegExp } from './pattern.ts';
import { uniqueItems } from './unique-items.ts';

/** @param options what each side settles for itself */
export function createAjv({
  code,
  ...options
}: Pick<Options, 'allErrors' | 'validateSchema' | 'code'>): Ajv2020 {
  const ajv = new Ajv2020({
    strict: true,
    strictRequired: false,
    logger: false,
    // It would keep a document's values in the errors, and they must go nowhere.
    verbose: false,
    ...options,
    code: { ...code, regExp: linearRegExp },
  });
  addFormats.default(ajv);
  ajv.removeKeyword('uniqueItems');
  ajv.addKeyword(uniqueItems);
  return ajv;
}
