import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { check, create, diff, read, remove, update } from "../../../providers/credentials/credentials-provider.ts";

const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const STATE = { rotation: 1, password: "fake-password", jwtSecret: "fake-jwt-secret", createdAt: "2026-01-01T00:00:00.000Z" };

describe("Credentials' provider", () => {
  it("creates a password and a JWT secret with the time, under an id that tells nothing", async () => {
    const { id, outs } = await create({ rotation: "a" });
    assert.match(id, /^[0-9a-f-]{36}$/);
    assert.deepEqual(Object.keys(outs).sort(), ["createdAt", "jwtSecret", "password", "rotation"]);
    assert.equal(outs.rotation, "a");
    assert.equal(new Date(outs.createdAt).toISOString(), outs.createdAt);
    assert.ok(outs.password.length >= 24 && outs.jwtSecret.length >= 43);
  });

  it("makes new ones when the rotation changes", async () => {
    const { outs } = await update("id", STATE, { rotation: 2 });
    assert.equal(outs.rotation, 2);
    for (const name of ["password", "jwtSecret", "createdAt"] as const) assert.notEqual(outs[name], STATE[name]);
  });

  it("keeps them in an update for any other reason", async () => {
    assert.deepEqual(await update("id", STATE, { rotation: 1 }), { outs: STATE });
  });

  it("keeps them, and which ones they are, when the rotation is not given any more: nothing would bring new ones to the VPS", async () => {
    for (const news of [{}, { rotation: undefined }] as object[]) assert.deepEqual(await update("id", STATE, news), { outs: STATE });
    const { rotation: _, ...neverRotated } = STATE;
    assert.deepEqual(await update("id", neverRotated, {}), { outs: neverRotated });
  });

  it("makes new ones at the first rotation of a stack that never had one", async () => {
    const { rotation: _, ...neverRotated } = STATE;
    assert.deepEqual(await diff("id", neverRotated, { rotation: 1 }), { changes: true });
    assert.notEqual((await update("id", neverRotated, { rotation: 1 })).outs!.password, STATE.password);
  });

  it("reads what is in the state", async () => assert.deepEqual(await read("id", STATE), { id: "id", props: STATE }));

  it("has nothing to delete", async () => assert.equal(await remove("id", STATE), undefined));

  describe("diff", () => {
    it("finds none while the rotation stays, whatever the text of the provider", async () => assert.deepEqual(await diff("id", STATE, { rotation: 1, __provider: "text" } as object), { changes: false }));
    it("is an update in place when the rotation changes", async () => assert.deepEqual(await diff("id", STATE, { rotation: 2 }), { changes: true }));
    it("finds none when the rotation is not given any more", async () => assert.deepEqual(await diff("id", STATE, {}), { changes: false }));
    it("counts a rotation that is not known yet as changed", async () => assert.deepEqual(await diff("id", STATE, { rotation: UNKNOWN }), { changes: true }));
  });

  describe("check", () => {
    for (const rotation of [undefined, "a", 1, UNKNOWN]) {
      it(`accepts the rotation ${rotation}`, async () => {
        const inputs = rotation === undefined ? {} : { rotation };
        assert.deepEqual(await check({}, inputs), { inputs, failures: [] });
      });
    }
    it("refuses another kind of rotation", async () => {
      const { failures } = await check({}, { rotation: true } as object);
      assert.deepEqual(failures, [{ property: "rotation", reason: "INPUT_INVALID: expected a string or a number" }]);
    });
  });
});
