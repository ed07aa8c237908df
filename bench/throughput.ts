import type { ServiceEngine } from "./slot-way.ts";
import { settingsOf } from "./ways.ts";

/** Creating `up`s a minute with so many runs at a time, each followed by the next. */
export async function upsPerMinute({ engine }: ServiceEngine, atOnce: number, runsEach: number): Promise<number> {
  const startMs = performance.now();
  await Promise.all(Array.from({ length: atOnce }, async (_, place) => {
    for (let run = 0; run < runsEach; run += 1) {
      const stackName = `many${atOnce}-${place}-${run}`;
      await engine.up({ stackName, config: settingsOf(stackName) }, { runId: `bench-${stackName}` }, { mayBuy: true });
    }
  }));
  return (atOnce * runsEach * 60_000) / (performance.now() - startMs);
}
