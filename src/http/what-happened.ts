/**
 * What happened, of a message as UserVpsError makes it: without the code before it and the advice
 * after it where these are told beside it.
 */
export function whatHappened(message: string, { code, next }: { readonly code: string | null; readonly next?: string | null }): string {
  const begins = code !== null && message.startsWith(`${code}: `) ? code.length + 2 : 0;
  const advice = message.lastIndexOf(" Next: ");
  const isToldBeside = advice >= 0 && next?.includes(message.slice(advice + " Next: ".length)) === true;
  return message.slice(begins, isToldBeside ? advice : undefined).trim();
}
