import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, it } from "vitest";
import { VARIABLES } from "../../../src/config/index.ts";

const CHECKOUT = resolve(import.meta.dirname, "..", "..", "..");
const read = (path: string) => readFileSync(join(CHECKOUT, path), "utf8");

/** After the grace: an engine is asked to stop, and killed 10 s later; then the result is written down. */
const HAND_OVER_SECONDS = 20;
const longestStopSeconds = Number(VARIABLES.shutdownGraceSeconds.byDefault) + HAND_OVER_SECONDS;

describe("the container image", () => {
  it("holds every folder that the package is made of, and .dockerignore lets them through", () => {
    const { files } = JSON.parse(read("package.json")) as { files: string[] };
    // Made when the archive is packed, for an installation below node_modules, where Node strips no types: the image is none.
    for (const name of files.map((file) => file.replace(/\/$/, "")).filter((file) => file !== "stripped")) {
      const literally = name.replaceAll(".", "\\.");
      assert.match(read("Dockerfile"), new RegExp(`^COPY (.* )?${literally} `, "m"), name);
      assert.match(read(".dockerignore"), new RegExp(`^!${literally}$`, "m"), name);
    }
  });

  it("is found whole in whatever folder it is run in: its program, and what asks for its health", () => {
    const [, health] = /^HEALTHCHECK [^[]*CMD (\[.*\])$/m.exec(read("Dockerfile")) ?? [];
    const [, program] = /^ENTRYPOINT (\[.*\])$/m.exec(read("Dockerfile")) ?? [];
    assert.match((JSON.parse(health!) as string[])[0]!, /^\//);
    assert.match((JSON.parse(program!) as string[]).at(-1)!, /^\//);
  });

  it("is made from nothing that could be a secret", () => {
    assert.match(read(".dockerignore"), /^\*$/m);
    assert.doesNotMatch(read("Dockerfile"), /^COPY (--\S+ )?\. /m);
  });
});

describe("stopping a worker", () => {
  it("leaves it the time that it needs, under compose", () => {
    const [, minutes] = /worker:[\s\S]*?stop_grace_period: (\d+)m$/m.exec(read("compose.yaml")) ?? [];
    assert.ok(Number(minutes) * 60 >= longestStopSeconds);
  });

  it("leaves it the time that it needs under systemd, and signals the worker alone", () => {
    const unit = read("packaging/systemd/user-vps-worker@.service");
    assert.ok(Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1]) >= longestStopSeconds);
    assert.match(unit, /^KillMode=mixed$/m);
  });
});

describe("the process that faces the internet", () => {
  it("has a file of secrets of its own under compose, and refuses to start with a worker's", () => {
    const [, http = "", worker = ""] = /^ {2}http:\n([\s\S]*?)^ {2}worker:\n([\s\S]*?)^\S/m.exec(`${read("compose.yaml")}\nend`) ?? [];
    assert.match(http, /^ {4}env_file: http\.env$/m);
    assert.match(http, /^ {6}REFUSE_SPARE_SECRETS: "true"$/m);
    assert.match(worker, /^ {4}env_file: worker\.env$/m);
  });

  it("likewise under systemd", () => {
    const http = read("packaging/systemd/user-vps-http.service");
    assert.match(http, /^EnvironmentFile=\/etc\/user-vps\/http\.env$/m);
    assert.match(http, /^Environment=REFUSE_SPARE_SECRETS=true$/m);
    assert.match(read("packaging/systemd/user-vps-worker@.service"), /^EnvironmentFile=\/etc\/user-vps\/worker\.env$/m);
  });

  it("is under systemd another user than workers, whose environment it could read otherwise", () => {
    const userOf = (unit: string) => /^User=(.+)$/m.exec(unit)?.[1] ?? (/^DynamicUser=yes$/m.test(unit) ? "one of its own" : "root");
    const [http, worker] = [userOf(read("packaging/systemd/user-vps-http.service")), userOf(read("packaging/systemd/user-vps-worker@.service"))];
    assert.notEqual(http, worker);
    assert.ok(![http, worker].includes("root"));
  });
});

describe("the program's folder under systemd", () => {
  it("is writable for no service: what root runs there is root's", () => {
    for (const unit of ["user-vps-http.service", "user-vps-worker@.service"].map((name) => read(`packaging/systemd/${name}`))) {
      assert.match(unit, /^ProtectSystem=strict$/m);
      assert.doesNotMatch(unit, /^ReadWritePaths=/m);
    }
  });

  it("is neither given to the services' user by the documents, nor does root share the workers' cache", () => {
    for (const page of ["docs/quick-start-production.md", "docs/upgrade.md"].map(read)) {
      assert.doesNotMatch(page, /chown -R user-vps/);
      assert.doesNotMatch(page, /^export XDG_CACHE_HOME|XDG_CACHE_HOME=\S+ npm run/m);
    }
  });
});

describe("the way back to the version before", () => {
  it("restores what the upgrade has copied: program, settings and units, all before anything of it is removed", () => {
    const [steps = "", back = ""] = /^## The steps\n(.*?)^## The way back\n(.*?)^## /ms.exec(read("docs/upgrade.md"))?.slice(1) ?? [];
    for (const [from, to] of [["/opt/user-vps", "/opt/user-vps.before"], ["/etc/user-vps", "/etc/user-vps.before"]]) {
      assert.ok(steps.includes(`cp -a ${from} ${to}`), from);
      assert.ok(back.includes(`cp -a ${to} ${from}`), from);
    }
    assert.match(steps, /cp -a \/etc\/systemd\/system\/user-vps-\*\.service (\S+)`.*rm -rf \/opt\/user-vps\/\.user-vps`/s);
    assert.match(back, /cp -a \S+\/user-vps-\*\.service \/etc\/systemd\/system\/\nsystemctl daemon-reload/);
  });
});
