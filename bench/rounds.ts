/** The ways compared: rounds interleaved, so that what else the machine does meets all of them. */
import type { Measured, Operation, Way } from "./ways.ts";

export interface Compared {
  readonly operation: Operation;
  readonly way: Way["name"];
  readonly rounds: readonly Measured[];
}

export async function compare(ways: readonly Way[], operations: readonly Operation[], rounds: number, say: (text: string) => void): Promise<Compared[]> {
  const found = new Map<string, { operation: Operation; way: Way["name"]; rounds: Measured[] }>();
  for (let round = 1; round <= rounds; round += 1) {
    for (const operation of operations) {
      // Each begins once.
      for (const way of [...ways.slice(round % ways.length), ...ways.slice(0, round % ways.length)]) {
        const measured = await way.measure(`${way.name}${round}`, operation);
        say(`round ${round}, ${operation}, ${way.name}: ${measured.seconds.toFixed(2)} s, ${measured.cpuSeconds.toFixed(2)} CPU seconds`);
        const key = `${operation} ${way.name}`;
        found.set(key, { operation, way: way.name, rounds: [...(found.get(key)?.rounds ?? []), measured] });
      }
    }
  }
  return [...found.values()];
}

export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export function quantile(numbers: readonly number[], part: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(part * sorted.length) - 1)]!;
}
