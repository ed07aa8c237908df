import { DAY_MS, SECOND_MS, sleep } from "../../providers/core/time.ts";

const LONGER_THAN_A_TEST_MS = 20 * SECOND_MS;

/** Before a test of what is counted by the day or the month, in UTC: neither of them ends in the midst of it. */
export async function awayFromMidnight(): Promise<void> {
  const leftMs = DAY_MS - (Date.now() % DAY_MS);
  if (leftMs < LONGER_THAN_A_TEST_MS) await sleep(leftMs + SECOND_MS);
}
