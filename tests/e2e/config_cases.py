"""Configurations, good and broken, field by field: (name, text) for the tests that compare with Prometheus."""

import textwrap

# What is tried for every field, whatever its type.
VALUES = ["", "null", "''", "abc", "'5'", "5", "0", "-1", "1.5", "1e3", "0x10", "true", "no", "10s", "1h30m", "1.5h", "15MB",
          "[]", "[a]", "[a, null]", "[[a]]", "{}", "{a: b}", "{a: null}", "~", "'http://u:p@h:1/x?y=z#f'", "'a b: c'", "é"]

GLOBAL = ["scrape_interval", "scrape_timeout", "scrape_protocols", "evaluation_interval", "rule_query_offset",
          "query_log_file", "scrape_failure_log_file", "external_labels", "body_size_limit", "sample_limit", "target_limit",
          "label_limit", "label_name_length_limit", "label_value_length_limit", "keep_dropped_targets",
          "metric_name_validation_scheme", "metric_name_escaping_scheme", "scrape_native_histograms",
          "convert_classic_histograms_to_nhcb", "always_scrape_classic_histograms"]

HTTP = ["basic_auth", "authorization", "oauth2", "bearer_token", "bearer_token_file", "tls_config", "follow_redirects",
        "enable_http2", "proxy_url", "no_proxy", "proxy_from_environment", "proxy_connect_header", "http_headers"]

SCRAPE = ["job_name", "honor_labels", "honor_timestamps", "track_timestamps_staleness", "params", "scrape_interval",
          "scrape_timeout", "scrape_protocols", "fallback_scrape_protocol", "scrape_native_histograms",
          "always_scrape_classic_histograms", "convert_classic_histograms_to_nhcb", "scrape_failure_log_file",
          "metrics_path", "scheme", "enable_compression", "body_size_limit", "sample_limit", "target_limit", "label_limit",
          "label_name_length_limit", "label_value_length_limit", "native_histogram_bucket_limit",
          "native_histogram_min_bucket_factor", "keep_dropped_targets", "metric_name_validation_scheme",
          "metric_name_escaping_scheme", "relabel_configs", "metric_relabel_configs", "static_configs", *HTTP]

# For each kind of discovery: a configuration that loads, and its fields.
DISCOVERY = {
    "file": ("{files: [a.json]}", ["files", "refresh_interval"]),
    "http": ("{url: 'http://a'}", ["url", "refresh_interval", *HTTP]),
    "dns": ("{names: [a], type: A, port: 1}", ["names", "type", "port", "refresh_interval"]),
    "consul": ("{server: 'a:1'}", ["server", "path_prefix", "token", "datacenter", "namespace", "partition", "tag_separator",
                                  "scheme", "username", "password", "services", "tags", "node_meta", "filter",
                                  "allow_stale", "refresh_interval", *HTTP]),
    "kubernetes": ("{role: pod}", ["api_server", "role", "kubeconfig_file", "namespaces", "selectors", "attach_metadata",
                                  *HTTP]),
    "docker": ("{host: 'unix:///a'}", ["host", "port", "filters", "host_networking_host", "refresh_interval",
                                      "match_first_network", *HTTP]),
    "dockerswarm": ("{host: 'unix:///a', role: nodes}", ["host", "role", "port", "filters", "refresh_interval", *HTTP]),
    "ec2": ("{region: r}", ["endpoint", "region", "access_key", "secret_key", "profile", "role_arn", "refresh_interval",
                           "port", "filters", *HTTP]),
    "gce": ("{project: p, zone: z}", ["project", "zone", "filter", "refresh_interval", "port", "tag_separator"]),
    "azure": ("{subscription_id: s, tenant_id: t, client_id: c, client_secret: x}",
              ["environment", "port", "subscription_id", "tenant_id", "client_id", "client_secret", "refresh_interval",
               "authentication_method", "resource_group", *HTTP]),
    "hetzner": ("{role: hcloud}", ["role", "port", "refresh_interval", *HTTP]),
    "digitalocean": ("{}", ["port", "refresh_interval", *HTTP]),
    "openstack": ("{role: instance, region: r}",
                  ["identity_endpoint", "username", "userid", "password", "project_name", "project_id", "domain_name",
                   "domain_id", "application_credential_name", "application_credential_id",
                   "application_credential_secret", "role", "region", "refresh_interval", "port", "all_tenants",
                   "tls_config", "availability"]),
    "eureka": ("{server: 'http://a'}", ["server", "refresh_interval"]),
    "ionos": ("{datacenter_id: d}", ["datacenter_id", "refresh_interval", "port"]),
    "kuma": ("{server: 'http://a'}", ["server", "client_id", "refresh_interval", "fetch_timeout"]),
    "lightsail": ("{region: r}", ["endpoint", "region", "access_key", "secret_key", "profile", "role_arn",
                                 "refresh_interval", "port"]),
    "linode": ("{}", ["refresh_interval", "port", "tag_separator", "region"]),
    "marathon": ("{servers: ['http://a']}", ["servers", "refresh_interval", "auth_token", "auth_token_file"]),
    "nerve": ("{servers: [a], paths: [/b]}", ["servers", "paths", "timeout"]),
    "nomad": ("{server: 'http://a'}", ["allow_stale", "namespace", "refresh_interval", "region", "server", "tag_separator"]),
    "ovhcloud": ("{application_key: a, application_secret: b, consumer_key: c, service: vps}",
                 ["endpoint", "application_key", "application_secret", "consumer_key", "refresh_interval", "service"]),
    "puppetdb": ("{url: 'http://a', query: q}", ["url", "query", "include_parameters", "port", "refresh_interval"]),
    "scaleway": ("{project_id: 11111111-1111-1111-1111-111111111112, access_key: SCWXXXXXXXXXXXXXXXXX, secret_key: "
                 "11111111-1111-1111-1111-111111111111, role: instance}",
                 ["project_id", "role", "zone", "access_key", "secret_key", "secret_key_file", "name_filter",
                  "tags_filter", "refresh_interval", "port", "api_url"]),
    "serverset": ("{servers: [a], paths: [/b]}", ["servers", "paths", "timeout"]),
    "stackit": ("{project: p}", ["project", "region", "endpoint", "port", "refresh_interval", "service_account_key",
                                "service_account_key_path", "private_key", "private_key_path", "credentials_file_path"]),
    "triton": ("{account: a, dns_suffix: b, endpoint: c, port: 1, version: 1}",
               ["account", "role", "dns_suffix", "endpoint", "groups", "port", "refresh_interval", "version",
                "tls_config"]),
    "uyuni": ("{server: 'http://a', username: u, password: p}",
              ["server", "username", "password", "entitlement", "separator", "refresh_interval"]),
    "vultr": ("{authorization: {credentials: x}}", ["refresh_interval", "port"]),
}

