// What a seller's program does with Paddle's own SDK, against the address it is given: node journey.mjs URL KEY CONTROL-URL. Every step checks
// what it got; the names of the steps are printed as they succeed.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { Paddle } from "@paddle/paddle-node-sdk";

const [url, key, control] = process.argv.slice(2);
const paddle = new Paddle(key, { environment: url });
const ask = async (method, path, body) => {
  const answer = await fetch(control + path, { method, body: body && JSON.stringify(body), headers: { "content-type": "application/json" } });
  assert.ok(answer.ok, `${method} ${path} answered ${answer.status}: ${await answer.clone().text()}`);
  return answer.status === 204 ? null : answer.json();
};
const all = async (collection) => {
  const found = [];
  for await (const one of collection) found.push(one);
  return found;
};
const sum = (list, of) => list.reduce((total, one) => total + BigInt(of(one)), 0n).toString();

let sale;
const steps = {
  async "lists transactions over several pages with filters"() {
    const from = "2026-06-01T00:00:00Z";
    const collection = paddle.transactions.list({ status: ["completed"], "updatedAt[GTE]": from, perPage: 30, orderBy: "id[ASC]" });
    const pages = [];
    do pages.push(await collection.next());
    while (collection.hasMore);
    assert.ok(pages.length > 2 && pages.slice(0, -1).every((page) => page.length === 30), "full pages of 30");
    const ids = pages.flat().map((one) => one.id);
    assert.deepEqual(ids, [...new Set(ids)].sort(), "each once, in the order of ids");
    assert.ok(pages.flat().every((one) => one.status === "completed" && one.updatedAt >= from && one.details.totals.earnings !== null));
    const direct = await all(paddle.transactions.list({ id: ids.slice(0, 7) }));
    assert.deepEqual(direct.map((one) => one.id).sort(), ids.slice(0, 7));
    assert.ok(collection.estimatedTotal >= ids.length);
  },

  async "gets one with what belongs to it"() {
    const [first] = await paddle.transactions.list({ status: ["completed"], collectionMode: "automatic", perPage: 1, origin: ["web"] }).next();
    const one = await paddle.transactions.get(first.id, { include: ["customer", "address", "adjustment", "adjustments_totals"] });
    assert.equal(one.id, first.id);
    assert.equal(one.customer.id, first.customerId);
    assert.match(one.customer.email, /@example\.(com|org|net)$/);
    assert.match(one.address.countryCode, /^[A-Z]{2}$/);
    assert.equal(one.adjustmentsTotals.currencyCode, one.currencyCode);
    const { lineItems, totals } = one.details;
    assert.equal(sum(lineItems, (line) => line.totals.total), totals.total);
    assert.equal(BigInt(totals.subtotal) - BigInt(totals.discount) + BigInt(totals.tax), BigInt(totals.total));
    assert.equal(BigInt(totals.total) - BigInt(totals.tax) - BigInt(totals.fee), BigInt(totals.earnings));
    assert.match((await paddle.transactions.getInvoicePDF(first.id)).url, /^http/);
  },

  async "walks products and prices"() {
    const products = await all(paddle.products.list({ status: ["active", "archived"], include: ["prices"], perPage: 5 }));
    assert.ok(products.length >= 8 && products.some((one) => one.status === "archived"));
    const prices = await all(paddle.prices.list({ status: ["active", "archived"], perPage: 5 }));
    assert.deepEqual(products.flatMap((one) => one.prices.map((price) => price.id)).sort(), prices.map((one) => one.id).sort());
    const price = await paddle.prices.get(prices[0].id, { include: ["product"] });
    assert.equal(price.product.id, price.productId);
    assert.equal((await paddle.products.get(price.productId)).name, price.product.name);
  },

  async "previews, makes, changes and completes a transaction"() {
    const product = await paddle.products.create({ name: "Field notes", taxCategory: "ebooks" });
    const price = await paddle.prices.create({
      productId: product.id,
      description: "One copy",
      taxMode: "external",
      unitPrice: { amount: "2500", currencyCode: "USD" },
    });
    const preview = await paddle.transactions.preview({ items: [{ priceId: price.id, quantity: 3 }], currencyCode: "USD", address: { countryCode: "US", postalCode: "10021" } });
    assert.equal(preview.details.totals.subtotal, "7500");
    const [sold] = await paddle.transactions.list({ status: ["completed"], perPage: 1, origin: ["web"] }).next();
    const made = await paddle.transactions.create({
      items: [{ priceId: price.id, quantity: 2 }],
      customerId: sold.customerId,
      addressId: sold.addressId,
      currencyCode: "USD",
      customData: { ref: "partner-01" },
    });
    assert.equal(made.status, "ready");
    assert.equal(made.details.totals.subtotal, "5000");
    assert.equal(made.details.payoutTotals, null);
    const changed = await paddle.transactions.update(made.id, { items: [{ priceId: price.id, quantity: 4 }] });
    assert.equal(changed.details.totals.subtotal, "10000");
    await ask("POST", `/objects/${made.id}/complete`);
    const done = await paddle.transactions.get(made.id);
    assert.equal(done.status, "completed");
    assert.equal(done.customData.ref, "partner-01");
    assert.equal(done.payments[0].status, "captured");
    assert.equal(done.payments[0].amount, done.details.totals.grandTotal);
    assert.notEqual(done.details.totals.earnings, null);
    const revised = await paddle.transactions.revise(made.id, { customer: { name: "Robin Doe" } });
    assert.notEqual(revised.revisedAt, null);
    sale = done;
  },

  async "makes an adjustment"() {
    const line = sale.details.lineItems[0];
    const refund = await paddle.adjustments.create({
      action: "refund",
      transactionId: sale.id,
      reason: "error",
      items: [{ itemId: line.id, type: "partial", amount: "1000" }],
    });
    assert.equal(refund.status, "pending_approval");
    assert.equal(refund.totals.total, "1000");
    assert.equal(refund.items[0].itemId, line.id);
    await assert.rejects(paddle.adjustments.create({ action: "refund", transactionId: sale.id, reason: "error", type: "full" }), { code: "adjustment_pending_refund_request" });
    await ask("POST", `/objects/${refund.id}/approve`);
    const [approved] = await paddle.adjustments.list({ id: [refund.id] }).next();
    assert.equal(approved.status, "approved");
    const adjusted = await paddle.transactions.get(sale.id);
    assert.equal(BigInt(adjusted.details.totals.total) - 1000n, BigInt(adjusted.details.adjustedTotals.total));
    const reversed = await all(paddle.adjustments.list({ status: ["reversed"], perPage: 50 }));
    assert.ok(reversed.length > 0 && reversed.every((one) => one.action !== "refund"));
    const beside = await all(paddle.adjustments.list({ transactionId: [reversed[0].transactionId] }));
    assert.ok(beside.some((one) => one.action === `${reversed[0].action}_reverse` && one.totals.total === `-${reversed[0].totals.total}`));
  },

  async "makes a report and downloads its file"() {
    const report = await paddle.reports.create({ type: "transactions", filters: [{ name: "updated_at", operator: "gte", value: "2026-10-01T00:00:00Z" }] });
    assert.equal(report.status, "pending");
    await assert.rejects(paddle.reports.create({ type: "adjustments" }), { code: "concurrent_report_generation_not_allowed" });
    await ask("POST", "/clock", { advance: "PT1M" });
    const ready = await paddle.reports.get(report.id);
    assert.equal(ready.status, "ready");
    const link = await paddle.reports.getReportCsv(report.id);
    const lines = (await (await fetch(link.url)).text()).trim().split(/\r?\n/);
    assert.equal(lines.length - 1, ready.rows);
    assert.ok(ready.rows > 10 && lines[1].includes("txn_"));
  },

  async "gets a signed webhook and verifies it"() {
    const calls = [];
    const server = createServer(async (request, response) => {
      let body = "";
      for await (const part of request) body += part;
      calls.push({ body, signature: request.headers["paddle-signature"] });
      response.end();
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const setting = await paddle.notificationSettings.create({
      description: "A subscriber",
      type: "url",
      destination: `http://127.0.0.1:${server.address().port}/hooks`,
      subscribedEvents: ["product.created"],
    });
    const product = await paddle.products.create({ name: "Announced", taxCategory: "saas" });
    for (const deadline = Date.now() + 20_000; calls.length === 0 && Date.now() < deadline; ) await new Promise((resolve) => setTimeout(resolve, 20));
    server.close();
    const event = await paddle.webhooks.unmarshal(calls[0].body, setting.endpointSecretKey, calls[0].signature);
    assert.equal(event.eventType, "product.created");
    assert.equal(event.data.id, product.id);
    await assert.rejects(paddle.webhooks.unmarshal(calls[0].body + " ", setting.endpointSecretKey, calls[0].signature));
    await paddle.notificationSettings.delete(setting.id);
  },

  async "lists events and their types"() {
    const types = await paddle.eventTypes.list();
    assert.ok(types.some((type) => type.name === "transaction.completed"));
    const [page] = [await paddle.events.list({ perPage: 50, orderBy: "id[DESC]" }).next()];
    assert.equal(page.length, 50);
    assert.deepEqual(page.map((one) => one.eventId), page.map((one) => one.eventId).sort().reverse());
    const completed = page.find((one) => one.eventType === "transaction.completed" && one.data.id === sale.id);
    assert.equal(completed.data.status, "completed");
  },

  async "is refused as Paddle refuses"() {
    await assert.rejects(paddle.transactions.get("txn_01hv8m0mnx3sj85e7gxc6kga03"), { code: "not_found", type: "request_error" });
    await assert.rejects(new Paddle(key.replace("sdbx", "live"), { environment: url }).eventTypes.list(), { code: "invalid_token" });
    const { key: weak } = await ask("POST", "/keys", { permissions: ["product.read"] });
    await assert.rejects(new Paddle(weak, { environment: url }).transactions.list().next(), { code: "forbidden" });
  },
};

for (const [name, step] of Object.entries(steps)) {
  await step();
  console.log(name);
}
