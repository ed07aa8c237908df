import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { refusals } from "../answers.ts";
import type { HttpContext } from "../context.ts";

const OFFERS = z.object({
  plans: z.array(z.string()).describe("Catalog items."),
  dataCenters: z.array(z.object({ id: z.int(), name: z.string() })),
  templates: z.array(z.object({ id: z.int(), name: z.string() })),
}).meta({ id: "Offers" });

/** GET /api/admin/offers: what a VPS can be made of at the moment. */
export const webOffersRoute: FastifyPluginAsyncZod<HttpContext> = async (app, { offers }) => {
  app.get("/offers", {
    schema: { tags: ["operators"], summary: "What Hostinger offers", description: "As a worker last read it.", response: { 200: { description: "Plans, data centers and templates.", content: { "application/json": { schema: OFFERS } } }, ...refusals(401, 403) } },
  }, async () => {
    const { plans, dataCenters, templates } = await offers();
    return {
      plans: plans.map(({ itemId }) => itemId),
      dataCenters: dataCenters.map(({ id, city, country }) => ({ id, name: [city, country].filter(Boolean).join(", ") || String(id) })),
      templates: templates.map(({ id, name }) => ({ id, name })),
    };
  });
};
