import { createHash, timingSafeEqual } from "node:crypto";
import ssh2 from "ssh2";
import type { AuthContext } from "ssh2";
import type { Vm } from "../model.ts";
import type { World } from "../world.ts";
import { rootKeys } from "./root-keys.ts";

/** Root gets in by the VM's password or by one of its public keys, the user spoq by the password that a script has set. */
export function answerLogin(world: World, vm: Vm, attempt: AuthContext): void {
  if (attempt.username === "root") {
    if (attempt.method === "password" && isPassword(vm.rootPasswordSha256, attempt.password)) return attempt.accept();
    if (attempt.method === "publickey" && isKeyOf(world, vm, attempt)) return attempt.accept();
  }
  if (attempt.username === "spoq" && attempt.method === "password" && isPassword(vm.disk?.credentials?.passwordSha256, attempt.password)) return attempt.accept();
  attempt.reject(["password", "publickey"]);
}

function isPassword(expectedSha256: string | null | undefined, given: string): boolean {
  if (!expectedSha256) return false;
  const digest = createHash("sha256").update(given).digest();
  return timingSafeEqual(digest, Buffer.from(expectedSha256, "hex"));
}

/** A client first asks without a signature whether the key would do. */
function isKeyOf(world: World, vm: Vm, { key, signature, blob, hashAlgo }: Extract<AuthContext, { method: "publickey" }>): boolean {
  return rootKeys(world, vm).some((one) => {
    const parsed = ssh2.utils.parseKey(one);
    if (parsed instanceof Error || key.algo !== parsed.type || !parsed.getPublicSSH().equals(key.data)) return false;
    return signature === undefined || blob === undefined || parsed.verify(blob, signature, hashAlgo);
  });
}
