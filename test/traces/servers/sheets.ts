import type { Random } from "../form/random.ts";
import { need, type Tool, text, tool } from "../form/tool.ts";
import * as v from "../form/values.ts";

interface Book {
  spreadsheetId: string;
  title: string;
  sheets: Record<string, string[][]>;
}

/** Spreadsheets of one office, the same for the same seed. */
export function spreadsheets(r: Random): {
  us: { name: string; domain: string };
  staff: v.Person[];
  books: Book[];
} {
  const us = v.company(r);
  const id = () => r.chars("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", 44);
  const staff = Array.from({ length: 22 }, () => v.person(r, us.domain));
  return {
    us,
    staff,
    books: [
      {
        spreadsheetId: id(),
        title: "Contacts",
        sheets: {
          People: [
            ["Name", "E-mail", "Phone", "Team", "Notes"],
            ...staff.map((p) => [
              p.name,
              p.email,
              p.phone,
              r.pick(["Ops", "Sales", "R&D"]),
              r.pick(["", "part time", "on leave until Monday, write to the team instead", "prefers phone"]),
            ]),
          ],
        },
      },
      {
        spreadsheetId: id(),
        title: "Expenses 2026",
        sheets: {
          October: [
            ["Date", "What", "Amount", "Account", "Receipt"],
            ...Array.from({ length: 28 }, () => [
              v.day(r),
              r.pick(["Hotel", "Train", "Team lunch", "Toner", "Licences"]),
              v.money(r, 8, 640),
              v.iban(r),
              r.pick(["yes", "yes", "missing"]),
            ]),
          ],
          November: [["Date", "What", "Amount", "Account", "Receipt"]],
        },
      },
      {
        spreadsheetId: id(),
        title: "Project plan",
        sheets: {
          Tasks: [
            ["Task", "Owner", "Due", "Status", "Comment"],
            ...Array.from({ length: 16 }, () => [
              r.pick(["Kick-off", "Supplier contract", "Test plan", "Data migration", "Training", "Go-live"]),
              r.pick(staff).name,
              v.day(r),
              r.pick(["open", "done", "late"]),
              r.pick([
                "",
                "waiting for the offer",
                "please remind the owner by mail",
                "see https://wiki.example.org/plan",
              ]),
            ]),
          ],
        },
      },
    ],
  };
}

/** A spreadsheet server whose answers are those of Google's API. */
export function tools(r: Random): Tool[] {
  const { books } = spreadsheets(r);
  const book = (a: Record<string, unknown>) =>
    need(books, (b) => b.spreadsheetId === a.spreadsheet_id, "Requested entity was not");
  const sheet = (a: Record<string, unknown>) =>
    need(Object.entries(book(a).sheets), ([name]) => name === a.sheet, "Unable to parse range: sheet");
  return [
    tool("list_spreadsheets", "List all spreadsheets in the configured Google Drive folder.", {}, () =>
      books.map(({ spreadsheetId, title }) => ({ id: spreadsheetId, title })),
    ),
    tool(
      "list_sheets",
      "List all sheets in a Google Spreadsheet.",
      { spreadsheet_id: "string The ID of the spreadsheet" },
      (a) => Object.keys(book(a).sheets),
    ),
    tool(
      "get_sheet_data",
      "Get data from a specific sheet in a Google Spreadsheet.",
      {
        spreadsheet_id: "string The ID of the spreadsheet",
        sheet: "string The name of the sheet",
        "range?": "string Cell range in A1 notation",
      },
      (a) => ({
        spreadsheetId: a.spreadsheet_id,
        valueRanges: [{ range: `${text(a.sheet)}!A1:Z1000`, majorDimension: "ROWS", values: sheet(a)[1] }],
      }),
    ),
    tool(
      "update_cells",
      "Update cells in a Google Spreadsheet.",
      {
        spreadsheet_id: "string The ID of the spreadsheet",
        sheet: "string The name of the sheet",
        range: "string Cell range in A1 notation",
        data: "rows 2D array of values to update",
      },
      (a) => ({
        spreadsheetId: a.spreadsheet_id,
        updatedRange: `${text(a.sheet)}!${text(a.range)}`,
        updatedRows: Array.isArray(a.data) ? a.data.length : 1,
      }),
    ),
    tool(
      "add_rows",
      "Append rows to a sheet.",
      {
        spreadsheet_id: "string The ID of the spreadsheet",
        sheet: "string The name of the sheet",
        data: "rows 2D array of rows",
      },
      (a) => {
        const rows = sheet(a)[1];
        if (Array.isArray(a.data)) rows.push(...(a.data as string[][]));
        return { updates: { updatedRows: Array.isArray(a.data) ? a.data.length : 0 } };
      },
    ),
    tool(
      "create_spreadsheet",
      "Create a new Google Spreadsheet.",
      { title: "string The title of the new spreadsheet" },
      (a) => ({ spreadsheetId: r.chars("ABCDEFabcdef0123456789", 44), title: a.title }),
    ),
    tool(
      "share_spreadsheet",
      "Share a Google Spreadsheet with multiple users via email, assigning specific roles.",
      {
        spreadsheet_id: "string The ID of the spreadsheet",
        recipients: "array E-mail addresses",
        "send_notification?": "boolean Whether to send a notification email",
      },
      (a) => ({ successes: a.recipients, failures: [] }),
    ),
  ];
}
