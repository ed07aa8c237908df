import { CustomResource } from "@pulumi/pulumi";
import type { CustomResourceOptions, dynamic, Inputs } from "@pulumi/pulumi";
import { storedText } from "./stored-text.ts";

/** A dynamic resource as `pulumi.dynamic.Resource` makes it, but without the SDK's serialiser: see stored-text.ts. */
export class StoredResource extends CustomResource {
  constructor(provider: dynamic.ResourceProvider, name: string, props: Inputs, options: CustomResourceOptions | undefined, module: string, type: string) {
    super(`pulumi-nodejs:dynamic/${module}:${type}`, name, { ...props, __provider: storedText(provider) }, options);
  }
}
