/** The engine ends its plugins by SIGINT. Ended by the signal itself, Node would not write its compile cache. */
export function endWithEngine(): void {
  process.once("SIGINT", () => process.exit(0));
}
