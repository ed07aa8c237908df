/**
 * 100 buyers, each stopped for 1 to 60 s (PROOF_LONGEST_STOP_SECONDS) at an instant of its way, while
 * another one buys: one order each. `npm run proof:purchase [TRIALS]`; some minutes.
 */
import { startSandbox } from "../../src/sandbox/index.ts";
import { INSTANTS, playFrozen, wrongOf } from "../support/frozen-buyer.ts";

const AT_ONCE = 10;
const trials = Number(process.argv[2] ?? 100);
const longestStopSeconds = Number(process.env["PROOF_LONGEST_STOP_SECONDS"] ?? 60);
const wrong: string[] = [];
const orders = new Map<number, number>();
let next = 0;

async function runTrials(): Promise<void> {
  while (next < trials) {
    const number = next++;
    const trial = { hostname: `user${number}.spoq.dev`, at: INSTANTS[number % INSTANTS.length]!, stoppedMs: 1_000 * (1 + Math.random() * (longestStopSeconds - 1)) };
    const sandbox = await startSandbox({ bootMs: 3_600_000 });
    try {
      const result = await playFrozen(sandbox, trial);
      orders.set(result.orders.length, (orders.get(result.orders.length) ?? 0) + 1);
      wrong.push(...wrongOf(trial, result));
    } catch (error) {
      wrong.push(`${trial.hostname}, stopped ${trial.at.when} call ${trial.at.call}: ${String(error)}`);
    } finally {
      await sandbox.close();
    }
  }
}

await Promise.all(Array.from({ length: AT_ONCE }, runTrials));
console.log(`${trials} buyers stopped for 1 to ${longestStopSeconds} s: ${[...orders].map(([count, of]) => `${of} with ${count} order${count === 1 ? "" : "s"}`).join(", ")}`);
for (const sentence of wrong) console.error(sentence);
process.exitCode = wrong.length === 0 && orders.get(1) === trials ? 0 : 1;
