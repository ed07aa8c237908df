/** Closes what was opened last first, each whatever becomes of the others; what goes wrong is told. None of it is left in the list. */
export async function closeInTurn(closers: (() => Promise<unknown>)[], onTrouble: (error: unknown) => void): Promise<void> {
  for (const close of closers.splice(0).reverse()) await close().catch(onTrouble);
}