REMOTE_WRITE = ["url", "remote_timeout", "headers", "write_relabel_configs", "name", "send_exemplars", "send_native_histograms",
                "round_robin_dns", "protobuf_message", "queue_config", "metadata_config", "sigv4", "azuread", "google_iam",
                *HTTP]
REMOTE_READ = ["url", "remote_timeout", "chunked_read_limit", "headers", "read_recent", "name", "required_matchers",
               "filter_external_labels", *HTTP]
ALERTMANAGER = ["sigv4", "scheme", "path_prefix", "timeout", "api_version", "relabel_configs", "alert_relabel_configs",
                "static_configs", *HTTP]
QUEUE = ["capacity", "max_shards", "min_shards", "max_samples_per_send", "batch_send_deadline", "min_backoff", "max_backoff",
         "retry_on_http_429", "sample_age_limit"]
TRACING = ["client_type", "endpoint", "sampling_fraction", "insecure", "tls_config", "headers", "compression", "timeout"]
OTLP = ["promote_all_resource_attributes", "promote_resource_attributes", "ignore_resource_attributes",
        "translation_strategy", "keep_identifying_resource_attributes", "convert_histograms_to_nhcb",
        "promote_scope_metadata"]
RELABEL = ["source_labels", "separator", "regex", "modulus", "target_label", "replacement", "action"]
TLS = ["ca", "cert", "key", "ca_file", "cert_file", "key_file", "server_name", "insecure_skip_verify", "min_version",
       "max_version"]
OAUTH2 = ["client_id", "client_secret", "client_secret_file", "scopes", "token_url", "endpoint_params", "tls_config",
          "proxy_url", "no_proxy", "proxy_from_environment", "proxy_connect_header"]
ACTIONS = ["replace", "keep", "drop", "keepequal", "dropequal", "hashmod", "labelmap", "labeldrop", "labelkeep", "lowercase",
           "uppercase", "REPLACE", "KeepEqual", "none", "''"]


def _fields(name, fields, document):
    """Every value in every field; document(lines) makes the whole of one or two fields."""
    for field in fields:
        for i, value in enumerate(VALUES):
            yield f"{name}.{field}.{i}", document(f"{field}: {value}")


def _flow(base, line):
    """A flow mapping with a field replaced or added."""
    field = line.split(":")[0]
    inner = base[1:-1]
    kept = []
    depth, start = 0, 0
    for i, c in enumerate(inner + ","):
        depth += c in "[{"
        depth -= c in "]}"
        if c == "," and depth == 0:
            kept.append(inner[start:i].strip())
            start = i + 1
    kept = [part for part in kept if part and part.split(":")[0] != field]
    return kept


def _block(base, line, indent):
    parts = _flow(base, line) + [line]
    return textwrap.indent("\n".join(parts), " " * indent)


