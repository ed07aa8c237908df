import type { ApiRequest, Route } from "../http/router.ts";
import type { World } from "../world.ts";
import { CloudflareError, success } from "./error.ts";
import { listAnswer } from "./list.ts";

/** The one zone, and the check of the token. */
export function zoneRoutes(world: World): Route[] {
  return [
    {
      method: "GET",
      pattern: "/client/v4/zones",
      handler: ({ query }) => {
        const name = query.get("name");
        return listAnswer(query, name === null || name === world.zoneName ? [zoneShape(world)] : []);
      },
    },
    {
      method: "GET",
      pattern: "/client/v4/zones/{zoneId}",
      handler: (request) => {
        assertZone(world, request);
        return success(zoneShape(world));
      },
    },
    {
      method: "GET",
      pattern: "/client/v4/user/tokens/verify",
      handler: () => {
        const messages = [{ code: 10_000, message: "This API Token is valid and active", type: null }];
        return success({ id: "ed17574386854bf78a67040be0a770b0", status: "active" }, { messages });
      },
    },
  ];
}

export function assertZone(world: World, request: ApiRequest): void {
  const id = request.params["zoneId"];
  if (id === world.zoneId) return;
  throw new CloudflareError(404, 7003, `Could not route to /zones/${id}, perhaps your object identifier is invalid?`);
}

function zoneShape(world: World) {
  return {
    id: world.zoneId,
    name: world.zoneName,
    status: "active",
    paused: false,
    type: "full",
    name_servers: [`ns1.${world.zoneName}`, `ns2.${world.zoneName}`],
    permissions: ["#dns_records:read", "#dns_records:edit", "#zone:read"],
    account: { id: "023e105f4ecef8ad9ca31a8372d0c353", name: "Sandbox" },
    created_on: "2024-01-01T05:20:00.12345Z",
    modified_on: "2024-01-01T05:20:00.12345Z",
  };
}
