import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { describe, it } from "vitest";
import { agreeToPrice, priceText } from "../../../src/cli/hostinger/agree-to-price.ts";
import { confirmTyped } from "../../../src/cli/confirm.ts";
import type { Terminal } from "../../../src/cli/confirm.ts";
import { EXIT, exitCodeOf, NotConfirmed } from "../../../src/cli/exit-codes.ts";

const PRICE = { id: "item", name: "monthly", planName: "KVM 1", currency: "USD", priceCents: 1399, firstPeriodPriceCents: 499, period: 1, periodUnit: "month" };

/** A terminal at which somebody types. */
function typing(keys: string): Terminal & { readonly shown: () => string } {
  const input = new PassThrough();
  const output = new PassThrough();
  let shown = "";
  let typed = false;
  output.on("data", (chunk: Buffer) => {
    shown += chunk.toString();
    if (typed || !shown.includes("Type ")) return;
    typed = true;
    // Not within the drawing of the prompt, which listens only afterwards.
    setTimeout(() => { for (const key of keys) input.write(key); }, 10);
  });
  return { input, output, isInteractive: true, shown: () => shown };
}

const nobody: Terminal = { input: new PassThrough(), output: new PassThrough(), isInteractive: false };
const question = { what: "It will be wiped.", expected: "alice", option: "--confirm alice" };

function refused(promise: Promise<void>, message: RegExp): Promise<void> {
  return assert.rejects(promise, (error) => {
    assert.ok(error instanceof NotConfirmed);
    assert.match(error.message, message);
    assert.equal(exitCodeOf(error), EXIT.notConfirmed);
    return true;
  });
}

describe("typed confirmation", { timeout: 10_000 }, () => {
  it("is given by typing exactly what is asked for", async () => {
    const terminal = typing("alice\r");
    await confirmTyped(question, terminal);
    assert.match(terminal.shown(), /It will be wiped\./);
  });

  it("is not given by anything else, nor by Ctrl-C", async () => {
    for (const keys of ["alic\r", "yes\r", "\r", "\u0003"]) await refused(confirmTyped(question, typing(keys)), /nothing was done/);
  });

  it("is not given where nobody can be asked, but by the option", async () => {
    await refused(confirmTyped(question, nobody), /Nobody can be asked here.*--confirm alice/);
    await confirmTyped({ ...question, given: "alice" }, nobody);
    await refused(confirmTyped({ ...question, given: "bob" }, nobody), /Expected 'alice' as confirmation, got 'bob'/);
  });
});

describe("agreement to a price", { timeout: 10_000 }, () => {
  const offer = { hostname: "alice.spoq.dev", price: PRICE, yes: false, maxPriceCents: undefined };

  it("shows the first and the later price before it asks", async () => {
    const terminal = typing("alice.spoq.dev\r");
    await agreeToPrice(offer, terminal);
    assert.match(terminal.shown().replaceAll(/\s+/g, " "), /4\.99 USD for the first month, then 13\.99 USD for each month/);
    await refused(agreeToPrice(offer, typing("y\r")), /nothing was done/);
  });

  it("by --yes needs a limit, which counts for the first and for later periods", async () => {
    await agreeToPrice({ ...offer, yes: true, maxPriceCents: 1399 }, nobody);
    await refused(agreeToPrice({ ...offer, yes: true }, nobody), /--max-price-cents 1399/);
    await refused(agreeToPrice({ ...offer, yes: true, maxPriceCents: 1398 }, nobody), /not within/);
    await refused(agreeToPrice({ ...offer, yes: true, maxPriceCents: 1399, price: { ...PRICE, firstPeriodPriceCents: 1500 } }, nobody), /not within/);
    await refused(agreeToPrice({ ...offer, yes: true, maxPriceCents: 99_999, price: { ...PRICE, priceCents: null } }, nobody), /does not tell its price/);
  });

  it("names a price that does not change only once, and a period of several months", () => {
    assert.equal(priceText({ ...PRICE, firstPeriodPriceCents: 1399 }), "KVM 1 (item) costs 13.99 USD for each month.");
    assert.match(priceText({ ...PRICE, period: 12 }), /for the first 12 months, then 13\.99 USD for each 12 months\.$/);
  });
});
