/** The part of the port that only reads; each engine builds it apart from the rest. */
export type ReadingMethod =
  | 'readQueue'
  | 'countPending'
  | 'readReceipts'
  | 'readReceiptsEnd'
  | 'readMessage'
  | 'readDirectory'
  | 'readNewestChanges'
  | 'readEvidence'
  | 'readAcceptances'
  | 'readDamaged'
  | 'readPayloads'
  | 'readMarks'
  | 'readPermit'
  | 'countLeaves'
  | 'readLeaves'
  | 'readLeafRuns'
  | 'readReusableBytes';
