/** At most `concurrency` at once, in order. Stops at the first that throws. */
export async function inParallel<T>(items: readonly T[], concurrency: number, work: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items].reverse();
  await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, async () => {
    for (let item = waiting.pop(); item !== undefined; item = waiting.pop()) await work(item);
  }));
}
