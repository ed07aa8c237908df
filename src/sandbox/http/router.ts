/** A request as the simulated APIs see it. */
export interface ApiRequest {
  method: string;
  path: string;
  /** The values of the pattern's `{name}` parts. */
  params: Record<string, string>;
  query: URLSearchParams;
  headers: Record<string, string | undefined>;
  /** The parsed JSON body; undefined if there was none. */
  body: unknown;
  /** As it came. */
  text: string;
}

export interface ApiAnswer {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
}

export type Handler = (request: ApiRequest) => ApiAnswer | Promise<ApiAnswer>;

export interface Route {
  method: string;
  /** A path in which `{name}` stands for one part, as OpenAPI writes it. */
  pattern: string;
  handler: Handler;
}

export interface Match {
  route: Route;
  params: Record<string, string>;
}

/** Finds the route of a request. A fixed part of a path goes before a `{name}`. */
export class Router {
  readonly routes: Route[];

  constructor(routes: Route[]) {
    const names = (route: Route) => route.pattern.split("{").length;
    this.routes = routes.toSorted((a, b) => names(a) - names(b));
  }

  match(method: string, path: string): Match | undefined {
    for (const route of this.routes) {
      const params = route.method === method ? matchPattern(route.pattern, path) : undefined;
      if (params !== undefined) return { route, params };
    }
    return undefined;
  }
}

export function matchPattern(pattern: string, path: string): Record<string, string> | undefined {
  const expected = pattern.split("/");
  const got = path.split("/");
  if (expected.length !== got.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of expected.entries()) {
    const value = got[index] ?? "";
    if (part.startsWith("{") && value !== "") {
      try {
        params[part.slice(1, -1)] = decodeURIComponent(value);
      } catch {
        return undefined;
      }
    } else if (part !== value) return undefined;
  }
  return params;
}

export function ok(body: unknown): ApiAnswer {
  return { status: 200, body };
}
