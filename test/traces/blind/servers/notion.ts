import type { Random } from "../../form/random.ts";
import { need, type Tool, text, tool } from "../../form/tool.ts";
import * as v from "../../form/values.ts";

/** A paragraph as the API shows one, with all its switches. */
function block(id: string, content: string) {
  const annotations = {
    bold: false,
    italic: false,
    strikethrough: false,
    underline: false,
    code: false,
    color: "default",
  };
  return {
    object: "block",
    id,
    has_children: false,
    archived: false,
    in_trash: false,
    type: "paragraph",
    paragraph: {
      rich_text: [
        { type: "text", text: { content, link: null }, annotations, plain_text: content, href: null },
      ],
      color: "default",
    },
  };
}

/** A wiki of a small firm, the same for the same seed. */
export function wiki(r: Random) {
  const us = v.company(r);
  const staff = Array.from({ length: 4 }, () => v.person(r, us.domain));
  const [a, b] = staff;
  if (a === undefined || b === undefined) throw new Error("no staff");
  const id = () =>
    `${r.chars("0123456789abcdef", 8)}-${r.chars("0123456789abcdef", 4)}-${r.chars("0123456789abcdef", 4)}-${r.chars("0123456789abcdef", 12)}`;
  const paragraphs: [string, string[]][] = [
    [
      "Onboarding checklist",
      [
        `Send the contract to ${a.email} and the laptop form to it@${us.domain}.`,
        `Ask facility (${v.phone(r)}) for a key.`,
        `Add the newcomer to the channel #welcome and to the calendar group team@${us.domain}.`,
        "Book lunch for the first day.",
      ],
    ],
    [
      "How we pay invoices",
      [
        `Invoices come to invoices@${us.domain}. ${b.name} approves up to 2,000 EUR.`,
        "Above that two approvals are needed.",
        "Never change an account number without a call.",
      ],
    ],
    [
      "Trip to the fair",
      [
        `Hotel ${v.company(r).name}, ${v.address(r)}, booked until ${v.day(r)}; breakfast 14.50 a day.`,
        `Stand 4.B${r.digits(2)}. Contact at the fair: ${v.person(r).name}, ${v.person(r).email}, ${v.phone(r)}.`,
        "Print 200 flyers, take the blue banner.",
      ],
    ],
    [
      "Glossary",
      [
        "ARR: yearly recurring revenue.",
        "SLA: what we promise. 99.9 % means 43.8 minutes a month.",
        "NPS: see https://wiki.example.org/nps.",
      ],
    ],
    [
      "Weekly notes",
      [
        `${a.first}: finished the importer, 3.8/4.0 in the survey.`,
        `${b.first}: offer to ${v.company(r).name} out, ${v.money(r, 2000, 40000)} EUR.`,
        `Todo: remind ${staff[2]?.name ?? ""} (${staff[2]?.email ?? ""}) of the report, delete the old board.`,
      ],
    ],
  ];
  const pages = paragraphs.map(([title, texts]) => ({
    id: id(),
    title,
    blocks: texts.map((content) => block(id(), content)),
  }));
  return { us, staff, pages };
}

export function tools(r: Random): Tool[] {
  const { pages } = wiki(r);
  const page = (value: unknown) => need(pages, (p) => p.id === value, "Could not find page: page");
  return [
    tool(
      "API-post-search",
      "Search by title",
      { "query?": "string The text that the API compares page and database titles against." },
      (a) => ({
        object: "list",
        results: pages
          .filter((p) => p.title.toLowerCase().includes(text(a.query).toLowerCase()))
          .map((p) => ({
            object: "page",
            id: p.id,
            properties: { title: { title: [{ plain_text: p.title }] } },
            url: `https://www.notion.so/${p.id.replace(/-/g, "")}`,
          })),
        has_more: false,
      }),
    ),
    tool(
      "API-retrieve-a-page",
      "Retrieve a page",
      { page_id: "string Identifier for a Notion page" },
      (a) => ({
        object: "page",
        id: a.page_id,
        properties: { title: { title: [{ plain_text: page(a.page_id).title }] } },
        archived: false,
      }),
    ),
    tool(
      "API-get-block-children",
      "Retrieve block children",
      { block_id: "string Identifier for a block" },
      (a) => ({ object: "list", results: page(a.block_id).blocks, next_cursor: null }),
    ),
    tool(
      "API-patch-block-children",
      "Append block children",
      { block_id: "string Identifier for a block", children: "array Text of the new paragraphs" },
      (a) => {
        const found = page(a.block_id);
        const texts = Array.isArray(a.children) ? a.children : [];
        for (const content of texts) found.blocks.push(block(r.digits(9), text(content)));
        return { object: "list", results: found.blocks.slice(-texts.length) };
      },
    ),
    tool(
      "API-post-page",
      "Create a page",
      {
        parent: "string Identifier of the parent page",
        title: "string Title",
        "children?": "array Text of the paragraphs",
      },
      (a) => {
        const made = { id: r.chars("0123456789abcdef", 32), title: text(a.title), blocks: [] };
        pages.push(made);
        return { object: "page", id: made.id };
      },
    ),
    tool("API-create-a-comment", "Create comment", { page_id: "string Page", text: "string Text" }, () => ({
      object: "comment",
      id: r.digits(9),
    })),
    tool("API-delete-a-block", "Delete a block", { block_id: "string Block" }, (a) => ({
      object: "block",
      id: a.block_id,
      archived: true,
    })),
  ];
}
