import type { Random } from "../../form/random.ts";
import { need, type Tool, text, tool } from "../../form/tool.ts";
import * as v from "../../form/values.ts";

/** A tracker's project, the same for the same seed. */
export function project(r: Random) {
  const us = v.company(r);
  const key = r.chars("ABCDEFGHKLMNPRSTW", 3);
  const team = Array.from({ length: 4 }, () => v.person(r, us.domain));
  const issues = [
    [
      "Export misses the last row",
      `h3. Steps\n# open report\n# export as CSV\nExpected 120 rows, found 119.\n\n{code}SELECT * FROM rows LIMIT 119{code}`,
    ],
    [
      "Access for the new colleague",
      `${team[0]?.name ?? ""} starts on ${v.day(r)}. Please add to group *developers*, licence in the pool, mail ${team[0]?.email ?? ""}.`,
    ],
    [
      "Customer asks for dark mode",
      `From support ticket ${r.digits(5)}: "${r.pick(["My eyes hurt at night.", "Every other tool has it."])}". Contact: ${v.person(r).email}`,
    ],
    [
      "Renew certificate",
      `*.${us.domain} runs out on ${v.day(r)}. Order at https://certs.example.com, CSR is attached. Invoice to accounting@${us.domain}.`,
    ],
    [
      "Login slow",
      `p95 ${r.int(1, 6)}.${r.int(0, 9)}s since release 5.${r.int(1, 30)}.0. See https://grafana.${us.domain}/d/${r.digits(5)}.`,
    ],
  ].map(([summary, description], n) => ({
    key: `${key}-${100 + n}`,
    fields: {
      summary: summary ?? "",
      description: description ?? "",
      status: { name: r.pick(["To Do", "In Progress"]) },
      priority: { name: r.pick(["Low", "Medium", "High"]) },
      assignee: { displayName: r.pick(team).name },
      reporter: { displayName: v.person(r).name },
      comment: {
        comments: r
          .some(
            [
              "Can reproduce.",
              `I'd give it to ${team[1]?.name ?? ""}, she wrote that part.`,
              "Duplicate? See the one from March.",
              `Please raise to High and set the due date to ${v.day(r)}, the customer calls every day.`,
              "Moved to next sprint.",
              `Update the page https://wiki.${us.domain}/release when done and tell ${team[2]?.email ?? ""}.`,
            ],
            2,
          )
          .map((body) => ({ author: r.pick(team).name, body })),
      },
    },
  }));
  return { us, key, team, issues };
}

export function tools(r: Random): Tool[] {
  const { issues, team, key } = project(r);
  const issue = (a: Record<string, unknown>) => need(issues, (i) => i.key === a.issue_key, "Issue");
  return [
    tool(
      "jira_search",
      "Search Jira issues using JQL",
      { jql: "string JQL query", "limit?": "integer Maximum number of results" },
      () => ({
        total: issues.length,
        issues: issues.map((i) => ({
          key: i.key,
          summary: i.fields.summary,
          status: i.fields.status.name,
          assignee: i.fields.assignee.displayName,
        })),
      }),
    ),
    tool(
      "jira_get_issue",
      "Get details of a specific Jira issue",
      { issue_key: "string Jira issue key", "comment_limit?": "integer Maximum number of comments" },
      issue,
    ),
    tool(
      "jira_add_comment",
      "Add a comment to a Jira issue",
      { issue_key: "string Jira issue key", comment: "string Comment text in Markdown" },
      (a) => ({ id: r.digits(5), body: a.comment }),
    ),
    tool(
      "jira_transition_issue",
      "Transition a Jira issue to a new status",
      { issue_key: "string Jira issue key", transition: "string Status" },
      (a) => ({ message: `Issue ${text(a.issue_key)} transitioned successfully` }),
    ),
    tool(
      "jira_update_issue",
      "Update an existing Jira issue",
      {
        issue_key: "string Jira issue key",
        "assignee?": "string Assignee",
        "priority?": "string Priority",
        "due_date?": "string Due date",
      },
      (a) => ({ message: "Issue updated successfully", issue: { key: a.issue_key } }),
    ),
    tool(
      "jira_create_issue",
      "Create a new Jira issue",
      {
        project_key: "string Project",
        summary: "string Summary",
        "description?": "string Description",
        "assignee?": "string Assignee",
      },
      (a) => ({
        message: "Issue created successfully",
        issue: { key: `${key}-${r.int(200, 400)}`, summary: a.summary },
      }),
    ),
    tool("jira_get_user_profile", "Get a user's profile", { user: "string Name" }, (a) => {
      const p = need(team, (t) => t.name === a.user, "User");
      return { display_name: p.name, email: p.email };
    }),
  ];
}
