import { SignJWT } from "jose";
import { MINUTE_MS } from "../../../providers/core/time.ts";
import type { VpsView } from "../../http/vps-view.ts";
import type { DemoWorld } from "./world.ts";

const READY_LIMIT_MS = 5 * MINUTE_MS;

export interface ReadyUser {
  readonly username: string;
  readonly status: string;
  readonly url: string;
  readonly address: string;
  readonly vmId: number;
  /** From the signup to ready. */
  readonly seconds: number;
  /** Seconds a resource. */
  readonly resources: Readonly<Record<string, number>>;
}

/** A signed-in user of the service, as the signup backend is. */
export class DemoUser {
  readonly username: string;
  readonly #world: DemoWorld;
  readonly #token: string;

  private constructor(world: DemoWorld, username: string, token: string) {
    this.#world = world;
    this.username = username;
    this.#token = token;
  }

  static async open(world: DemoWorld, username: string): Promise<DemoUser> {
    const token = await new SignJWT({ username, scope: "vps:admin" })
      .setProtectedHeader({ alg: "HS256" })
      .setSubject(`demo-${username}`)
      .setExpirationTime("1 hour")
      .sign(new TextEncoder().encode(world.jwtSecret));
    return new DemoUser(world, username, token);
  }

  async signUp(): Promise<void> {
    const response = await this.#call("POST", "/api/vps/provision");
    if (response.status !== 202) throw new Error(`POST /api/vps/provision: expected 202, got ${response.status} ${await response.text()}`);
  }

  /** Follows the server-sent events and tells each change, until the VPS is ready. */
  async followUntilReady(tell: (text: string) => void): Promise<ReadyUser> {
    const startMs = Date.now();
    let told = "";
    for await (const vps of this.#events()) {
      const text = [vps.status, vps.phase, vps.waitingFor].filter(Boolean).join(", ");
      if (text !== told && vps.status !== "ready") tell(text);
      told = text;
      if (vps.status === "failed") throw new Error(`${this.username}: ${vps.failure?.code}: ${vps.failure?.reason}`);
      if (vps.status !== "ready") continue;
      const { username, status, url, address, vmId } = vps;
      const seconds = Math.round((Date.now() - startMs) / 100) / 10;
      return { username, status, url: url!, address: address!, vmId: vmId!, seconds, resources: await this.#resources() };
    }
    throw new Error(`${this.username}: the events ended before the VPS was ready`);
  }

  /** Once they have arrived, that is acknowledged: they are not shown again. */
  async askForCredentials(): Promise<"shown" | "refused"> {
    const response = await this.#call("POST", "/api/vps/credentials");
    const answer = (await response.json()) as { password?: string };
    if (response.ok && answer.password) {
      await this.#call("POST", "/api/vps/credentials/acknowledge");
      return "shown";
    }
    if (response.status === 409) return "refused";
    throw new Error(`POST /api/vps/credentials: expected 200 or 409, got ${response.status}`);
  }

  async *#events(): AsyncGenerator<VpsView> {
    const response = await this.#call("GET", "/api/vps/events", AbortSignal.timeout(READY_LIMIT_MS));
    const decoder = new TextDecoder();
    let buffer = "";
    for await (const chunk of response.body!) {
      buffer += decoder.decode(chunk as Uint8Array, { stream: true });
      const events = buffer.split("\n\n");
      buffer = events.pop() ?? "";
      for (const event of events) {
        const data = /^data: (.*)$/m.exec(event)?.[1];
        if (data) yield JSON.parse(data) as VpsView;
      }
    }
  }

  /** Seconds of each resource in the run that succeeded; the component around them is left out. */
  async #resources(): Promise<Record<string, number>> {
    const response = await this.#call("GET", `/api/admin/vps/${this.username}/runs`);
    const { items } = (await response.json()) as { items: { outcome: string | null; resources: { type: string; name: string; seconds: number }[] | null }[] };
    const resources = items.find((run) => run.outcome === "succeeded")?.resources ?? [];
    return Object.fromEntries(resources.filter(({ type }) => type !== "UserVps").map(({ name, seconds }) => [name, seconds]));
  }

  #call(method: string, path: string, signal?: AbortSignal): Promise<Response> {
    return fetch(this.#world.url + path, { method, headers: { authorization: `Bearer ${this.#token}` }, ...(signal && { signal }) });
  }
}
