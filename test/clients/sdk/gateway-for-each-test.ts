/** A scripted gateway for each test of a file. */
import { afterEach, beforeEach } from 'vitest';
import { openScriptedGateway, type ScriptedGateway } from './scripted-gateway.ts';

/** Opens one before each test and closes it after. @param use given each of them */
export function gatewayForEachTest(use: (gateway: ScriptedGateway) => void): void {
  let gateway: ScriptedGateway | undefined;
  beforeEach(async () => {
    gateway = await openScriptedGateway();
    use(gateway);
  });
  afterEach(() => gateway?.close());
}