def _job(lines):
    text = lines if lines.startswith("job_name:") else "job_name: a\n" + lines
    return "scrape_configs:\n- " + textwrap.indent(text, "  ")[2:] + "\n"


def by_field():
    yield from _fields("global", GLOBAL, lambda line: f"global:\n  {line}\n")
    yield from _fields("root", ["global", "runtime", "alerting", "rule_files", "scrape_config_files", "scrape_configs",
                                "storage", "tracing", "remote_write", "remote_read", "otlp", "unknown"],
                       lambda line: f"{line}\n")
    yield from _fields("runtime", ["gogc", "x"], lambda line: f"runtime:\n  {line}\n")
    yield from _fields("tsdb", ["out_of_order_time_window", "outofordertimewindow", "x"],
                       lambda line: f"storage:\n  tsdb:\n    {line}\n")
    yield from _fields("exemplars", ["max_exemplars"], lambda line: f"storage:\n  exemplars:\n    {line}\n")
    yield from _fields("storage", ["tsdb", "exemplars"], lambda line: f"storage:\n  {line}\n")
    yield from _fields("tracing", TRACING, lambda line: "tracing:\n" + _block("{endpoint: 'a:1'}", line, 2) + "\n")
    yield from _fields("otlp", OTLP, lambda line: f"otlp:\n  {line}\n")
    yield from _fields("scrape", SCRAPE, _job)
    for kind, (base, fields) in DISCOVERY.items():
        yield f"{kind}_sd", _job(f"{kind}_sd_configs: [{base}]")
        yield f"{kind}_sd.null", _job(f"{kind}_sd_configs: [null]")
        yield f"{kind}_sd.empty", _job(f"{kind}_sd_configs: [{{}}]")
        yield f"{kind}_sd.map", _job(f"{kind}_sd_configs: {{}}")
        yield f"{kind}_sd.unknown", _job(f"{kind}_sd_configs: [{{unknown: 1}}]")
        yield from _fields(f"{kind}_sd", fields,
                           lambda line, k=kind, b=base: _job(f"{k}_sd_configs:\n- " + _block(b, line, 2)[2:]))
    yield from _fields("remote_write", REMOTE_WRITE,
                       lambda line: "remote_write:\n- " + _block("{url: 'http://a'}", line, 2)[2:] + "\n")
    yield from _fields("remote_read", REMOTE_READ,
                       lambda line: "remote_read:\n- " + _block("{url: 'http://a'}", line, 2)[2:] + "\n")
    yield from _fields("queue", QUEUE, lambda line: f"remote_write:\n- url: http://a\n  queue_config:\n    {line}\n")
    yield from _fields("metadata", ["send", "send_interval", "max_samples_per_send"],
                       lambda line: f"remote_write:\n- url: http://a\n  metadata_config:\n    {line}\n")
    yield from _fields("alerting", ["alert_relabel_configs", "alertmanagers"], lambda line: f"alerting:\n  {line}\n")
    yield from _fields("alertmanager", ALERTMANAGER, lambda line: f"alerting:\n  alertmanagers:\n  - {line}\n")
    yield from _fields("tls", TLS, lambda line: _job(f"tls_config:\n  {line}"))
    yield from _fields("basic_auth", ["username", "username_file", "password", "password_file"],
                       lambda line: _job(f"basic_auth:\n  {line}"))
    yield from _fields("authorization", ["type", "credentials", "credentials_file"],
                       lambda line: _job(f"authorization:\n  {line}"))
    yield from _fields("oauth2", OAUTH2,
                       lambda line: _job("oauth2:\n" + _block("{client_id: a, token_url: 'http://a'}", line, 2)))
    yield from _fields("http_headers", ["X-A", "authorization", "Host", "''"], lambda line: _job(f"http_headers:\n  {line}"))
    yield from _fields("http_header", ["values", "secrets", "files"],
                       lambda line: _job(f"http_headers:\n  X-A:\n    {line}"))
    yield from _fields("relabel", RELABEL,
                       lambda line: _job("relabel_configs:\n- " + _block("{target_label: t}", line, 2)[2:]))
    yield from _fields("static", ["targets", "labels"],
                       lambda line: _job("static_configs:\n- " + _block("{targets: [a]}", line, 2)[2:]))
    yield from _fields("namespaces", ["own_namespace", "names"],
                       lambda line: _job(f"kubernetes_sd_configs:\n- role: pod\n  namespaces:\n    {line}"))
    yield from _fields("selectors", ["role", "label", "field"],
                       lambda line: _job("kubernetes_sd_configs:\n- role: pod\n  selectors:\n  - "
                                         + _block("{role: pod}", line, 4)[4:]))
    for name, fields in {"sigv4": ["region", "access_key", "secret_key", "profile", "role_arn"],
                         "azuread": ["cloud", "managed_identity", "oauth", "sdk"],
                         "google_iam": ["credentials_file"]}.items():
        yield from _fields(name, fields, lambda line, n=name: f"remote_write:\n- url: http://a\n  {n}:\n    {line}\n")


