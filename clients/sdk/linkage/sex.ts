/** F or M of `F`, `female`, `2` (NHS Data Dictionary) and the like; undefined for anything else. */
export function readSex(text: string): 'F' | 'M' | undefined {
  if (/^(?:f|female|girl|2)$/iu.test(text.trim())) return 'F';
  return /^(?:m|male|boy|1)$/iu.test(text.trim()) ? 'M' : undefined;
}

/** Whether nothing is stated: empty, `unknown`, or `0`, `9` and `X` of the NHS Data Dictionary, and the like. */
export function isSexUnstated(text: string): boolean {
  return /^(?:|0|9|x|u|unknown|unspecified|indeterminate)$/iu.test(text.trim());
}
