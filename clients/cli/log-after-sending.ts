/** What the log turns out to be once a notice was accepted. */
import { adviceFor } from '../../terminal/advice.ts';
import { AdvisedError } from '../../terminal/advised-error.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { pause } from '../sdk/abort.ts';
import type { OpenClient } from './open-client.ts';

/** For so long the command waits for a look that is due. */
const dueLookMs = 3_000;
/** And for one that was begun since the gateway contradicts itself: such a look has an end of its own. */
const doubtMs = 20_000;

/**
 * Waits for what is looked at in the log, though not for long.
 * @param dueLook a look that was begun because none was made for long
 * @throws CausewayError `log-halted`, which says that the notice was accepted
 */
export async function assertLogHolds(
  id: string,
  dueLook: Promise<void>,
  { client: { log }, signal }: OpenClient,
  terminal: Terminal,
): Promise<void> {
  await terminal.during('Looking at the log', async () => {
    await Promise.race([dueLook, pause(dueLookMs, signal)]);
    await Promise.race([log.doubt, pause(doubtMs, signal)]);
  });
  const halted = log.halted();
  if (halted === undefined) return;
  throw new AdvisedError('log-halted', {
    detail: `${halted.detail} The gateway had accepted the notice ${id} before that was found.`,
    advice: adviceFor('log-halted') ?? '',
    fields: { id, queued: false, accepted: true },
    cause: halted,
  });
}
