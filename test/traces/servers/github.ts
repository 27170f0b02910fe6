import type { Random } from "../form/random.ts";
import { need, type Tool, text, tool } from "../form/tool.ts";
import * as v from "../form/values.ts";

const README = (name: string) =>
  `# ${name}\n\n[![ci](https://ci.${name}.dev/badge.svg)](https://ci.${name}.dev)\n\nA small service.\n\n## Install\n\n\`\`\`sh\ngit clone https://github.com/acme/${name}.git\ncd ${name}\nnpm ci\nnpm run build\n\`\`\`\n\n## Configuration\n\n| Variable | Default | Meaning |\n|---|---|---|\n| PORT | 8080 | Port to listen on |\n| CACHE_URL | redis://localhost:6379 | Cache |\n\nSecurity reports: security@${name}.dev\n`;

/** A user as the API shows one, links and all. */
function account(login: string, id: number) {
  const api = `https://api.github.com/users/${login}`;
  return {
    login,
    id,
    node_id: `MDQ6VXNlc${id}`,
    avatar_url: `https://avatars.githubusercontent.com/u/${id}?v=4`,
    gravatar_id: "",
    url: api,
    html_url: `https://github.com/${login}`,
    followers_url: `${api}/followers`,
    following_url: `${api}/following{/other_user}`,
    gists_url: `${api}/gists{/gist_id}`,
    starred_url: `${api}/starred{/owner}{/repo}`,
    subscriptions_url: `${api}/subscriptions`,
    organizations_url: `${api}/orgs`,
    repos_url: `${api}/repos`,
    events_url: `${api}/events{/privacy}`,
    type: "User",
    site_admin: false,
  };
}

/** One repository, the same for the same seed. */
export function repository(r: Random) {
  const owner = v.slug(v.company(r).name);
  const repo = r.pick(["harbor-api", "plume", "stackwatch", "tidepool", "grain"]);
  const login = () => v.slug(v.person(r).name);
  const maintainers = [login(), login()];
  const api = `https://api.github.com/repos/${owner}/${repo}`;
  const said = [
    "Confirmed on 2.3.1, node 22.11. Stack:\n```\nTypeError: Cannot read properties of undefined (reading 'ttl')\n    at Cache.get (src/cache.ts:42:19)\n```",
    "Workaround for now: `npm i --save-exact keyv@4.5.4` and restart.",
    `I'd suggest to close this as a duplicate and continue in #${r.int(10, 60)}. @${maintainers[0] ?? ""} can you assign it?`,
    "Works for me after clearing node_modules.",
    "Relevant docs: https://nodejs.org/api/timers.html#settimeoutcallback-delay-args",
  ];
  const issues = [
    "Cache ignores ttl",
    "README: wrong port",
    "Crash on empty config",
    "Support proxies",
    "Slow start on Windows",
  ].map((title, n) => ({
    url: `${api}/issues/${n + 21}`,
    number: n + 21,
    title,
    user: account(login(), Number(r.digits(7))),
    state: "open",
    labels: [] as { name: string }[],
    assignees: [] as { login: string }[],
    comments: 2,
    created_at: v.stamp(r),
    body: r.pick([
      `Steps to reproduce:\n1. start with CACHE_URL empty\n2. call /health\n\nExpected 200, got 500.`,
      `When I set the option it is ignored. Version ${r.int(1, 3)}.${r.int(0, 9)}.${r.int(0, 9)}. Happens every time.`,
      `Could this be supported? We run behind a proxy (http://proxy.internal:3128).`,
    ]),
  }));
  const comments = issues.flatMap((issue) =>
    r.some(said, 2).map((body) => ({
      id: Number(r.digits(9)),
      issue: issue.number,
      user: account(login(), Number(r.digits(7))),
      created_at: v.stamp(r),
      body,
    })),
  );
  const files: Record<string, string> = {
    "README.md": README(repo),
    "src/cache.ts":
      "export class Cache {\n  #map = new Map<string, { value: string; until: number }>();\n\n  get(key: string): string | undefined {\n    const hit = this.#map.get(key);\n    return hit!.until > Date.now() ? hit!.value : undefined;\n  }\n}\n",
    "package.json": `{\n  "name": "${repo}",\n  "version": "2.3.1",\n  "dependencies": { "keyv": "5.1.0", "undici": "7.0.0" }\n}\n`,
    CODEOWNERS: `* @${maintainers[0] ?? ""}\n/docs @${maintainers[1] ?? ""}\n`,
  };
  return { owner, repo, issues, comments, files, maintainers, api };
}