def relabelling():
    """Every action with every other field there or not."""
    fields = ["source_labels: [a]", "regex: 'x(.*)'", "modulus: 8", "target_label: t", "replacement: r", "separator: '-'"]
    for action in ACTIONS:
        for mask in range(1 << len(fields)):
            parts = [f"action: {action}"] + [field for i, field in enumerate(fields) if mask >> i & 1]
            yield f"relabel.{action}.{mask}", _job("metric_relabel_configs: [{" + ", ".join(parts) + "}]")
    targets = ["a b", "$1", "${1}", "a-b", "1a", "'é'", "'${a}_b'", "'a.b'", "''", "__name__"]
    for i, target in enumerate(targets):
        for action in ("replace", "lowercase", "hashmod", "keepequal"):
            extra = ", modulus: 3" if action == "hashmod" else ""
            for scheme in ("utf8", "legacy"):
                yield f"target_label.{action}.{scheme}.{i}", _job(
                    f"metric_name_validation_scheme: {scheme}\nrelabel_configs: "
                    f"[{{action: {action}, source_labels: [a], target_label: {target}{extra}}}]")
    for i, regex in enumerate(["(", "[a", "a{2000}", "(?<n>a)", "a**", "\\C", "(?P<n>x)", "\\pL+", "(?i)a", "x{1001}"]):
        yield f"regex.{i}", _job(f"relabel_configs: [{{target_label: t, regex: '{regex}'}}]")
    for i, replacement in enumerate(["$1", "${name}", "'é'", "$$", "''", "\"\\n\"", "a.b"]):
        yield f"labelmap.{i}", _job(f"relabel_configs: [{{action: labelmap, regex: a, replacement: {replacement}}}]")


