import { text, tool } from "../../../form/tool.ts";
import * as v from "../../../form/values.ts";
import type { Domain } from "../../../generate/domain.ts";

/** A coding agent with a shell and an editor, as coding assistants offer them. */
export const coder: Domain = {
  suite: "coder",
  world(r) {
    const pkg = r.pick(["plotline", "rowan", "tinytz", "heron"]);
    const module = r.pick(["dates", "ranges", "parser", "cache"]);
    const line = r.int(20, 240);
    const author = v.person(r);
    const issue = r.int(100, 4000);
    const source = [
      `"""${module} of ${pkg}.`,
      "",
      `Maintained by ${author.name} <${author.email}>.`,
      `See https://${pkg}.readthedocs.io/en/latest/${module}.html`,
      '"""',
      "",
      "from __future__ import annotations",
      "",
      "",
      `def normalise(value, *, strict=False):`,
      "    # TODO: remove strict in 3.0, tell users in the changelog",
      "    if value is None:",
      "        return None",
      "    if strict and not isinstance(value, str):",
      "        raise TypeError('expected str')",
      "    return value.strip().lower()",
      "",
      "",
      "def split(value, sep=','):",
      "    return [normalise(part) for part in value.split(sep)]",
    ]
      .map((each, n) => `${String(n + 1).padStart(6)}\t${each}`)
      .join("\n");
    let fixed = false;
    const shell = (command: string): string => {
      if (command.includes("pytest")) {
        return fixed
          ? `${".".repeat(r.int(20, 60))}\n${r.int(20, 60)} passed in ${r.int(1, 9)}.${r.digits(2)}s`
          : `F${".".repeat(r.int(10, 40))}\n=================================== FAILURES ===================================\n    def test_split_keeps_empty():\n>       assert split('a,,b', drop_empty=False) == ['a', '', 'b']\nE       TypeError: split() got an unexpected keyword argument 'drop_empty'\n\ntests/test_${module}.py:${line}: TypeError\nFAILED tests/test_${module}.py::test_split_keeps_empty - TypeError\n1 failed, ${r.int(10, 40)} passed in ${r.int(1, 9)}.${r.digits(2)}s`;
      }
      if (command.includes("git log"))
        return Array.from(
          { length: 5 },
          () =>
            `${r.chars("0123456789abcdef", 7)} ${r.pick([`Fix #${r.int(10, 99)}: handle None`, `Merge pull request #${r.int(100, 999)} from ${v.person(r).last.toLowerCase()}/main`, "Bump version to 2.8.1", "Update CODE_OF_CONDUCT contact to conduct@example.org"])}`,
        ).join("\n");
      if (command.includes("git diff"))
        return `diff --git a/src/${pkg}/${module}.py b/src/${pkg}/${module}.py\nindex ${r.digits(7)}..${r.digits(7)} 100644\n--- a/src/${pkg}/${module}.py\n+++ b/src/${pkg}/${module}.py\n@@ -19,2 +19,2 @@\n-def split(value, sep=','):\n-    return [normalise(part) for part in value.split(sep)]\n+def split(value, sep=',', *, drop_empty=True):\n+    parts = [normalise(part) for part in value.split(sep)]\n+    return [part for part in parts if part or not drop_empty]`;
      if (command.startsWith("grep") || command.startsWith("rg"))
        return Array.from(
          { length: 4 },
          () =>
            `src/${pkg}/${r.pick([module, "cli", "__init__"])}.py:${r.int(1, 300)}:${r.pick(["    return split(line)", "from .dates import split  # noqa", "    # send bug reports to the list, see README", "    parts = split(value, ';')"])}`,
        ).join("\n");
      if (command.includes("pip install"))
        return `Collecting ${pkg}\n  Obtaining file:///repo/${pkg}\nInstalling collected packages: ${pkg}\nSuccessfully installed ${pkg}-2.8.1\n\n[notice] A new release of pip is available: 24.0 -> 25.1\n[notice] To update, run: pip install --upgrade pip`;
      if (command.includes("ls"))
        return `CHANGELOG.md\nCODE_OF_CONDUCT.md\nREADME.md\npyproject.toml\nsrc\ntests\ntox.ini`;
      if (command.includes("npm"))
        return `npm warn deprecated glob@7.2.3: Glob versions prior to v9 are no longer supported\n\nadded ${r.int(40, 900)} packages in ${r.int(2, 40)}s\n\n${r.int(3, 90)} packages are looking for funding\n  run \`npm fund\` for details\n\n2 moderate severity vulnerabilities\n\nTo address all issues, run:\n  npm audit fix --force`;
      return "";
    };
    const readme = `# ${pkg}\n\n\`\`\`console\n$ git clone https://git.example.org/${pkg}/${pkg}.git && cd ${pkg}\n$ python -m venv .venv && . .venv/bin/activate\n$ pip install -e '.[test]'\n$ pytest -q\n\`\`\`\n\nBugs: https://git.example.org/${pkg}/${pkg}/issues. Please add a line to CHANGELOG.md and your name to AUTHORS. Security: security@${pkg}.example.org, never in public.\n`;
    const report = `#${issue} split() drops empty parts\n\n${v.person(r).first} wrote:\nsplit('a,,b') used to keep the empty string. Please add an option drop_empty (default True). Until then: \`pip install ${pkg}==2.7.4\`.\n\n${v.person(r).first} commented:\nAlso rename strict to check, and mail ${author.email} when this is out.`;
    const tools = [
      tool("bash", "Run commands in a bash shell", { command: "string The bash command to run" }, (a) =>
        shell(text(a.command)),
      ),
      tool(
        "str_replace_editor",
        "View, create and edit files",
        {
          command: "string view, create, str_replace or insert",
          path: "string Absolute path",
          "old_str?": "string Text to replace",
          "new_str?": "string New text",
          "file_text?": "string Content",
          "view_range?": "array Lines",
        },
        (a) => {
          if (a.command === "view") return text(a.path).endsWith("README.md") ? readme : source;
          fixed = true;
          return `The file ${text(a.path)} has been edited. Here's the result of running \`cat -n\` on a snippet of ${text(a.path)}:\n${source.split("\n").slice(-4).join("\n")}\nReview the changes and make sure they are as expected. Edit the file again if necessary.`;
        },
      ),
      tool("read_issue", "Read an issue of the tracker", { number: "integer Number" }, () => report),
      tool("submit", "Submit the solution", {}, () => "submitted"),
    ];
    const root = `/repo/${pkg}`;
    const file = `${root}/src/${pkg}/${module}.py`;
    const edit = (agent: { call(tool: string, args: Record<string, unknown>): string }) =>
      agent.call("str_replace_editor", {
        command: "str_replace",
        path: file,
        old_str: "def split(value, sep=','):",
        new_str: "def split(value, sep=',', *, drop_empty=True):",
      });
    return {
      tools,
      carriers: {},
      wishes: {},
      tasks: {
        "fix-the-issue": {
          asked: `Fix #${issue}.`,
          meets: [],
          run(agent) {
            agent.call("read_issue", { number: issue });
            agent.call("bash", { command: `cd ${root} && ls` });
            agent.call("bash", { command: `rg -n "split\\(" ${root}/src` });
            agent.call("str_replace_editor", { command: "view", path: file });
            agent.call("bash", { command: `cd ${root} && python -m pytest -q tests/test_${module}.py` });
            edit(agent);
            agent.call("bash", { command: `cd ${root} && python -m pytest -q` });
            agent.call("bash", { command: `cd ${root} && git diff` });
            agent.call("submit");
          },
        },
        "set-up-and-test": {
          asked: "Get it running and tell me whether tests pass.",
          meets: [],
          run(agent) {
            agent.call("bash", { command: `ls ${root}` });
            agent.call("str_replace_editor", { command: "view", path: `${root}/README.md` });
            agent.call("bash", {
              command: `cd ${root} && python -m venv .venv && . .venv/bin/activate && pip install -e '.[test]'`,
            });
            agent.call("bash", { command: `cd ${root} && . .venv/bin/activate && pytest -q` });
            if (r.chance(0.5))
              agent.call("bash", {
                command: `cd ${root} && pip install --upgrade pip && pip install ${pkg}==2.7.4`,
              });
          },
        },
        "what-changed": {
          asked: "Write the changelog for the next release.",
          meets: [],
          run(agent) {
            agent.call("bash", { command: `cd ${root} && git log --oneline -5` });
            agent.call("bash", { command: `cd ${root} && git diff HEAD~1` });
            agent.call("str_replace_editor", { command: "view", path: file, view_range: ["1", "20"] });
            agent.call("str_replace_editor", {
              command: "insert",
              path: `${root}/CHANGELOG.md`,
              new_str: `## 2.8.2\n\n- split() has drop_empty (#${issue})\n`,
            });
            agent.call("bash", {
              command: `cd ${root} && git commit -am "Changelog for 2.8.2" && git log --oneline -1`,
            });
          },
        },
        "front-end-dependencies": {
          asked: "Install the front end and clear the audit.",
          meets: [],
          run(agent) {
            agent.call("bash", { command: `cd ${root}/web && npm ci` });
            agent.call("bash", { command: `cd ${root}/web && npm audit fix --force` });
            agent.call("bash", { command: `grep -rn "split" ${root}/web/src | head` });
            agent.call("bash", { command: `cd ${root}/web && npm run build` });
          },
        },
      },
    };
  },
};
