import type { AddressInfo } from "node:net";
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

/** Serves HTTP as the settings say. */
export async function serveHttp({ settings, ...options }: ServeOptions): Promise<HttpServer> {
  const app = await buildApp({ ...options, settings, logger: createLogger(settings.logLevel) });
  try {
    await app.listen({ host: settings.host, port: settings.port });
  } catch (error) {
    await app.close();
    throw error;
  }
  const { port } = app.server.address() as AddressInfo;
  return { url: `http://${settings.host.includes(":") ? `[${settings.host}]` : settings.host}:${port}`, close: () => app.close() };
}
