import type { Pool } from "pg";
import { messageOf, UserVpsError } from "../../providers/core/errors.ts";
import { SECOND_MS } from "../../providers/core/time.ts";
import type { HostingerClient } from "../../providers/hostinger/api/client.ts";
import type { Settings } from "../config/index.ts";
import { doubtOfAccount, OTHER_ACCOUNT_NEXT } from "../provisioning/other-account.ts";

/** An API that does not answer says nothing of the token, and keeps no worker from starting. */
const LIMIT_MS = 20 * SECOND_MS;

interface Start {
  readonly pool: Pool;
  readonly settings: Settings;
  readonly client: HostingerClient;
  readonly onProgress: (line: string) => void;
}

/**
 * @returns whether it could be told
 * @throws UserVpsError CONFIG_INVALID where the account has none of the VMs that are in use
 */
export async function refuseOtherAccount({ pool, settings, client, onProgress }: Start): Promise<boolean> {
  let isTold = true;
  const doubt = await doubtOfAccount({ db: pool, client, isAllowed: settings.allowOtherAccount, signal: AbortSignal.timeout(LIMIT_MS) }).catch((error: unknown) => {
    isTold = false;
    onProgress(`whether the Hostinger account is the right one cannot be told yet, and is asked again before anything is bought: ${messageOf(error)}`);
  });
  if (doubt) throw new UserVpsError("CONFIG_INVALID", doubt, { next: OTHER_ACCOUNT_NEXT });
  return isTold;
}
