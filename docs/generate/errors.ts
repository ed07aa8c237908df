/** docs/errors.md, from the catalogues of the program. */
import { ERROR_CATALOGUE, type ErrorCode } from "../../providers/core/errors.ts";
import { STATUS_OF } from "../../src/http/error-answer.ts";
import { FINDING_KIND_NAMES, kindOf } from "../../src/drift/kinds.ts";
import { HTTP_ERRORS } from "../../src/http/http-error.ts";
import { code, page, table } from "./markdown.ts";

export function errorsPage(): string {
  return page(
    "Errors",
    "Everything that fails on purpose has a code. It stands in front of the message on the command line and in the engine's output, in the field `error.code` of an HTTP answer, in `failure.code` of a user's record and in `errorCode` of a run. The message itself says what was expected and what was got, for whom, and what to do next; that advice is more exact than the one here.",
    "What to do about those that need more than a line: [runbook.md](runbook.md).",
    "## Of the service, the stacks and the providers",
    "`by itself`: the service tries again later, with longer and longer pauses, and gives up after a number of tries. `when asked`: it is tried again when somebody asks for it (`user-vps retry USER`), because something has to be changed first. `HTTP` is the status where the code is itself the answer to a request; all others reach a user by their record.",
    catalogueTable(),
    "## Of the HTTP interface",
    "What HTTP itself refuses; besides these, an answer can have the codes above that name a status.",
    httpTable(),
    "## Findings of a sweep",
    "What a sweep finds is no error, but has a name as well (`GET /api/admin/findings`, the metric `user_vps_findings`). `by itself`: if `REPAIRS_AT_ONCE` allows it, and once two sweeps have seen it. `when asked`: by `POST /api/admin/findings/{id}/repair`. `no`: `up` does not mend it.",
    findingsTable(),
  );
}

function catalogueTable(): string {
  return table(["code", "what happened", "tried again", "HTTP", "what to do"], Object.entries(ERROR_CATALOGUE).map(([name, { meaning, retry, next }]) => [
    code(name), meaning, retry === "backoff" ? "by itself" : "when asked", String(STATUS_OF[name as ErrorCode] ?? ""), next,
  ]));
}

function httpTable(): string {
  const byStatus = Object.entries(HTTP_ERRORS).toSorted(([, a], [, b]) => a.status - b.status);
  return table(["code", "HTTP", "what happened", "what to do"], byStatus.map(([name, { status, meaning, next }]) => [code(name), String(status), meaning, next]));
}

const REPAIRED = { automatic: "by itself", operator: "when asked", none: "no" } as const;

function findingsTable(): string {
  return table(["finding", "what it is", "repaired", "why not, and what to do"], FINDING_KIND_NAMES.map((name) => {
    const { meaning, repair, why = "" } = kindOf(name);
    return [code(name), meaning, REPAIRED[repair], why && `${why}.`];
  }));
}
