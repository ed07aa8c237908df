import { openServiceEngine } from "./slot-way.ts";
import { settingsOf } from "./ways.ts";
import type { BenchWorld } from "./world.ts";

/** Creating `up`s a minute with so many slots, each used by one run after the other. */
export async function upsPerMinute(world: BenchWorld, slotCount: number, runsASlot: number): Promise<number> {
  const serving = await openServiceEngine(world, slotCount);
  const { engine, slots } = serving;
  try {
    // The processes are there before the clock starts, as in a worker that has been running.
    const warm = await Promise.all(Array.from({ length: slotCount }, () => slots.take()));
    await Promise.all(warm.map((slot) => slot.release({ failed: false })));
    const startMs = performance.now();
    await Promise.all(Array.from({ length: slotCount }, async (_, slot) => {
      for (let run = 0; run < runsASlot; run += 1) {
        const stackName = `many${slotCount}-${slot}-${run}`;
        await engine.up({ stackName, config: settingsOf(stackName) }, { runId: `bench-${stackName}` });
      }
    }));
    return (slotCount * runsASlot * 60_000) / (performance.now() - startMs);
  } finally {
    await serving.close();
  }
}
