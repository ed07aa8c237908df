import { pino, type DestinationStream, type Logger } from "pino";
import type { Settings } from "../config/settings.ts";

/** Names that hold secrets, at any place that is logged here. */
const SECRET_NAMES = ["authorization", "password", "jwtSecret", "token", "apiKey", "passphrase", "credentials", "connectionString"];

/** JSON lines; what a name tells to be secret is replaced, as a second line of defence: it is not logged on purpose. */
export function createLogger(level: Settings["logLevel"], destination?: DestinationStream): Logger {
  const paths = SECRET_NAMES.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);
  return pino({ level, redact: { paths, censor: "[secret]" }, base: { pid: process.pid } }, destination ?? pino.destination(1));
}