def several():
    """What only two fields together make right or wrong."""
    texts = {
        "job.dup": "scrape_configs: [{job_name: a}, {job_name: b}, {job_name: a}]",
        "job.none": "scrape_configs: [{}]", "job.null": "scrape_configs: [null]",
        "job.unicode": "scrape_configs: [{job_name: 'é ü'}]",
        "interval.less": "global: {scrape_interval: 5s}", "interval.timeout": "global: {scrape_interval: 5s, scrape_timeout: 6s}",
        "interval.job": "scrape_configs: [{job_name: a, scrape_interval: 5s}]",
        "interval.job2": "global: {scrape_timeout: 20s}\nscrape_configs: [{job_name: a, scrape_interval: 15s}]",
        "interval.job3": "scrape_configs: [{job_name: a, scrape_interval: 15s, scrape_timeout: 16s}]",
        "interval.job4": "global: {scrape_interval: 2m, scrape_timeout: 90s}\nscrape_configs: [{job_name: a}]",
        "limits": "global: {sample_limit: 1, body_size_limit: 1MB, label_limit: 2, label_name_length_limit: 3, "
                  "label_value_length_limit: 4, target_limit: 5, keep_dropped_targets: 6}\n"
                  "scrape_configs: [{job_name: a}, {job_name: b, sample_limit: 9, body_size_limit: 2GiB}]",
        "protocols.global": "global: {scrape_protocols: [PrometheusText0.0.4, OpenMetricsText1.0.0]}\n"
                            "scrape_configs: [{job_name: a}]",
        "protocols.dup": "global: {scrape_protocols: [PrometheusText0.0.4, PrometheusText0.0.4]}",
        "protocols.unknown": "global: {scrape_protocols: [text]}", "protocols.empty": "global: {scrape_protocols: []}",
        "protocols.job.empty": "scrape_configs: [{job_name: a, scrape_protocols: []}]",
        "protocols.job.unknown": "scrape_configs: [{job_name: a, scrape_protocols: [text]}]",
        "protocols.job.dup": "scrape_configs: [{job_name: a, scrape_protocols: [PrometheusProto, PrometheusProto]}]",
        "fallback": "scrape_configs: [{job_name: a, fallback_scrape_protocol: PrometheusProto}]",
        "fallback.bad": "scrape_configs: [{job_name: a, fallback_scrape_protocol: text}]",
        "labels": "global: {external_labels: {a: b, c: 1, d: true, e: 1.50, f: '${HOME_NOT_THERE}', g: $$x, h: '$x'}}",
        "labels.name": "global: {external_labels: {a-b: c}}", "labels.utf8": "global: {external_labels: {'é.x': c}}",
        "labels.empty": "global: {external_labels: {'': c}}", "labels.reserved": "global: {external_labels: {__name__: c}}",
        "labels.legacy": "global: {metric_name_validation_scheme: legacy, external_labels: {a.b: c}}",
        "scheme.legacy": "global: {metric_name_validation_scheme: legacy}\nscrape_configs: [{job_name: a}]",
        "scheme.escaping": "global: {metric_name_escaping_scheme: dots}\nscrape_configs: [{job_name: a}, "
                           "{job_name: b, metric_name_validation_scheme: legacy}, {job_name: c, metric_name_escaping_scheme: values}]",
        "scheme.conflict": "scrape_configs: [{job_name: a, metric_name_validation_scheme: legacy, "
                           "metric_name_escaping_scheme: allow-utf-8}]",
        "scheme.conflict2": "global: {metric_name_validation_scheme: legacy, metric_name_escaping_scheme: allow-utf-8}\n"
                            "scrape_configs: [{job_name: a}]",
        "scheme.otlp": "global: {metric_name_validation_scheme: legacy}\notlp: {translation_strategy: NoUTF8EscapingWithSuffixes}",
        "scheme.otlp2": "otlp: {translation_strategy: NoTranslation}", "scheme.otlp3": "otlp: {translation_strategy: Other}",
        "otlp.dup": "otlp: {promote_resource_attributes: [a, ' a ', b]}", "otlp.blank": "otlp: {promote_resource_attributes: ['']}",
        "otlp.both": "otlp: {promote_all_resource_attributes: true, promote_resource_attributes: [a]}",
        "otlp.ignore": "otlp: {ignore_resource_attributes: [a]}",
        "otlp.ignored": "otlp: {promote_all_resource_attributes: true, ignore_resource_attributes: [a, b]}",
        "rules.glob": "rule_files: ['a/*.yml', 'b*/c.yml']", "rules.glob2": "rule_files: ['a/*/c.yml']",
        "rules.ok": "rule_files: [a.yml, /b/c.rules, 'd/*']", "scrapes.glob": "scrape_config_files: ['a/*/c.yml']",
        "scrapes.ok": "scrape_config_files: ['not_there/*.yml']", "scrapes.missing": "scrape_config_files: [not_there.yml]",
        "read.dup": "remote_read: [{url: 'http://a', name: x}, {url: 'http://b', name: x}]",
        "write.dup": "remote_write: [{url: 'http://a', name: x}, {url: 'http://b', name: x}]",
        "write.two": "remote_write: [{url: 'http://a'}, {url: 'http://a'}]",
        "write.null": "remote_write: [null]", "read.null": "remote_read: [null]",
        "write.v2": "remote_write: [{url: 'http://a', protobuf_message: io.prometheus.write.v2.Request}]",
        "write.secrets": "remote_write: [{url: 'http://u:p@a/b', basic_auth: {username: u, password: p}}, "
                         "{url: 'http://b', sigv4: {region: r, access_key: a, secret_key: s}}, "
                         "{url: 'http://c', authorization: {type: X, credentials: s}}]",
        "write.headers": "remote_write: [{url: 'http://a', headers: {X-A: b, c: ''}}]",
        "write.header1": "remote_write: [{url: 'http://a', headers: {Host: b}}]",
        "write.header2": "remote_write: [{url: 'http://a', headers: {content-TYPE: b}}]",
        "write.auths": "remote_write: [{url: 'http://a', basic_auth: {username: u}, sigv4: {region: r}}]",
        "write.auths2": "remote_write: [{url: 'http://a', authorization: {credentials: u}, oauth2: {client_id: a, token_url: b}}]",
        "write.azure": "remote_write: [{url: 'http://a', azuread: {managed_identity: {client_id: x}}}]",
        "write.azure2": "remote_write: [{url: 'http://a', azuread: {managed_identity: {client_id: 11111111-1111-1111-1111-111111111111}}}]",
        "write.azure3": "remote_write: [{url: 'http://a', azuread: {oauth: {client_id: 11111111-1111-1111-1111-111111111111, "
                        "client_secret: x, tenant_id: 11111111-1111-1111-1111-111111111111}}}]",
        "write.azure4": "remote_write: [{url: 'http://a', azuread: {cloud: X, sdk: {tenant_id: y}}}]",
        "write.azure5": "remote_write: [{url: 'http://a', azuread: {oauth: {client_id: a, client_secret: b, tenant_id: c}, "
                        "sdk: {tenant_id: y}}}]",
        "write.google": "remote_write: [{url: 'http://a', google_iam: {credentials_file: x}}]",
        "write.relabel": "remote_write: [{url: 'http://a', write_relabel_configs: [{action: drop, regex: x, source_labels: [a]}]}]",
        "am.two": "alerting: {alertmanagers: [{static_configs: [{targets: [a, 'b/c']}]}]}",
        "am.null": "alerting: {alertmanagers: [null]}", "am.v1": "alerting: {alertmanagers: [{api_version: v1}]}",
        "am.sigv4": "alerting: {alertmanagers: [{sigv4: {region: r}, basic_auth: {username: u}}]}",
        "am.relabel": "alerting: {alert_relabel_configs: [{action: labeldrop, regex: x}], alertmanagers: [{scheme: https, "
                      "relabel_configs: [{target_label: x, replacement: y}], alert_relabel_configs: [null]}]}",
        "static.url": "scrape_configs: [{job_name: a, static_configs: [{targets: ['http://a']}]}]",
        "static.url2": "scrape_configs: [{job_name: a, static_configs: [{targets: ['http://a']}], relabel_configs: [{target_label: x}]}]",
        "static.labels": "scrape_configs: [{job_name: a, static_configs: [{targets: [a], labels: {a-b: c, 'é': 1}}, {labels: {x: y}}]}]",
        "static.label": "scrape_configs: [{job_name: a, static_configs: [{targets: [a], labels: {'': c}}]}]",
        "static.many": "scrape_configs: [{job_name: a, static_configs: [{targets: [a, b:1, '[::1]:9']}, {targets: []}, {}]}]",
        "http.bearer": "scrape_configs: [{job_name: a, bearer_token: x}, {job_name: b, bearer_token_file: y}]",
        "http.bearers": "scrape_configs: [{job_name: a, bearer_token: x, bearer_token_file: y}]",
        "http.bearer.auth": "scrape_configs: [{job_name: a, bearer_token: x, authorization: {credentials: y}}]",
        "http.basic": "scrape_configs: [{job_name: a, basic_auth: {username: u, username_file: v}}]",
        "http.basic2": "scrape_configs: [{job_name: a, basic_auth: {password: u, password_file: v}}]",
        "http.basic.type": "scrape_configs: [{job_name: a, authorization: {type: ' BASIC '}}]",
        "http.creds": "scrape_configs: [{job_name: a, authorization: {credentials: a, credentials_file: b}}]",
        "http.oauth": "scrape_configs: [{job_name: a, oauth2: {client_id: a, client_secret: b, client_secret_file: c, token_url: d}}]",
        "http.oauth.basic": "scrape_configs: [{job_name: a, basic_auth: {username: u}, oauth2: {client_id: a, token_url: d}}]",
        "http.oauth.full": "scrape_configs: [{job_name: a, oauth2: {client_id: a, client_secret: b, token_url: 'http://d', scopes: [x, y], "
                           "endpoint_params: {p: q}, proxy_url: 'http://p:q@r', tls_config: {ca_file: x, min_version: TLS13}}}]",
        "http.proxy": "scrape_configs: [{job_name: a, proxy_url: 'http://u:p@b:1', no_proxy: 'c,d', proxy_connect_header: {X: [a, b]}}]",
        "http.proxy.env": "scrape_configs: [{job_name: a, proxy_from_environment: true, proxy_url: 'http://b'}]",
        "http.proxy.env2": "scrape_configs: [{job_name: a, proxy_from_environment: true, no_proxy: b}]",
        "http.proxy.header": "scrape_configs: [{job_name: a, proxy_connect_header: {X: [a]}}]",
        "http.proxy.no": "scrape_configs: [{job_name: a, no_proxy: b}]",
        "http.headers": "scrape_configs: [{job_name: a, http_headers: {x-a: {values: [1, b], secrets: [s], files: [f]}, B: {values: []}}}]",
        "http.headers.dup": "scrape_configs: [{job_name: a, http_headers: {x-a: {values: [b]}, X-A: {values: [c]}}}]",
        "http.headers.type": "scrape_configs: [{job_name: a, http_headers: {content-type: {values: [b]}}}]",
        "tls.cert": "scrape_configs: [{job_name: a, tls_config: {cert_file: x}}]",
        "tls.key": "scrape_configs: [{job_name: a, tls_config: {key: x}}]",
        "tls.both": "scrape_configs: [{job_name: a, tls_config: {cert: x, key: y, ca: z, server_name: n}}]",
        "tls.twice": "scrape_configs: [{job_name: a, tls_config: {ca: x, ca_file: y}}]",
        "tls.versions": "scrape_configs: [{job_name: a, tls_config: {min_version: TLS13, max_version: TLS10}}]",
        "params": "scrape_configs: [{job_name: a, params: {b: [c, d], a: [], 'x y': ['é']}}]",
        "anchors": "x: &a {job_name: a}\nscrape_configs: [*a]",
        "anchors.ok": "scrape_configs:\n- &a\n  job_name: a\n  static_configs: [{targets: [x]}]\n- <<: *a\n  job_name: b",
        "documents": "global: {scrape_interval: 20s}\n---\nglobal: {scrape_interval: 30s}",
        "dup": "global: {scrape_interval: 20s}\nglobal: {scrape_interval: 30s}",
        "dup.nested": "global: {scrape_interval: 20s, scrape_interval: 30s}",
        "unknowns": "a: 1\nglobal: {b: 2}\nscrape_configs: [{job_name: x, c: 3}]",
        "types": "global: {scrape_interval: [a]}\nscrape_configs: {a: b}\nrule_files: x",
        "tabs": "global:\n\tscrape_interval: 5s", "colon": "global: a: b", "open": "global: {", "text": "hello",
        "list": "- a\n- b", "empty": "", "comment": "# nothing\n", "null": "null", "bom": "\ufeffglobal: {}",
        "quotes": "scrape_configs: [{job_name: \"a\\tb\", metrics_path: '/''x'}]",
        "folded": "scrape_configs:\n- job_name: >\n    a\n    b\n  metrics_path: |-\n    /x",
        "booleans": "scrape_configs: [{job_name: a, honor_labels: on, honor_timestamps: off, enable_compression: y}]",
        "numbers": "scrape_configs: [{job_name: a, sample_limit: 1_000, label_limit: 0b11, target_limit: 017}]",
        "numbers.big": "scrape_configs: [{job_name: a, sample_limit: 18446744073709551615}]",
        "numbers.bigger": "scrape_configs: [{job_name: a, sample_limit: 18446744073709551616}]",
        "factor": "scrape_configs: [{job_name: a, native_histogram_min_bucket_factor: 1.1, native_histogram_bucket_limit: 160}]",
        "factor.inf": "scrape_configs: [{job_name: a, native_histogram_min_bucket_factor: .inf}]",
        "nhcb": "global: {scrape_native_histograms: true, convert_classic_histograms_to_nhcb: true, always_scrape_classic_histograms: true}\n"
                "scrape_configs: [{job_name: a}, {job_name: b, convert_classic_histograms_to_nhcb: false, always_scrape_classic_histograms: false}]",
        "k8s.roles": "scrape_configs: [{job_name: a, kubernetes_sd_configs: [{role: node}, {role: service}, {role: endpoints}, "
                     "{role: endpointslice}, {role: ingress}, {role: Pod}]}]",
        "k8s.selectors": "scrape_configs: [{job_name: a, kubernetes_sd_configs: [{role: endpoints, selectors: [{role: service, label: "
                         "'a in (b, c), !d', field: 'metadata.name=x'}, {role: pod, label: 'a==b'}]}]}]",
        "k8s.selector.bad": "scrape_configs: [{job_name: a, kubernetes_sd_configs: [{role: pod, selectors: [{role: pod, label: 'a in b'}]}]}]",
        "k8s.selector.role": "scrape_configs: [{job_name: a, kubernetes_sd_configs: [{role: service, selectors: [{role: pod}]}]}]",
        "k8s.api": "scrape_configs: [{job_name: a, kubernetes_sd_configs: [{role: pod, api_server: 'https://u:p@h', basic_auth: {username: u, password: p}, "
                   "namespaces: {names: [a, b]}, attach_metadata: {node: true}}]}]",
        "k8s.noapi": "scrape_configs: [{job_name: a, kubernetes_sd_configs: [{role: pod, follow_redirects: false}]}]",
        "k8s.kubeconfig": "scrape_configs: [{job_name: a, kubernetes_sd_configs: [{role: pod, kubeconfig_file: x, basic_auth: {username: a}}]}]",
        "dns.mx": "scrape_configs: [{job_name: a, dns_sd_configs: [{names: [x], type: mx}, {names: [y], type: SRV}]}]",
        "dns.txt": "scrape_configs: [{job_name: a, dns_sd_configs: [{names: [x], type: TXT}]}]",
        "consul.token": "scrape_configs: [{job_name: a, consul_sd_configs: [{server: x, token: y, authorization: {credentials: z}}]}]",
        "consul.basic": "scrape_configs: [{job_name: a, consul_sd_configs: [{server: x, username: u, password: p}]}]",
        "consul.basics": "scrape_configs: [{job_name: a, consul_sd_configs: [{server: x, username: u, basic_auth: {username: p}}]}]",
        "ec2.filters": "scrape_configs: [{job_name: a, ec2_sd_configs: [{region: r, filters: [{name: tag:a, values: [b]}]}]}]",
        "docker.filters": "scrape_configs: [{job_name: a, docker_sd_configs: [{host: 'http://x', filters: [{name: n, values: [v, w]}]}]}]",
        "azure.sdk": "scrape_configs: [{job_name: a, azure_sd_configs: [{subscription_id: x, authentication_method: SDK}]}]",
        "azure.managed": "scrape_configs: [{job_name: a, azure_sd_configs: [{subscription_id: x, authentication_method: ManagedIdentity}]}]",
        "hetzner.robot": "scrape_configs: [{job_name: a, hetzner_sd_configs: [{role: robot, basic_auth: {username: u, password: p}}]}]",
        "file.ext": "scrape_configs: [{job_name: a, file_sd_configs: [{files: [a.txt]}]}]",
        "file.glob": "scrape_configs: [{job_name: a, file_sd_configs: [{files: ['a/*.json', 'b*.yml', /c.yaml]}]}]",
        "file.glob2": "scrape_configs: [{job_name: a, file_sd_configs: [{files: ['a/*/x.json']}]}]",
        "tracing.grpc": "tracing: {endpoint: 'a:1', sampling_fraction: 0.5, headers: {a: b}, compression: gzip, timeout: 5s, tls_config: {ca_file: x}}",
        "tracing.auth": "tracing: {endpoint: 'a:1', headers: {Authorization: b}}",
        "tsdb.ooo": "storage: {tsdb: {out_of_order_time_window: 30m}}", "exemplars": "storage: {exemplars: {max_exemplars: 7}}",
    }
    yield from texts.items()


