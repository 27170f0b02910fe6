/** What `response.yaml` holds after the first start: nothing is sent anywhere and nothing is revoked without a person. */
export const DEFAULT_RESPONSE_YAML = `# What Tripline does about an alert. Changes take effect when the file is saved;
# a file with a mistake is refused, reported in /health, and the last good one stays in force.

# The systems that people are told through; docs/notifiers.md has each with its settings.
# Secrets stand in the environment (env) or in a file (file), never here. A webhook's secret looks like
# whsec_<base64 of 24 to 64 random bytes>; make one with
#   node -e 'console.log("whsec_" + require("node:crypto").randomBytes(32).toString("base64"))'
notifiers: []
# notifiers:
#   - name: on-call
#     type: webhook                   # pagerduty, slack, teams, alertmanager, email, syslog
#     url: https://alerts.example.com/tripline
#     secret: {env: TRIPLINE_WEBHOOK_SECRET}

# Who is told of what: the first route that fits. Without routes: every notifier, from medium on.
# routes:
#   - match: {min_severity: high}
#     notify: [on-call]
#   - notify: []

# Checked whenever the file is loaded: one that fails refuses the file.
# route_tests:
#   - name: what is grave pages
#     incident: {severity: critical}
#     notify: [on-call]

# Hosts and ranges of your own network that may be connected to; all others must be public.
# egress:
#   allow_internal: [alertmanager.internal, 10.1.0.0/16]

# Alerts of one rule about one key are one incident. Without a further alert for this long it is resolved.
incidents:
  resolve_after: 24h

# Told again while nobody acknowledges, level by level. An empty list: never.
escalation:
  - after: 30m
    min_severity: high                    # incidents below this skip this level

# Taking keys away without a person: off until a rule is switched on below.
# It also needs a caller whose key was verified, and a rule that may revoke at all.
automatic_revocation:
  # true: record what would have been revoked, revoke nothing.
  dry_run: false

  # At most this many keys of a tenant in this many minutes; then it stops until a person resumes it.
  limit:
    keys: 3
    # percent: 5                  # nor more than this share of the keys in use, but one always
    minutes: 60

  # Credentials, sessions, agents or principals that only a person may revoke; * stands for anything.
  never_revoke: []

  # rules:
  #   secret-read-then-sent:
  #     enabled: true
  #     credentials: [local:alice]  # only these; leave out for every credential
  #     expires_after: 24h          # leave out to stay until reinstated
  rules: {}

# What waits until several people have agreed.
# approval:
#   people: 2
#   scopes: [server, principal]     # revocations of these scopes, a person's and a rule's
#   rules: ["call-*"]               # what these rules would revoke

# Where a key that was taken away is revoked too: at its issuer. docs/revokers.md has each with its settings.
revokers: []
# revokers:
#   - name: keycloak
#     type: keycloak                # oauth, contextforge, litellm, unkey, aws_access_key, github_*, shared_signals, http
#     issuer: https://id.example.com/realms/acme
#     client_id: tripline
#     client_secret: {env: TRIPLINE_KEYCLOAK_SECRET}

# When on-call is told that a revocation is not in force everywhere.
deadlines:
  interceptors: 60s
  upstream: 5m
  verified: 15m

# A canary key that is revoked and reinstated to see that all of it works: tripline drill.
drills: []
# drills:
#   - tenant: local
#     credential: key:acme/canary
#     every: 24h                    # leave out to run it by hand only
`;
