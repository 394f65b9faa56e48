/** How long a certificate is good for, for those who look after a gateway. */
import { X509Certificate } from 'node:crypto';

const dayMs = 24 * 3_600_000;

export type CertificateTerm = {
  readonly startsAt: Date;
  readonly endsAt: Date;
  /** True where it is not valid yet: a clock stands wrong, or stood wrong when it was made. */
  readonly isEarly: boolean;
  /** Whole days; negative once it has expired. */
  readonly daysLeft: number;
};

/** @param now ms since 1970 @throws Error where the text is no certificate */
export function termOf(pem: string, now: number): CertificateTerm {
  const { validFromDate: startsAt, validToDate: endsAt } = new X509Certificate(pem);
  const daysLeft = Math.floor((endsAt.getTime() - now) / dayMs);
  return { startsAt, endsAt, isEarly: startsAt.getTime() > now, daysLeft };
}

/** What an operator is told of one that is not valid yet. */
export function earlyWords({ startsAt }: CertificateTerm): string {
  const from = startsAt.toISOString().slice(0, 10);
  return `clock-wrong: not valid before ${from}: check the clock of this machine, then start the gateway again`;
}
