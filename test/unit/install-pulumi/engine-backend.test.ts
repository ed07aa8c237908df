/** The address of the stacks' state, as the engine is told. */
import assert from "node:assert/strict";
import { resolve } from "node:path";
import { Client } from "pg";
import { afterEach, describe, it, vi } from "vitest";
import { engineBackend } from "../../../src/install-pulumi/engine-backend.ts";

const AT = "postgres:///b?host=db.example.com&port=5432&user=a";
const addressOf = (url: string, env: NodeJS.ProcessEnv = {}) => engineBackend(url, { env })["PULUMI_BACKEND_URL"];
const modeOf = (query: string, env: NodeJS.ProcessEnv = {}) => new URL(addressOf(`postgres://a@db.example.com/b?${query}`, env)!).searchParams.get("sslmode");

afterEach(() => void vi.unstubAllEnvs());

describe("engineBackend", () => {
  it.each([
    ["postgresql://a@db.example.com/b?sslmode=require&channel_binding=require", `${AT}&sslmode=require`],
    ["postgres://a@db.example.com/b?uselibpqcompat=true&sslmode=require&pgbouncer=true&schema=public", `${AT}&sslmode=require`],
    ["postgres://a@db.example.com/b?options=-c+search_path%3Dx&table=x.state&connect_timeout=10&sslmode=verify-full&sslrootcert=/ca.pem", `${AT}&sslrootcert=%2Fca.pem&connect_timeout=10&options=-c+search_path%3Dx&table=x.state&sslmode=verify-full`],
    ["postgres:///b?host=/run/postgresql", "postgres:///b?host=%2Frun%2Fpostgresql&port=5432&user=of-process&sslmode=disable"],
    ["postgres://a@%2Frun%2Fpostgresql/b", "postgres:///b?host=%2Frun%2Fpostgresql&port=5432&user=a&sslmode=disable"],
    ["postgres://a%40c@[::1]:5433/b%20d", "postgres:///b%20d?host=%3A%3A1&port=5433&user=a%40c&sslmode=disable"],
    ["file:///tmp/state?no_tmp_dir=true", "file:///tmp/state?no_tmp_dir=true"],
  ])("of %s is what Go's driver takes", (given, expected) => {
    vi.stubEnv("PGUSER", "of-process");
    assert.equal(addressOf(given), expected);
  });

  it("names files of certificates in full, because the engine works in another folder", () => {
    const { searchParams } = new URL(addressOf("postgres://a@db.example.com/b?sslrootcert=ca.pem&sslcert=./client.pem&sslkey=/srv/client.key")!);
    assert.deepEqual(["sslrootcert", "sslcert", "sslkey"].map((name) => searchParams.get(name)), [resolve("ca.pem"), resolve("client.pem"), "/srv/client.key"]);
    assert.equal(new URL(addressOf("postgres://a@db.example.com/b?sslrootcert=system")!).searchParams.get("sslrootcert"), "system");
  });

  it("holds no password: that goes by PGPASSWORD, without its escapes", () => {
    for (const [given, expected] of [["p%25w%2F%40", "p%w/@"], ["fake-password", "fake-password"]]) {
      for (const url of [`postgres://a:${given}@db.example.com/b?sslmode=require`, `postgres://a@db.example.com/b?password=${given}&sslmode=require`]) {
        assert.deepEqual([addressOf(url), engineBackend(url)["PGPASSWORD"]], [`${AT}&sslmode=require`, expected], url);
      }
    }
    assert.ok(!("PGPASSWORD" in engineBackend("postgres://a@db.example.com/b")), "one of the environment would be lost");
  });

  it("is refused where node-postgres reads it in a way of its own, without a word of it", () => {
    for (const given of ["postgres://a:fake%40pass%@db.example.com/b", "postgres://a:50%@db.example.com/b", "postgres://a:fake-pass#word@db.example.com/b"]) {
      assert.throws(() => engineBackend(given), (error: { code: string; message: string }) => error.code === "CONFIG_INVALID" && !/fake|50%|pass%/.test(error.message), given);
    }
  });

  it("speaks TLS where node-postgres does", () => {
    const modes = [
      ["", "disable"], ["ssl=0", "disable"], ["ssl=true", "verify-full"], ["ssl=1", "verify-full"], ["ssl=no-verify", "require"], ["ssl=true&sslmode=disable", "disable"],
      ["sslmode=no-verify", "require"], ["sslmode=prefer", "prefer"], ["sslmode=verify-ca", "verify-ca"], ["sslmode=nonsense", "verify-full"], ["sslrootcert=/ca.pem", "verify-full"], ["sslnegotiation=direct", "verify-full"],
    ];
    assert.deepEqual(modes.map(([query]) => [query, modeOf(query!)]), modes);
  });

  it("obeys PGSSLMODE as node-postgres does, and leaves none that Go's driver would refuse", () => {
    const modes = [["require", "require"], ["verify-full", "verify-full"], ["no-verify", "require"], ["allow", "disable"], ["nonsense", "disable"]];
    assert.deepEqual(modes.map(([mode]) => [mode, modeOf("", { PGSSLMODE: mode })]), modes);
    assert.equal(modeOf("sslmode=disable", { PGSSLMODE: "require" }), "disable");
    assert.equal(engineBackend("postgres://a@db.example.com/b", { env: { PGSSLMODE: "no-verify" } })["PGSSLMODE"], "require");
  });

  it("leaves none of libpq's variables by which Go's driver would go elsewhere, or not at all", () => {
    const env = { PGSERVICE: "other", PGSERVICEFILE: "/srv/services", PGHOSTADDR: "192.0.2.1", PGHOST: "other.example.com", PGPORT: "6432", PGTARGETSESSIONATTRS: "read-only", PGCHANNELBINDING: "require", PGSSLCRL: "/srv/crl", PGPASSFILE: "/srv/pass", LANG: "C" };
    const left = Object.entries({ ...env, ...engineBackend("postgres://a@db.example.com/b", { env }) }).filter(([, value]) => value !== undefined);
    assert.deepEqual(Object.fromEntries(left), { PGPASSFILE: "/srv/pass", LANG: "C", PULUMI_BACKEND_URL: `${AT}&sslmode=disable`, PGSSLMODE: "disable" });
  });

  it("is completed as node-postgres does it, from the process's own environment and not from the engine's", () => {
    const ofProcess = { PGHOST: "own.example.com", PGPORT: "6543", PGUSER: "carol", PGDATABASE: "states", PGOPTIONS: "-c search_path=x" };
    for (const [name, value] of Object.entries(ofProcess)) vi.stubEnv(name, value);
    const env = { PGHOST: "other.example.com", PGPORT: "1", PGUSER: "other", PGDATABASE: "other", PGOPTIONS: "-c search_path=other" };
    for (const url of ["postgres://", "postgres:///b", "postgres://a@db.example.com:5433/b?options=-c+geqo%3Doff"]) {
      const { host, port, user, database } = new Client({ connectionString: url });
      const told = new URL(addressOf(url, env)!);
      assert.deepEqual([told.searchParams.get("host"), told.searchParams.get("port"), told.searchParams.get("user"), told.searchParams.get("dbname") ?? told.pathname.slice(1)], [host, String(port), user, database], url);
    }
    assert.equal(new URL(addressOf("postgres:///b", env)!).searchParams.get("options"), ofProcess.PGOPTIONS);
  });

  it("is the same again when it is what was given", () => {
    const once = addressOf("postgresql://a@db.example.com:5433/b?ssl=true&channel_binding=require")!;
    assert.equal(addressOf(once), once);
  });
});
