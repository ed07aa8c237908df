import type { Client, ClientOptions } from "openapi-fetch";
import type { components, operations, paths } from "./client-schema.d.ts";

export type { components, operations, paths };

/** What the API answers, by name: `Shapes["Vps"]`. */
export type Shapes = components["schemas"];

export interface UserVpsClientOptions extends Omit<ClientOptions, "baseUrl"> {
  /** Where the service is: `https://vps.example.com`. */
  readonly url: string;
  /** A JWT, or what makes one: asked before each request. */
  readonly token?: string | (() => string | Promise<string>);
}

export type UserVpsClient = Client<paths>;

/** `GET`, `POST`, … by path, each with the types of its parameters, body, answer and refusals; see https://openapi-ts.dev/openapi-fetch/. */
export function createClient(options: UserVpsClientOptions): UserVpsClient;

/** What the service refused: docs/errors.md has every code. */
export class ApiRefusal extends Error {
  /** For programs: stays the same. `UNEXPECTED`: the answer was none of the service's. */
  readonly code: string;
  /** What to do about it. */
  readonly next: string | undefined;
  readonly requestId: string | undefined;
  readonly details: readonly { readonly path: string; readonly message: string }[] | undefined;
  /** HTTP status. */
  readonly status: number;
}

/** The answer alone: `await dataOf(client.GET("/api/vps/status"))`. Errors: ApiRefusal. */
export function dataOf<T>(call: Promise<{ readonly data?: T; readonly error?: unknown; readonly response: Response }>): Promise<T>;

/** All items of a list, page by page; `readPage` asks for the page at a cursor. Errors: what `readPage` throws, and a cursor that comes again. */
export function eachItem<T>(readPage: (cursor: string | undefined) => Promise<{ readonly items: readonly T[]; readonly nextCursor: string | null }>): AsyncGenerator<T, void>;
