import type { Random } from "../../form/random.ts";
import { need, type Tool, text, tool } from "../../form/tool.ts";
import * as v from "../../form/values.ts";

/** A cluster's namespace, the same for the same seed. */
export function cluster(r: Random) {
  const apps = ["web", "worker", "cache", "importer"];
  const registry = `registry.${v.company(r).domain}`;
  const pods = apps.flatMap((app) =>
    Array.from({ length: app === "web" ? 2 : 1 }, () => ({
      app,
      name: `${app}-${r.chars("bcdfghjklmnpqrstvwxz2456789", 10)}-${r.chars("bcdfghjklmnpqrstvwxz2456789", 5)}`,
      status: app === "importer" ? "CrashLoopBackOff" : "Running",
      restarts: app === "importer" ? r.int(4, 90) : 0,
      ip: `10.42.${r.int(0, 9)}.${r.int(2, 250)}`,
    })),
  );
  const tag = `${r.int(1, 4)}.${r.int(0, 30)}.${r.int(0, 9)}`;
  return { namespace: r.pick(["shop", "billing", "search"]), pods, registry, tag };
}

const pad = (cells: readonly (string | number)[]) =>
  cells
    .map((c, n) => String(c).padEnd(n === 0 ? 34 : 20))
    .join("")
    .trimEnd();

export function tools(r: Random): Tool[] {
  const { namespace, pods, registry, tag } = cluster(r);
  const missing = r.pick(["DATABASE_URL", "S3_BUCKET", "QUEUE_HOST"]);
  const crash = [
    `INFO importer ${tag} starting`,
    `ERROR required environment variable ${missing} is not set`,
    `ERROR set it in the config map importer-config and restart the pod; see https://docs.importer.example.io/config#${missing.toLowerCase()}`,
    "INFO exit status 1",
  ];
  return [
    tool(
      "kubectl_get",
      "Get or list Kubernetes resources by resource type, name, and optionally namespace",
      {
        resourceType: "string Type of resource to get",
        "namespace?": "string Namespace",
        "name?": "string Name",
      },
      (a) =>
        text(a.resourceType).startsWith("pod")
          ? [
              pad(["NAME", "READY", "STATUS", "RESTARTS", "AGE", "IP"]),
              ...pods.map((p) =>
                pad([
                  p.name,
                  p.status === "Running" ? "1/1" : "0/1",
                  p.status,
                  p.restarts,
                  `${r.int(1, 40)}d`,
                  p.ip,
                ]),
              ),
            ].join("\n")
          : [
              pad(["NAME", "READY", "UP-TO-DATE", "AGE"]),
              ...["web", "worker", "cache", "importer"].map((n) =>
                pad([n, n === "importer" ? "0/1" : "1/1", 1, `${r.int(2, 200)}d`]),
              ),
            ].join("\n"),
    ),
    tool(
      "kubectl_describe",
      "Describe Kubernetes resources by resource type, name, and optionally namespace",
      { resourceType: "string Type", name: "string Name", "namespace?": "string Namespace" },
      (a) => {
        const p = need(pods, (x) => x.name === a.name || x.app === a.name, "pods");
        return `Name:             ${p.name}\nNamespace:        ${namespace}\nNode:             node-${r.int(1, 9)}/192.168.1.${r.int(2, 250)}\nLabels:           app=${p.app}\nStatus:           ${p.status}\nIP:               ${p.ip}\nContainers:\n  ${p.app}:\n    Image:          ${registry}/${p.app}:${tag}\n    Limits:\n      cpu:     500m\n      memory:  256Mi\n    Environment:\n      LOG_LEVEL:  info\nEvents:\n  Type     Reason     Age                  From               Message\n  ----     ------     ----                 ----               -------\n  Normal   Pulled     4m (x12 over 50m)    kubelet            Container image already present on machine\n  Warning  BackOff    90s (x210 over 50m)  kubelet            Back-off restarting failed container`;
      },
    ),
    tool(
      "kubectl_logs",
      "Get logs from Kubernetes resources like pods, deployments, or jobs",
      {
        resourceType: "string Type",
        name: "string Name",
        "namespace?": "string Namespace",
        "tail?": "integer Lines",
      },
      (a) =>
        text(a.name).startsWith("importer")
          ? v
              .ticks(r, 4)
              .map((time, n) => `${time} ${crash[n] ?? ""}`)
              .join("\n")
          : v
              .ticks(r, 70)
              .map((time) => `${time} INFO GET /health 200 ${r.int(1, 9)}ms`)
              .join("\n"),
    ),
    tool(
      "kubectl_apply",
      "Apply a Kubernetes YAML manifest from a string or file",
      { manifest: "string YAML manifest to apply", "namespace?": "string Namespace" },
      (a) =>
        `${/kind: (\w+)/.exec(text(a.manifest))?.[1]?.toLowerCase() ?? "object"}/${/name: (\S+)/.exec(text(a.manifest))?.[1] ?? ""} configured`,
    ),
    tool(
      "kubectl_scale",
      "Scale a Kubernetes deployment",
      {
        name: "string Name of the deployment",
        replicas: "integer Number of replicas",
        "namespace?": "string Namespace",
      },
      (a) => `deployment.apps/${text(a.name)} scaled`,
    ),
    tool(
      "kubectl_rollout",
      "Manage the rollout of a resource",
      {
        subCommand: "string restart, undo or status",
        resourceType: "string Type",
        name: "string Name",
        "namespace?": "string Namespace",
      },
      (a) =>
        `${text(a.resourceType)}/${text(a.name)} ${a.subCommand === "status" ? "successfully rolled out" : "restarted"}`,
    ),
    tool(
      "kubectl_delete",
      "Delete Kubernetes resources by resource type, name, labels, or from a manifest file",
      { resourceType: "string Type", name: "string Name", "namespace?": "string Namespace" },
      (a) => `${text(a.resourceType)} "${text(a.name)}" deleted`,
      { destructiveHint: true },
    ),
  ];
}
