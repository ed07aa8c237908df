/**
 * `npm run bench`: what an `up` costs by the Automation API as documented, by the service and by the
 * plain CLI, and what a service carries. `--quick`: one round, few users; `--json`: the last line on
 * standard output is one JSON object. docs/performance.md has results and all options.
 */
import { cpus, release, totalmem } from "node:os";
import { messageOf } from "../providers/core/errors.ts";
import { compareCheckouts } from "./against.ts";
import { cliWay } from "./cli-way.ts";
import { usersInFlight } from "./in-flight.ts";
import { latencyUnderLoad } from "./latency.ts";
import { planOf } from "./plan.ts";
import type { Plan } from "./plan.ts";
import { flightText, latencyText, rounded, summary, table } from "./report.ts";
import { compare } from "./rounds.ts";
import type { Compared } from "./rounds.ts";
import { openServiceEngine, slotWay } from "./slot-way.ts";
import { stockWay } from "./stock-way.ts";
import { sweepFleets } from "./sweeps.ts";
import { upsPerMinute } from "./throughput.ts";
import { openBenchWorld } from "./world.ts";
import type { BenchWorld } from "./world.ts";

const say = (text: string) => console.error(text);

async function compareWays(world: BenchWorld, { parts, throughput, operations, rounds }: Plan): Promise<{ readonly found: readonly Compared[]; readonly perMinute: readonly number[] }> {
  const serving = await openServiceEngine(world, Math.max(...throughput.map(([atOnce]) => atOnce)));
  const ways = [await stockWay(world), slotWay(serving), await cliWay(world)];
  try {
    const perMinute: number[] = [];
    if (parts.has("throughput")) for (const [atOnce, runs] of throughput) perMinute.push(rounded(await upsPerMinute(serving, atOnce, runs)));
    return { perMinute, found: parts.has("ways") ? await compare(ways, operations, rounds, say) : [] };
  } finally {
    await Promise.all([...ways.map((way) => way.close()), serving.close()]);
  }
}

async function bench(plan: Plan): Promise<void> {
  const { parts } = plan;
  say(`${cpus().length} cores (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GB, Linux ${release()}, Node ${process.version}; ${plan.rounds} rounds`);
  if (plan.against !== undefined) {
    const against = await compareCheckouts(plan.against, plan.rounds, say);
    return console.log(JSON.stringify({ against }));
  }
  const world = await openBenchWorld(say, plan);
  try {
    const compared = parts.has("ways") || parts.has("throughput") ? await compareWays(world, plan) : undefined;
    if (compared && parts.has("ways")) say(table(compared.found));
    const [slots1, slots2, slots4] = compared?.perMinute ?? [];
    if (parts.has("throughput")) say(`creating ups a minute: ${slots1} with 1 slot, ${slots2} with 2, ${slots4} with 4`);
    const flight = parts.has("flight") ? await usersInFlight(world, plan.flight) : undefined;
    if (flight) say(flightText(flight));
    const latency = parts.has("latency") ? await latencyUnderLoad(world, plan.latency) : undefined;
    if (latency) say(latencyText(latency));
    const sweeps = parts.has("sweeps") ? await sweepFleets(world, plan.sweeps, say) : [];
    if (!plan.json) return;
    console.log(JSON.stringify({
      ...(parts.has("ways") && compared && { create: summary(compared.found, "create"), unchanged: summary(compared.found, "unchanged") }),
      ...(parts.has("throughput") && { upsPerMinute: { slots1, slots2, slots4 } }),
      ...(flight && { inFlight: { users: flight.users, peakMemoryMb: rounded(flight.peakMemoryMb), beyondBootSecondsP50: rounded(flight.beyondBootSecondsP50), callsAUser: rounded(flight.callsAUser) } }),
      ...(latency && { latency }),
      ...(sweeps.length > 0 && { sweeps }),
    }));
  } finally {
    await world.close();
  }
}

try {
  await bench(planOf(process.argv.slice(2)));
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 1;
}
// The exit code is set; a database client of the engine's may still hold the process open for seconds.
setTimeout(() => process.exit(), 1_000).unref();
