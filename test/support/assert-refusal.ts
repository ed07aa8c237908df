import assert from "node:assert/strict";

/** That an answer is a refusal in the one shape, with this status and code. */
export function assertRefusal(answer: { statusCode: number; body: string; headers: Record<string, unknown> }, status: number, code: string): { message: string; details?: { path: string; message: string }[] } {
  assert.equal(answer.statusCode, status, answer.body);
  assert.match(String(answer.headers["content-type"]), /^application\/json/);
  const { error, ...rest } = JSON.parse(answer.body);
  assert.deepEqual(rest, {});
  assert.deepEqual(Object.keys(error).filter((key) => !["code", "message", "next", "requestId", "details"].includes(key)), []);
  assert.equal(error.code, code, error.message);
  assert.ok(error.message.length > 0 && error.next.length > 0);
  assert.match(error.requestId, /^[0-9a-f-]{36}$/);
  return error;
}
