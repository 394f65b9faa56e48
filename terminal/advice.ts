/** What to do next about an error, for the person at the keyboard. The catalogue says what it means. */
import type { CausewayError, ErrorCode } from '../protocol/errors.ts';
import { AdvisedError } from './advised-error.ts';

const adviceOnFrames =
  'The gateway and this program do not understand each other. Check the address, and ask the operator of the gateway which ' +
  'version of Causeway runs there.';

const advice: Partial<Record<ErrorCode, string>> = {
  'home-exists': 'Choose another folder, or move the present one away if it is really no longer needed.',
  'home-in-use': 'Wait until the other one has ended. Where it failed, run the same command again.',
  'home-invalid':
    'Where another folder is meant, name it. What this one has lost, or what is damaged, comes from a backup.',
  'clock-wrong':
    'Set the clock of this machine (NTP) and try again. Where it is right, the key was made by a clock that was ahead.',
  'gateway-unreachable':
    'Check the address and the network, and ask the operator of the gateway whether it runs.',
  'gateway-untrusted':
    'Do not go on. Check the address with the operator of the gateway, by another route than this one.',
  'error-unknown':
    'Ask the operator of the gateway which version of Causeway runs there, and use no older one here.',
  'hello-expected': adviceOnFrames,
  'frame-malformed': adviceOnFrames,
  'frame-unexpected': adviceOnFrames,
  'token-invalid': 'Ask the operator for a new token (`causeway enrol-token AGENCY/ENDPOINT`).',
  'token-expired': 'Ask the operator for a new token (`causeway enrol-token AGENCY/ENDPOINT`).',
  'token-used': 'Ask the operator for a new token; if nobody of yours has used this one, say so.',
  'key-unknown':
    'Compare fingerprints with the other side (`causeway directory list`), then `causeway directory trust AGENCY/ENDPOINT`.',
  'key-changed':
    'Ask the other side, by telephone, whether they have new keys; then `causeway directory trust AGENCY/ENDPOINT --fingerprint …`.',
  'key-expired':
    'Check the clock of this computer. If it is right, its owner connects (`causeway status`) so that it renews, or enrols again.',
  'log-halted':
    'See `causeway log status`; decide with the Committee, by another route, then `causeway log resume`.',
  'note-uncosigned':
    'Wait: what was verified before stays good, and no new key is used until then. If it lasts, ask the operator of the ' +
    'gateway, and whoever runs the witness, whether it is away.',
  'receipt-invalid':
    'What the gateway says of notices cannot be relied on. Give the evidence that `causeway status` names to the Committee, by another route.',
  'recipient-unknown': 'See who there is: `causeway directory list`.',
  'endpoint-unknown': 'See who there is: `causeway endpoint list` or `causeway directory list`.',
  'agency-unknown': 'See who there is: `causeway agency list`; add it with `causeway agency add`.',
  'endpoint-revoked': 'Ask the operator of the gateway; a revoked endpoint needs a new enrolment.',
  'certificate-unknown': 'This identity has been replaced by a later enrolment of the same endpoint.',
  'certificate-invalid': 'Ask the operator for a new token and enrol again if the certificate has expired.',
  'recipient-keys-mismatch':
    'A recipient may have enrolled again. Trust its new keys (`causeway directory list`), then send the notice again.',
  'recipient-revoked': 'Choose another endpoint of that agency: `causeway directory list`.',
  'holder-in-use': 'Stop the holder that runs on it, make the change, and start it again.',
  'store-in-use': 'Stop the other gateway first; administrative commands work beside it.',
  'case-unknown':
    'A case is the `thread` of its notices: `causeway audit search` shows it with each of them.',
  'case-pending':
    'Wait until every notice of the case is stored, refused or expired: `causeway audit story CASE` tells. Or end what has ' +
    'not arrived, with --under-way end: its senders are told that it expired.',
  'message-unknown': 'Check the id: `causeway audit search --kind message --json` shows it as `message`.',
  'policy-denied':
    'The sharing agreement decides. The operator of the gateway has it, and can give you a copy: `causeway policy show FOLDER`.',
  'linkage-key-missing':
    'Put the linkage key of the agreement into the home: `causeway linkage key import`, or `causeway linkage key make` for the first of all.',
  'category-unknown':
    'Choose one of the categories that it names, and send it again. See what data sets go with them: `causeway dataset list`.',
  'dataset-unknown': 'See the data sets: `causeway dataset list`.',
  'dataset-invalid':
    'Correct the fields named; `causeway dataset validate NAME FILE` names every one, and `causeway dataset show NAME` explains them.',
  'payload-too-large': 'Send a smaller document.',
  'outbox-full': 'The gateway has been away for long; look at `causeway status`.',
  'policy-invalid': 'Correct the lines named, then run `causeway policy check` again.',
  'store-incompatible': 'Use the version of Causeway that wrote the store, or migrate it.',
  'file-in-use': 'Wait until the other one has ended, then run the same command again.',
  'file-unavailable': 'Check the space, the owner and the permissions, then run the command again.',
  'clock-skew': 'Set the clock of this computer (NTP).',
  'envelope-expired': 'Check the clock of this computer (NTP). If the notice still matters, send it anew.',
};

/** The next step for a code, where there is one worth saying. */
export function adviceFor(code: ErrorCode): string | undefined {
  return advice[code];
}

/** Ends of details that say all there is to do: a command that mends it, or what is to be put back. */
const ownStep = /, run: \S|Put (?:that one|the one from the backup) /;

/** An agreement that could not be read has no lines to correct. */
const adviceOnPolicyFolder =
  'Put the folder back, or correct what keeps it from being read; `causeway policy check FOLDER` tells whether it is whole.';

/** The next step after an error: what the command itself knows, or else what its code says, unless the detail has. */
export function adviceAfter(error: CausewayError): string | undefined {
  if (error instanceof AdvisedError) return error.advice;
  if (error.code === 'policy-invalid' && error.problems.length === 0) return adviceOnPolicyFolder;
  const saysItself = error.code === 'home-invalid' && ownStep.test(error.detail ?? '');
  return saysItself ? undefined : adviceFor(error.code);
}