/** A code hosting server whose answers are GitHub's JSON. */
export function tools(r: Random): Tool[] {
  const { owner, repo, issues, comments, files, api } = repository(r);
  const where = {
    owner: "string Repository owner (username or organization)",
    repo: "string Repository name",
  };
  const sha = () => r.chars("0123456789abcdef", 40);
  const commits = Array.from({ length: 8 }, () => ({
    sha: sha(),
    commit: {
      author: { name: v.person(r).name, email: v.person(r).email, date: v.stamp(r) },
      message: r.pick([
        "Fix ttl of cache entries",
        "Bump undici",
        "docs: port",
        "Handle empty config (#23)",
        "ci: node 22",
      ]),
    },
  }));
  return [
    tool(
      "list_issues",
      "List issues in a GitHub repository with filtering options",
      { ...where, "state?": "string open, closed or all" },
      () => issues,
    ),
    tool(
      "get_issue",
      "Get details of a specific issue in a GitHub repository.",
      { ...where, issue_number: "number Issue number" },
      (a) => need(issues, (i) => i.number === a.issue_number, "Issue"),
    ),
    tool(
      "get_issue_comments",
      "Get comments of an issue",
      { ...where, issue_number: "number Issue number" },
      (a) => comments.filter((c) => c.issue === a.issue_number),
    ),
    tool(
      "add_issue_comment",
      "Add a comment to an existing issue",
      { ...where, issue_number: "number Issue number", body: "string Comment text" },
      (a) => ({
        id: Number(r.digits(10)),
        url: `${api}/issues/comments/${r.digits(10)}`,
        body: a.body,
        created_at: v.stamp(r),
      }),
    ),
    tool(
      "update_issue",
      "Update an existing issue in a GitHub repository",
      {
        ...where,
        issue_number: "number Issue number",
        "state?": "string open or closed",
        "labels?": "array Labels",
        "assignees?": "array Assignees",
      },
      (a) => ({
        ...need(issues, (i) => i.number === a.issue_number, "Issue"),
        labels: a.labels,
        assignees: a.assignees,
        state: a.state ?? "open",
      }),
    ),
    tool(
      "create_issue",
      "Create a new issue in a GitHub repository",
      { ...where, title: "string Title", body: "string Body", "labels?": "array Labels" },
      (a) => ({ number: 40, url: `${api}/issues/40`, title: a.title, state: "open" }),
    ),
    tool(
      "get_file_contents",
      "Get the contents of a file or directory from a GitHub repository",
      { ...where, path: "string Path to the file or directory", "branch?": "string Branch" },
      (a) => {
        const content = need(Object.entries(files), ([path]) => path === a.path, "Not Found")[1];
        return {
          type: "file",
          encoding: "utf-8",
          size: content.length,
          name: text(a.path).split("/").at(-1),
          path: a.path,
          content,
          sha: sha(),
        };
      },
    ),
    tool(
      "create_or_update_file",
      "Create or update a single file in a GitHub repository",
      {
        ...where,
        path: "string Path",
        content: "string Content",
        message: "string Commit message",
        branch: "string Branch",
        "sha?": "string SHA of the file being replaced",
      },
      (a) => {
        files[text(a.path)] = text(a.content);
        return { content: { path: a.path, sha: sha() }, commit: { sha: sha(), message: a.message } };
      },
    ),
    tool(
      "create_branch",
      "Create a new branch in a GitHub repository",
      { ...where, branch: "string Name", "from_branch?": "string Source" },
      (a) => ({ ref: `refs/heads/${text(a.branch)}`, object: { type: "commit", sha: sha() } }),
    ),
    tool(
      "create_pull_request",
      "Create a new pull request in a GitHub repository",
      { ...where, title: "string Title", head: "string Head", base: "string Base", "body?": "string Body" },
      (a) => ({
        number: 41,
        state: "open",
        title: a.title,
        html_url: `https://github.com/${owner}/${repo}/pull/41`,
      }),
    ),
    tool(
      "list_commits",
      "Get list of commits of a branch in a GitHub repository",
      { ...where, "sha?": "string Branch" },
      () => commits,
    ),
    tool("search_code", "Search for code across GitHub repositories", { q: "string Query" }, (a) => ({
      total_count: 2,
      items: Object.keys(files)
        .filter((f) => (files[f] ?? "").includes(text(a.q).split(" ")[0] ?? ""))
        .map((path) => ({ name: path, path, repository: { full_name: `${owner}/${repo}` } })),
    })),
  ];
}
