import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createHolderFolder } from '../../../clients/linkage-holder/holder-folder.ts';
import { HourlyBudget } from '../../../clients/linkage-holder/hourly-budget.ts';
import { startHolder } from '../../../clients/linkage-holder/server.ts';

const client = 'police/hub';
const minuteMs = 60_000;
const dayMs = 86_400_000;
const noon = Date.parse('2026-11-29T12:00:00Z');

describe('the budget of a client', () => {
  it('is spent for an hour, and no longer', () => {
    const budget = new HourlyBudget(10);
    expect(budget.spend(client, 10, noon)).toBe(true);
    expect(budget.spend(client, 1, noon + 59 * minuteMs)).toBe(false);
    expect(budget.spend(client, 10, noon + 60 * minuteMs)).toBe(true);
  });

  it('is not spent for a day because the clock once stood a day ahead', () => {
    const budget = new HourlyBudget(10);
    budget.spend(client, 10, noon + dayMs);
    expect(budget.spend(client, 10, noon)).toBe(true);
    expect(budget.spend(client, 1, noon + minuteMs)).toBe(false);
  });

  it('has a refusal on record each minute, also after the clock once stood a day ahead', () => {
    const budget = new HourlyBudget(10);
    const isNews = (at: number): boolean => budget.isNews('rate-limited', client, at);
    expect([noon + dayMs, noon, noon + 1, noon + minuteMs].map(isNews)).toEqual([true, true, false, true]);
  });

  it('is not spent after a restart by what was asked for while the clock stood a day ahead', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'causeway-budget-'));
    onTestFinished(() => rm(dir, { recursive: true, force: true }));
    const options = { epochs: [5], clients: [client], evaluationsPerHour: 1 };
    const [invitation] = await createHolderFolder(dir, options);
    const askAt = async (at: number): Promise<number> => {
      const server = await startHolder({ dir, now: () => at });
      const { status } = await fetch(`${server.url}/v1/evaluate`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${invitation!.token}` },
        body: JSON.stringify({ epoch: 5, blinded: ['A'.repeat(43)] }),
      });
      await server.close();
      return status;
    };
    // No element of the group: that is seen once it is paid for.
    expect([await askAt(noon + dayMs), await askAt(noon), await askAt(noon + minuteMs)]).toEqual([
      400, 400, 429,
    ]);
  });
});