def yaml_forms():
    """What YAML leaves to its readers: as a label's value in {} and in a block, and as a whole file."""
    scalars = ["x?", "?x", "a ?b", "a:b", "a :b", ":x", "a#b", "a #b", "-x", "- x", "--- x", "@x", "`x", "%x", "a,b", "a]b",
               "[a?, b]", "{a: x?}", "{a:}", "{a, b}", "[a: b]", "!x y", "!!str 5", "!!int 5", "!!int x", "!!float 1",
               "!!bool yes", "!!null x", "!!binary aGk=", "!!binary x", "!!map {}", "!<tag:yaml.org,2002:str> 5",
               "!e!x 5", "&a x", "*a", "'it''s'", "'a\n\n  b'", '"a\\x41\\u00e9"', '"\\q"', "a\n    b", "a\n\n    b",
               "017", "0o17", "0x1F", "1_000", "1e3", ".inf", "2001-01-01", "1:20", "y", "off", "NULL", "~", "<<", "="]
    for i, scalar in enumerate(scalars):
        yield f"yaml.block.{i}", f"global:\n  external_labels:\n    l: {scalar}\n"
        yield f"yaml.flow.{i}", f"global: {{external_labels: {{l: {scalar}}}}}\n"
        yield f"yaml.key.{i}", f"global:\n  external_labels:\n    {scalar}: l\n"
        yield f"yaml.item.{i}", f"rule_files: [{scalar}, b]\n"
    files = ["|\n", "|2-\n   x\n", ">+\n  a\n  b\n\n", "|0\n x\n", "|- # c\n    x\n", ">x\n", "|\n\tx\n"]
    for i, text in enumerate(files):
        yield f"yaml.scalar.{i}", f"global:\n  external_labels:\n    l: {text}"
    wholes = ["...\n", "---\n", "--- {}\n...\n@", "a: b\n...\n@", "%YAML 1.1\n---\nglobal: {}\n", "%YAML 1.2\n---\n{}\n",
              "%TAG !e! tag:yaml.org,2002:\n---\n!e!map {}\n", "%FOO\n---\n", "{}: x\n", "[]\n", "{}\n{}\n", "? global\n: {}\n",
              "global: {}\r\nrule_files: []\r\n", "\tglobal: {}\n", "global: {}\t# c\n", "global:\t{}\n", "global :\n  {}\n",
              "global: &a {}\nruntime: *a\n", "global: *a\n", "\"global\": {}\n", "'global': {}\n",
              "global: {\n}\n", "global: {\n  }\nx\n", "global: [\n]\n", "x\n", "global: {}\x00\n", "global: {} \x07\n"]
    for i, text in enumerate(wholes):
        yield f"yaml.whole.{i}", text
    merges = ["- &a {job_name: a, scrape_interval: 20s}\n- {<<: *a, job_name: b}", "- &a {job_name: a}\n- {job_name: b, <<: *a}",
              "- {job_name: a, <<: {scrape_interval: 20s}, scrape_timeout: 25s}", "- {job_name: a, <<: [{sample_limit: 1}, {sample_limit: 2}]}",
              "- {job_name: a, <<: 5}", "- {job_name: a, <<: [5]}", "- {job_name: a, '<<': {}}", "- {job_name: a, !!merge <<: {}}",
              "- {job_name: a, <<: {job_name: b, job_name: c}}", "- {job_name: a, params: {<<: {a: [b]}, a: [c]}}",
              "- {job_name: a, <<: {x: y}}"]
    for i, text in enumerate(merges):
        yield f"yaml.merge.{i}", f"scrape_configs:\n{text}\n"


def label_selectors():
    for i, label in enumerate(["a", "!a", "a=b", "a in b", "a in (b", "a in ()", "a in (,b)", "a notin (b, c+)", "a b", "a=", "=a",
                               "a,", "a > 5", "a < x", "a-=b", "/a", "b/a", "b/c/d", "B_/a", "a in (in)", "in in (a)", "!a b",
                               "a==b,c!=d", "a" * 64, "a=" + "b" * 64, "é"]):
        yield f"k8s.label.{i}", _job(f"kubernetes_sd_configs: [{{role: pod, selectors: [{{role: pod, label: '{label}'}}]}}]")


def all_cases():
    yield from several()
    yield from yaml_forms()
    yield from label_selectors()
    yield from by_field()
    yield from relabelling()
