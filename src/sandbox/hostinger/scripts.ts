import type { ApiRequest, Route } from "../http/router.ts";
import { ok } from "../http/router.ts";
import type { PostInstallScript } from "../model.ts";
import { numberOf, page } from "./context.ts";
import type { Context } from "./context.ts";
import { notFound } from "./error.ts";
import { Input } from "./input.ts";

/** `/api/vps/v1/post-install-scripts`. A VM keeps the content it was set up with: changes reach only later ones. */
export function scriptRoutes({ world }: Context): Route[] {
  const all = "/api/vps/v1/post-install-scripts";
  const one = `${all}/{postInstallScriptId}`;
  const scriptOf = (request: ApiRequest): PostInstallScript => {
    const id = numberOf(request, "postInstallScriptId");
    const found = world.state.scripts.find((script) => script.id === id);
    if (found === undefined) throw notFound("Post-install script");
    return found;
  };
  const listedShape = (script: PostInstallScript) => {
    const { content, ...shape } = scriptShape(script);
    return world.state.settings.scriptListContent ? { ...shape, content } : shape;
  };
  return [
    { method: "GET", pattern: all, handler: (request) => page(request, world.state.scripts, listedShape) },
    {
      method: "POST",
      pattern: all,
      handler: ({ body }) => {
        const now = world.now();
        const script = { id: world.newId(), ...readScript(body), createdAt: now, updatedAt: now };
        world.state.scripts.push(script);
        world.changed();
        return ok(scriptShape(script));
      },
    },
    { method: "GET", pattern: one, handler: (request) => ok(scriptShape(scriptOf(request))) },
    {
      method: "PUT",
      pattern: one,
      handler: (request) => {
        const script = Object.assign(scriptOf(request), readScript(request.body), { updatedAt: world.now() });
        world.changed();
        return ok(scriptShape(script));
      },
    },
    {
      method: "DELETE",
      pattern: one,
      handler: (request) => {
        const script = scriptOf(request);
        world.state.scripts = world.state.scripts.filter((other) => other !== script);
        world.changed();
        return ok({ message: "Request accepted" });
      },
    },
  ];
}

function readScript(body: unknown): { name: string; content: string } {
  const input = new Input(body);
  const name = input.string("name", { required: true }) ?? "";
  const content = input.scriptContent("content") ?? "";
  input.check();
  return { name, content };
}

/** VPS.V1.PostInstallScript.PostInstallScriptResource */
function scriptShape({ id, name, content, createdAt, updatedAt }: PostInstallScript) {
  return { id, name, content, created_at: createdAt, updated_at: updatedAt };
}
