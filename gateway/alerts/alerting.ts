/** Joins the correlator to the rest: patterns from the policy folder, alerts through the relay like any message. */
import type { Logger } from 'pino';
import { correlatorAddress, type EndpointAddress } from '../../protocol/ids.ts';
import { AlertCourier, type AlertCourierDependencies } from './alert-courier.ts';
import { findSentAlert } from './alert-leaf.ts';
import { AlertReminder } from './alert-reminder.ts';
import { AlertSender, type AlertSenderDependencies } from './alert-sender.ts';
import { mayBeAnswer, noteDisposition } from './answered-alert.ts';
import { CorrelationRun, type RunDependencies } from '../correlator/correlation-run.ts';
import { LookProgress, type CorrelatorState } from '../correlator/look-progress.ts';
import type { PatternHolder } from '../correlator/pattern-holder.ts';
import { Schedule } from '../correlator/schedule.ts';
import { DispositionClock, reachOfClock } from './disposition-clock.ts';
import type { PolicySet } from '../policy/policy-set.ts';
import type { Store } from '../store/port.ts';
import { UnsentAlerts, type UnsentAlertsDependencies } from './unsent-alerts.ts';

export type AlertingDependencies = AlertCourierDependencies &
  Omit<AlertSenderDependencies, 'courier' | 'policy'> &
  Pick<UnsentAlertsDependencies, 'directory'> & {
    readonly policy: () => PolicySet;
    readonly patterns: PatternHolder;
    /** True while the clock may run ahead: by it, every deadline would be over. See `endings.ts`. */
    readonly isHeld: () => boolean;
    readonly onError: (error: unknown) => void;
  };

export class Alerting {
  readonly #deps: AlertingDependencies;
  readonly #sender: AlertSender;
  readonly #reminder: AlertReminder;
  #schedule: Schedule | undefined;
  #run: CorrelationRun | undefined;
  #progress: LookProgress | undefined;
  #forgotten = 0;
  /** Over when the last start or end that was asked for is: of two at once, one's schedule would never be closed. */
  #turn: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(deps: AlertingDependencies) {
    this.#deps = deps;
    const courier = new AlertCourier(deps);
    this.#sender = new AlertSender({ ...deps, courier });
    this.#reminder = new AlertReminder({ ...deps, courier });
  }

  /** Begins with the patterns of the agreement in force; begins anew when it has changed. Does nothing once closed. */
  async start(): Promise<void> {
    await this.#inTurn(async () => {
      await this.#end();
      if (!this.#isClosed) this.#begin();
    });
  }

  #begin(): void {
    const { store, now, policy, isHeld, onError, log } = this.#deps;
    const patterns = this.#deps.patterns.current;
    const { alerts } = policy();
    if (alerts === undefined || patterns.length === 0) return;
    const clock = new DispositionClock({
      store,
      now,
      rules: alerts,
      deadlineOf: async (id) => (await findSentAlert(store, id))?.dispositionBy,
      remind: async (alert, lease) => this.#reminder.remind(alert, lease),
      log,
    });
    const unsent = new UnsentAlerts({
      ...{ store, now, patterns, log, directory: this.#deps.directory },
      send: async (alert, lease) => await this.#sender.sendAgain(alert, lease),
    });
    const { onFutureMark, onPlaceBeyondLog } = wrongMarks(log);
    const progress = new LookProgress(now, log);
    const run = new CorrelationRun({
      store,
      now,
      agreement: policy(),
      patterns,
      send: async (alert, lease) => this.#sender.trySend(alert, lease),
      letGo: (alert, why) => this.#sender.letGo(alert, why),
      wasSent: async (alert) => this.#sender.wasSent(alert),
      onFutureMark,
      onPlaceBeyondLog,
      onRead: (portion) => progress.read(portion),
      seen: (stored) => clock.see(stored),
      reachMs: reachOfClock(alerts),
      accepted: (stored, lease) =>
        mayBeAnswer(stored.envelope) ? noteDisposition({ store, log }, stored, lease) : undefined,
      looked: async (lease, renew) => {
        await unsent.retry(lease, renew);
        await clock.recordOverdue(lease, renew);
      },
    });
    const mayTake = (): boolean => !isHeld();
    const look = async (): Promise<boolean | 'left-over'> => {
      if (isHeld()) return false;
      progress.begin();
      try {
        const hasLooked = await run.look();
        if (hasLooked) await this.#forgetReceipts();
        progress.end(!hasLooked ? 'not-its-turn' : run.stuck > 0 ? 'stuck' : 'looked');
        return hasLooked && run.stuck > 0 ? 'left-over' : hasLooked;
      } catch (error) {
        progress.end({ error });
        throw error;
      }
    };
    [this.#run, this.#progress] = [run, progress];
    const expression = alerts.schedule;
    this.#schedule = new Schedule({ store, expression, look, mayTake, onError, onFutureMark });
    this.#schedule.start();
  }

  /** What alerts can be expected of it just now. */
  get state(): CorrelatorState {
    if (this.#progress === undefined) return { is: 'off' };
    return this.#deps.isHeld() ? { is: 'held' } : this.#progress.state;
  }

  /** Looks at once where a message of severity `immediate` was accepted here. */
  accepted(severities: Iterable<string>): void {
    for (const severity of severities) {
      if (severity !== 'immediate') continue;
      this.#schedule?.soon();
      return;
    }
  }

  /** Ends for good. Does not wait for the end of a long history. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#inTurn(async () => this.#end());
  }

  async #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    await done;
  }

  async #end(): Promise<void> {
    const schedule = this.#schedule;
    this.#run?.stop();
    this.#schedule = this.#run = this.#progress = undefined;
    await schedule?.close();
  }

  /** Nobody connects as the correlator to be told what became of its alerts: the log has it. */
  async #forgetReceipts(): Promise<void> {
    const store: Pick<Store, 'readReceiptsEnd' | 'forgetReceipts'> = this.#deps.store;
    const address: EndpointAddress = correlatorAddress;
    const end = await store.readReceiptsEnd(address);
    if (end <= this.#forgotten) return;
    await store.forgetReceipts(address, end);
    this.#forgotten = end;
  }
}

/** Says of marks that are not what a look has left. */
function wrongMarks(
  log: Pick<Logger, 'warn' | 'error'>,
): Required<Pick<RunDependencies, 'onFutureMark' | 'onPlaceBeyondLog'>> {
  return {
    onFutureMark: (aheadMs) =>
      log.warn({ event: 'clock-wrong', aheadMs }, 'the correlator found a mark that lies in the future'),
    onPlaceBeyondLog: (position, leaves) =>
      log.error(
        { event: 'mark-wrong', position, leaves },
        'the correlator found its mark beyond the log: it takes what came since its last look for new, or everything ' +
          'where the mark of that time lies in the future',
      ),
  };
}
