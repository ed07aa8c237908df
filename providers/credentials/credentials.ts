import * as pulumi from "@pulumi/pulumi";
import { StoredResource } from "../dynamic/stored-resource.ts";

/**
 * Stored as text with every Credentials of every stack: it only names the implementation, so
 * that later changes of that are no difference on existing stacks. Do not add to it.
 */
export const provider: pulumi.dynamic.ResourceProvider = {
  async check(olds, news) { const m = await import("user-vps/providers/credentials/credentials-provider"); return m.check(olds, news); },
  async diff(id, olds, news) { const m = await import("user-vps/providers/credentials/credentials-provider"); return m.diff(id, olds, news); },
  async create(inputs) { const m = await import("user-vps/providers/credentials/credentials-provider"); return m.create(inputs); },
  async read(id, props) { const m = await import("user-vps/providers/credentials/credentials-provider"); return m.read(id, props); },
  async update(id, olds, news) { const m = await import("user-vps/providers/credentials/credentials-provider"); return m.update(id, olds, news); },
  async delete(id, props) { const m = await import("user-vps/providers/credentials/credentials-provider"); return m.remove(id, props); },
};

export interface CredentialsArgs {
  /** Any value; a change of it makes a new password and a new JWT secret. */
  rotation?: pulumi.Input<string | number | undefined>;
}

/** A user's password and JWT secret: made once, kept only encrypted in the state. */
export class Credentials extends StoredResource {
  /** Root and SSH password: 28 letters and digits, each class at least once. Secret. */
  declare readonly password: pulumi.Output<string>;
  /** 32 random bytes as base64url, 43 characters. Secret. */
  declare readonly jwtSecret: pulumi.Output<string>;
  declare readonly rotation: pulumi.Output<string | number | undefined>;
  /** When the current values were made, ISO 8601. */
  declare readonly createdAt: pulumi.Output<string>;

  constructor(name: string, args: CredentialsArgs = {}, opts?: pulumi.CustomResourceOptions) {
    super(
      provider,
      name,
      { password: undefined, jwtSecret: undefined, createdAt: undefined, ...args },
      pulumi.mergeOptions(opts, { additionalSecretOutputs: ["password", "jwtSecret"] }),
      "user-vps",
      "Credentials",
    );
  }
}
