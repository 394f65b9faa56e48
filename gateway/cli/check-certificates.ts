/** The gateway's own certificates and the keys of a start, for `gateway check`. */
import { requireKeysOfStart, type GatewayHome } from '../home/gateway-home.ts';
import { isCertificateOf } from '../home/server-certificate.ts';
import { earlyWords, termOf, type CertificateTerm } from '../identity/certificate-term.ts';
import { failed, good, type Finding } from './check-finding.ts';

const warnDays = 30;

/** Whether a start could use the home: what nothing but it needs was not looked at when the home was opened. */
export async function checkHome(home: GatewayHome): Promise<Finding> {
  const { host, port, hosts } = home.settings;
  try {
    await requireKeysOfStart(home, Date.now());
    return good('home', `listens on ${host}:${port} as ${hosts.join(', ')}`);
  } catch (error) {
    return failed('home', error);
  }
}

export function checkAuthority({ authority }: GatewayHome): Finding {
  return checkTerm('issuing CA', authority.certificatePem);
}

export function checkServerCertificate({ tls, authority }: GatewayHome): Finding {
  const check = 'gateway certificate';
  if (isStranger({ keyPem: tls.key, certificatePem: tls.cert }, authority)) {
    const detail = 'tls.crt is not for tls.key, or not of this CA: the next start makes another';
    return { check, verdict: 'bad', detail };
  }
  return checkTerm(check, tls.cert);
}

/** What cannot be read is told elsewhere. */
function isStranger(...given: Parameters<typeof isCertificateOf>): boolean {
  try {
    return !isCertificateOf(...given);
  } catch {
    return false;
  }
}

function checkTerm(check: string, pem: string): Finding {
  let term: CertificateTerm;
  try {
    term = termOf(pem, Date.now());
  } catch {
    // Of the gateway alone: a home whose CA cannot be read is not opened.
    return { check, verdict: 'bad', detail: 'it cannot be read: the next start makes another' };
  }
  if (term.isEarly) return { check, verdict: 'bad', detail: earlyWords(term) };
  const { daysLeft, endsAt } = term;
  const detail = `${daysLeft} days left (until ${endsAt.toISOString().slice(0, 10)})`;
  return { check, verdict: daysLeft < 0 ? 'bad' : daysLeft < warnDays ? 'warn' : 'good', detail };
}
