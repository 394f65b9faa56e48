/** What delivery needs of a connected endpoint. The socket implements it; only the application joins the two. */
export type EndpointSink = {
  /** Sends stored units, as they are, soon. */
  deliver(units: readonly Buffer[]): void;
  /** Sends one group of the endpoint's receipt stream. */
  receipts(position: number, group: Buffer): void;
  /** False while so much is buffered for this endpoint that nothing should be added; `resume` follows. */
  isWritable(): boolean;
};
