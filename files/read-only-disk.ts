/** A disk that takes no changes, as one does after faults, or as it was mounted: its files are whole, and no rights bar them. */
import { accessSync, constants } from 'node:fs';

/** True where the file or folder is on such a disk. */
export function isOnReadOnlyDisk(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EROFS';
  }
}
