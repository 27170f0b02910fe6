import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { destinationsIn } from "./destinations.ts";
import { hardValuesIn, valuesIn } from "./values.ts";

const hard = (text: string): string[] =>
  hardValuesIn(text).map(({ kind, text: value }) => `${kind} ${value}`);
const all = (text: string): string[] => valuesIn(text).map(({ kind, text: value }) => `${kind} ${value}`);

describe("addresses, links and accounts", () => {
  it.each([
    ["Mail Ana.B+x@Acme.example, please", "email ana.b+x@acme.example"],
    ["<mailto:ana@acme.example>", "email ana@acme.example"],
    ["see (https://www.News.example/a?b=1).", "url news.example/a?b=1"],
    ["[text](http://news.example/x/)", "url news.example/x"],
    ["go to www.news.example now", "url www.news.example".replace("www.", "")],
    ["http://[::1]:80/x", "url [::1]:80/x"],
    ["visit acme-tools.com today", "url acme-tools.com"],
    ["at bit.ly/2abC", "url bit.ly/2abc"],
    ["clone github.com/acme/tools.git", "url github.com/acme/tools.git"],
    ["pay to DE89370400440532013000 now", "account de89370400440532013000"],
    ["pay to DE89 3704 0044 0532 0130 00 now", "account de89370400440532013000"],
    ["US133000000121212121212.", "account us133000000121212121212"],
    ["call +43 664 1234567", "account +436641234567"],
    ["call 555-0134-2211", "account 55501342211"],
    ["order 7730018842", "account 7730018842"],
    ["0x52908400098527886E0F7030069857D2E4169EE7", "account 0x52908400098527886e0f7030069857d2e4169ee7"],
    ["bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", "account bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"],
  ])("%s", (text, value) => {
    expect(hard(text)).toEqual([value]);
  });

  it.each([
    "rated 3.8/4.0 in report.csv, e.g. by index.ts, i.e. Node.js v20.11.1",
    "logger.info(x); console.log(y); src/foo.ts:12 main.py utils.rs README.md",
    "on 2026-11-21 10:30:00, 2024.05.01, from 09:30 to 17:00, 1,234.56 and 12.5%",
    "@ana said a@b and x @ y, 192.168 or so",
    "meet me at example at dot, look at the dot on the map",
    "DE12 is short and AB is shorter",
  ])("none in: %s", (text) => {
    expect(hard(text)).toEqual([]);
  });

  it.each([
    ["mark dot black at example dot com", "mark.black@example.com"],
    ["mark.black [at] example [dot] com", "mark.black@example.com"],
    ["mark(at)example.com", "mark@example.com"],
    ["mark {at} dept {dot} example {dot} com", "mark@dept.example.com"],
    ["mark.black@\u200bexample\u200b.com", "mark.black@example.com"],
    ["ｍａｒｋ＠ｅｘａｍｐｌｅ．ｃｏｍ", "mark@example.com"],
    ["mark[@]example[.]com", "mark@example.com"],
    ["𝐦𝐚𝐫𝐤@example.com", "mark@example.com"],
    ["mark@bücher.example", "mark@xn--bcher-kva.example"],
    ["mark@xn--bcher-kva.example", "mark@xn--bcher-kva.example"],
  ])("written otherwise are the same: %s", (text, address) => {
    expect(hard(`send it to ${text} today`)).toContain(`email ${address}`);
  });

  it("stand where they stand, also where invisible characters were taken out", () => {
    const text = "a\u200bb: send to mark@\u200bexample.com, or DE89 3704 0044 0532 0130 00!";
    expect(hardValuesIn(text).map(({ from, to }) => text.slice(from, to))).toEqual([
      "mark@\u200bexample.com",
      "DE89 3704 0044 0532 0130 00",
    ]);
  });

  it("defanged links are links", () => {
    expect(hard("hxxps://evil[.]example/x")).toEqual(["url evil.example/x"]);
  });
});

describe("values", () => {
  it.each([
    ["2024-05-01T10:30:00Z", ["date 2024-05-01", "clock 10:30"]],
    ["10:30", ["clock 10:30"]],
    ["42", ["number 42"]],
    ["/etc/hosts", ["path /etc/hosts"]],
    ["~/.ssh/id_rsa", ["path ~/.ssh/id_rsa"]],
    ["Report.csv", ["path report.csv"]],
    ["ORD-77AB1200", ["id ord-77ab1200"]],
    ["Luxury", ["word luxury"]],
    ["Luxury Palace", ["word luxury", "phrase luxury palace", "word palace"]],
  ])("%s", (text, values) => {
    expect(all(text).toSorted()).toEqual(values.toSorted());
  });

  it("dates as people write them", () => {
    const dates = (text: string): string[] => all(text).filter((each) => each.startsWith("date "));
    expect(dates("from the 1st to the 5th of May")).toEqual(["date --05-01", "date --05-05"]);
    expect(dates("on May 3rd, 2024")).toEqual(["date 2024-05-03"]);
    expect(dates("June 3-7")).toEqual(["date --06-03", "date --06-07"]);
    expect(dates("we may 3 times")).toEqual(["date --05-03"]); // the price of taking `may` for a month
    expect(dates("march on 99 and octopus 3")).toEqual([]);
  });
});

describe("any text", () => {
  const unit = fc.constantFrom(
    ..."a1Z@.-+:/ \n[](){}wdot0x\u200bé．",
    "www.",
    "://",
    " at ",
    " dot ",
    "DE89",
    ".com",
  );
  it("has a bounded number of values, each where it says", () => {
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 400 }), (text) => {
        const values = valuesIn(text);
        expect(values.length).toBeLessThanOrEqual(512);
        for (const { from, to } of values) {
          expect(from).toBeLessThan(to);
          expect(to).toBeLessThanOrEqual(text.length);
        }
        const hardOnly = new Set(hardValuesIn(text).map(({ text: value }) => value));
        for (const { hard: isHard, text: value } of values) if (isHard) expect(hardOnly).toContain(value);
        expect(destinationsIn(text).length).toBeLessThanOrEqual(64);
      }),
    );
  });
});
