import { AuditFile, type AuditEntry } from '../../../clients/linkage-holder/audit-file.ts';

/** The entries in the record of a holder's folder, its chain checked. @throws CausewayError `home-invalid` */
export async function recordEntries(dir: string): Promise<AuditEntry[]> {
  const entries: AuditEntry[] = [];
  const record = await AuditFile.open(dir, (entry) => entries.push(entry));
  await record.close();
  return entries;
}
