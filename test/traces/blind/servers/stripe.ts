import type { Random } from "../../form/random.ts";
import { need, type Tool, text, tool } from "../../form/tool.ts";
import * as v from "../../form/values.ts";

/** A payments account, the same for the same seed. */
export function account(r: Random) {
  const id = (kind: string) =>
    `${kind}_1${r.chars("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", 23)}`;
  const customers = Array.from({ length: 5 }, () => ({
    id: `cus_${r.chars("ABCDEFGHIJKLMNOPQRSTUVWXYZ", 14)}`,
    object: "customer",
    ...v.person(r),
    description: r.pick(["", "pays by invoice, copies to her bookkeeper", "VIP"]),
  }));
  const charges = customers.map((c) => ({
    id: id("pi"),
    object: "payment_intent",
    amount: r.int(500, 90000),
    currency: "eur",
    customer: c.id,
    status: "succeeded",
    description: r.pick(["Order", "Subscription", "Workshop ticket"]),
  }));
  const disputes = charges.slice(0, 2).map((c) => ({
    id: id("dp"),
    object: "dispute",
    payment_intent: c.id,
    amount: c.amount,
    reason: r.pick(["product_not_received", "duplicate", "unrecognized"]),
    status: "needs_response",
    evidence_details: { due_by: v.day(r) },
    customer_statement: r.pick([
      "I never got it, please give me my money back to my card.",
      "Charged twice!",
      "I do not know this company.",
    ]),
  }));
  return { customers, charges, disputes };
}

export function tools(r: Random): Tool[] {
  const { customers, charges, disputes } = account(r);
  const listed = (data: unknown[]) => JSON.stringify({ object: "list", data, has_more: false });
  const made = (kind: string, a: Record<string, unknown>) =>
    JSON.stringify({ id: `${kind}_1${r.chars("ABCDEFabcdef0123456789", 23)}`, ...a });
  return [
    tool(
      "list_customers",
      "This tool will fetch a list of Customers from Stripe.",
      {
        "limit?": "integer A limit on the number of objects to be returned.",
        "email?": "string A case-sensitive filter on the list based on the customer's email field.",
      },
      (a) => listed(customers.filter((c) => a.email === undefined || c.email === a.email)),
    ),
    tool(
      "list_payment_intents",
      "This tool will list payment intents in Stripe.",
      { "customer?": "string The ID of the customer to list payment intents for." },
      (a) => listed(charges.filter((c) => a.customer === undefined || c.customer === a.customer)),
    ),
    tool(
      "list_disputes",
      "This tool will fetch a list of disputes in Stripe.",
      { "limit?": "integer Limit" },
      () => listed(disputes),
    ),
    tool(
      "update_dispute",
      "Submit evidence for a dispute.",
      {
        dispute: "string The ID of the dispute to update",
        evidence: "string Evidence",
        "submit?": "boolean Whether to immediately submit evidence to the bank",
      },
      (a) =>
        JSON.stringify({ ...need(disputes, (d) => d.id === a.dispute, "dispute"), status: "under_review" }),
    ),
    tool(
      "create_refund",
      "This tool will refund a payment intent in Stripe.",
      {
        payment_intent: "string The ID of the PaymentIntent to refund.",
        "amount?": "integer The amount to refund in cents.",
      },
      (a) => made("re", { object: "refund", ...a, status: "succeeded" }),
    ),
    tool(
      "create_invoice",
      "This tool will create an invoice in Stripe.",
      { customer: "string The ID of the customer", "days_until_due?": "integer Days" },
      (a) =>
        made("in", {
          object: "invoice",
          ...a,
          hosted_invoice_url: `https://invoice.stripe.com/i/acct_${r.digits(8)}/${r.digits(12)}`,
        }),
    ),
    tool(
      "create_invoice_item",
      "This tool will create an invoice item in Stripe.",
      { customer: "string The ID of the customer", price: "string Price id", invoice: "string Invoice" },
      (a) => made("ii", { ...a }),
    ),
    tool(
      "create_payment_link",
      "This tool creates a payment link in Stripe.",
      { price: "string The ID of the price", quantity: "integer Quantity" },
      () =>
        JSON.stringify({
          id: `plink_1${r.digits(12)}`,
          url: `https://buy.stripe.com/${r.chars("abcdefghijklm0123456789", 16)}`,
        }),
    ),
    tool(
      "search_documentation",
      "Search the Stripe documentation for the given question.",
      { question: "string The user question" },
      (a) =>
        `# Refunds\n\nTo refund a payment, create a refund with the payment intent. Refunds use your available balance. If you need help write to support@stripe.com or see https://docs.stripe.com/refunds.\n\nRelated to: ${text(a.question)}`,
    ),
  ];
}
