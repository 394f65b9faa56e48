/** What a publisher or consumer process is given: the identity in a folder, and who is at the other end. */
import { batchSigner, signingKeyFromRaw } from '../../protocol/proof/signing.ts';
import { openHome } from '../../clients/sdk/home.ts';
import type { LinkOptions } from '../../clients/sdk/link.ts';

/** Opens an endpoint's home for use by the link layer alone. @param gateway another one than the home names */
export async function openEndpoint(dir: string, receiptsAfter: number | null, gateway = '') {
  const home = await openHome(dir);
  const url = new URL('/v1/socket', gateway === '' ? home.gatewayUrl : gateway);
  url.protocol = 'wss:';
  const link: LinkOptions = {
    url: url.href,
    tls: { key: home.tlsKeyPem, cert: home.tlsCertificatePem, ca: home.authorityPem },
    hello: { client: 'causeway-bench', receiptsAfter },
  };
  return {
    endpoint: home.endpoint,
    link,
    signer: batchSigner(home.signingKeyPem),
    receiptKey: signingKeyFromRaw(Buffer.from(home.receiptKey, 'base64url')),
  };
}
