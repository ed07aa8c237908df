import type { AddressInfo } from "node:net";
import { UserVpsError } from "../../providers/core/errors.ts";
import type { Settings } from "../config/settings.ts";
import { buildApp, type AppOptions } from "./app.ts";
import { createLogger } from "./logger.ts";

export interface ServeOptions extends Omit<AppOptions, "settings" | "logger"> {
  readonly settings: AppOptions["settings"] & Pick<Settings, "host" | "port" | "logLevel">;
}

export interface HttpServer {
  /** `http://host:port`, with the port that was taken. */
  readonly url: string;
  /** Ends open streams, lets running requests finish. */
  close(): Promise<void>;
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: "another program listens there",
  EADDRNOTAVAIL: "no such address is this machine's",
  EACCES: "this user may not listen there",
  ENOTFOUND: "the host is not known",
};

function reasonOf({ code = "", message }: NodeJS.ErrnoException): string {
  return REASONS[code] ? `${REASONS[code]} (${code})` : message;
}

/** Serves HTTP as the settings say. @throws UserVpsError CONFIG_INVALID: nothing can listen there */
export async function serveHttp({ settings, ...options }: ServeOptions): Promise<HttpServer> {
  const app = await buildApp({ ...options, settings, logger: createLogger(settings.logLevel) });
  try {
    await app.listen({ host: settings.host, port: settings.port });
  } catch (error) {
    await app.close();
    throw new UserVpsError("CONFIG_INVALID", `HTTP cannot be served at HOST ${settings.host} and PORT ${settings.port}: ${reasonOf(error as NodeJS.ErrnoException)}.`, { cause: error });
  }
  const { port } = app.server.address() as AddressInfo;
  return { url: `http://${settings.host.includes(":") ? `[${settings.host}]` : settings.host}:${port}`, close: () => app.close() };
}
