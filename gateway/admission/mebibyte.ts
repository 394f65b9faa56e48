/** A mebibyte in bytes: operators give and are told room in MiB. */
export const mebibyte = 1_048_576;
