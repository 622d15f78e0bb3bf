"""The manifests of deploy/kubernetes against a real Kubernetes API server: what it takes of them it takes strictly, the
configuration finds what is annotated, and every request of every role is one that the ClusterRole allows."""

import http.server
import ssl
import subprocess
import threading
import unittest
import urllib.error
import urllib.parse
import urllib.request

import kubernetes_objects
import yaml
from servers import EndToEnd, HEARTH, HEARTHTOOL, SOURCE_DIR, free_port, wait_for

FOLDER = SOURCE_DIR / "deploy" / "kubernetes"
ROLES = ("node", "service", "pod", "endpoints", "endpointslice", "ingress")


def objects():
    return [item for path in sorted(FOLDER.glob("*.yaml")) for item in yaml.safe_load_all(path.read_text())]


def of_kind(kind):
    return next(item for item in objects() if item["kind"] == kind)


class Recorder:
    """Passes requests on to the API server, with its token, and keeps their paths."""

    def __init__(self, api):
        self.paths = set()
        recorder = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                recorder.paths.add(self.path)
                request = urllib.request.Request(api.url + self.path, headers={"Authorization": f"Bearer {api.token}"})
                try:
                    answer = urllib.request.urlopen(request, context=api.context, timeout=60)
                except urllib.error.HTTPError as error:
                    answer = error
                self.send_response(answer.status)
                self.send_header("Content-Type", answer.headers.get("Content-Type", "application/json"))
                self.end_headers()
                try:
                    while piece := answer.read1(65536):
                        self.wfile.write(piece)
                        self.wfile.flush()
                except (OSError, ssl.SSLError):
                    pass

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", free_port()), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def asked(path):
    """(verb, API group, resource) of a request for objects."""
    parts = urllib.parse.urlsplit(path)
    words = parts.path.strip("/").split("/")
    group, words = ("", words[2:]) if words[0] == "api" else (words[1], words[3:])
    if words[0] == "namespaces" and len(words) > 2:
        words = words[2:]
    watch = urllib.parse.parse_qs(parts.query).get("watch", ["0"])[0] in ("1", "true")
    return ("watch" if watch else "list" if len(words) == 1 else "get"), group, words[0]


class Manifests(EndToEnd):
    def setUp(self):
        super().setUp()
        self.api = kubernetes_objects.ApiServer(self.dir / "kubeapi")
        self.addCleanup(self.api.stop)

    def create_strictly(self, path, item):
        """A field that the API server does not know fails."""
        self.api.request("POST", path + "?fieldValidation=Strict", item)

    def test_what_the_api_server_knows_of_them_it_takes_strictly(self):
        self.create_strictly("/api/v1/namespaces", of_kind("Namespace"))
        self.create_strictly("/api/v1/namespaces/monitoring/services", of_kind("Service"))
        template = of_kind("StatefulSet")["spec"]["template"]
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {**template["metadata"], "name": "hearth-0", "namespace": "monitoring"},
               "spec": template["spec"]}
        self.create_strictly("/api/v1/namespaces/monitoring/pods", pod)
        with self.assertRaisesRegex(AssertionError, "unknown field"):
            self.create_strictly("/api/v1/namespaces/monitoring/pods", {**pod, "metadata": {"name": "x", "namespace": "monitoring"}, "spek": {}})

    def test_what_is_annotated_is_found_and_the_role_allows_every_request(self):
        def pod(name, annotations, phase="Running"):
            return {"apiVersion": "v1", "kind": "Pod",
                    "metadata": {"name": name, "namespace": "default", "labels": {"app": name}, "annotations": annotations},
                    "spec": {"nodeName": "node-1", "containers": [{"name": "main", "image": "i", "ports": [{"containerPort": 8080}]}]},
                    "status": {"phase": phase, "podIP": "127.1.2.3"}}
        scrape = {"prometheus.io/scrape": "true"}
        elsewhere = {**scrape, "prometheus.io/port": "9113", "prometheus.io/path": "/stats", "prometheus.io/scheme": "https"}
        for item in (pod("asks", scrape), pod("says-where", elsewhere), pod("silent", {}), pod("refuses", {"prometheus.io/scrape": "false"}),
                     pod("ended", scrape, "Succeeded"),
                     {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node-1", "labels": {"disk": "fast"}},
                      "status": {"addresses": [{"type": "InternalIP", "address": "127.1.1.1"}],
                                 "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}}}},
                     {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "default", "annotations": scrape},
                      "spec": {"ports": [{"name": "http", "port": 80}]}},
                     {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
                      "metadata": {"name": "web-1", "namespace": "default", "labels": {"kubernetes.io/service-name": "web"}},
                      "addressType": "IPv4", "ports": [{"name": "http", "port": 8080}],
                      "endpoints": [{"addresses": ["127.1.2.3"], "targetRef": {"kind": "Pod", "name": "asks", "namespace": "default"}}]},
                     {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "kubernetes", "namespace": "default"},
                      "spec": {"ports": [{"name": "https", "port": 443}]}},
                     {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
                      "metadata": {"name": "kubernetes", "namespace": "default", "labels": {"kubernetes.io/service-name": "kubernetes"}},
                      "addressType": "IPv4", "ports": [{"name": "https", "port": 6443}], "endpoints": [{"addresses": ["127.1.0.1"]}]}):
            self.api.create(item)
        recorder = Recorder(self.api)
        self.addCleanup(recorder.stop)

        config = yaml.safe_load(of_kind("ConfigMap")["data"]["prometheus.yml"])
        config["global"]["scrape_interval"] = "1h"
        config["scrape_configs"] += [{"job_name": f"all-{role}", "kubernetes_sd_configs": [{"role": role}]} for role in ROLES]
        for role in ("pod", "endpoints", "endpointslice", "service", "ingress"):
            metadata = {"namespace": True, **({"node": True, "deployment": True, "job": True, "cronjob": True}
                                              if role not in ("service", "ingress") else {})}
            config["scrape_configs"].append({"job_name": f"attached-{role}",
                                             "kubernetes_sd_configs": [{"role": role, "attach_metadata": metadata}]})
        for job in config["scrape_configs"]:
            for discovery in job.get("kubernetes_sd_configs", ()):
                discovery["api_server"] = recorder.url
            # The files that a pod finds.
            if "authorization" in job:
                job["authorization"]["credentials_file"] = str(self.api.dir / "token")
                job["tls_config"]["ca_file"] = str(self.api.dir / "ca.crt")
        path = self.dir / "prometheus.yml"
        path.write_text(yaml.safe_dump(config))
        subprocess.run([HEARTHTOOL, "check", "config", path], check=True, capture_output=True)
        hearth = self.hearth(path)

        def found():
            targets = {}
            for target in hearth.api("targets", state="active")["activeTargets"]:
                labels = target["labels"]
                who = labels.get("pod") or labels.get("service") or labels.get("disk")
                targets.setdefault(target["scrapePool"], set()).add((target["scrapeUrl"], who))
            return {job: targets.get(job, set()) for job in ("kubernetes-apiservers", "kubernetes-nodes", "kubernetes-cadvisor",
                                                             "kubernetes-pods", "kubernetes-services")}
        expected = {
            "kubernetes-apiservers": {("https://127.1.0.1:6443/metrics", None)},
            "kubernetes-nodes": {("https://127.1.1.1:10250/metrics", "fast")},
            "kubernetes-cadvisor": {("https://127.1.1.1:10250/metrics/cadvisor", "fast")},
            "kubernetes-pods": {("http://127.1.2.3:8080/metrics", "asks"), ("https://127.1.2.3:9113/stats", "says-where")},
            "kubernetes-services": {("http://127.1.2.3:8080/metrics", "asks")}}
        count = sum(len(of_job) for of_job in expected.values())
        wait_for(lambda: sum(len(of_job) for of_job in found().values()) >= count, f"{count} targets")
        self.assertEqual(found(), expected)

        def requested():
            return {asked(path) for path in recorder.paths}
        resources = {"nodes", "services", "pods", "endpoints", "endpointslices", "ingresses"}
        wait_for(lambda: {resource for verb, _, resource in requested() if verb == "watch"} >= resources, "watches of all kinds")
        rules = of_kind("ClusterRole")["rules"]

        def allowed(request):
            verb, group, resource = request
            return any(verb in rule["verbs"] and group in rule.get("apiGroups", ()) and resource in rule.get("resources", ())
                       for rule in rules)
        self.assertEqual({request for request in requested() if not allowed(request)}, set())

    def test_the_server_knows_every_flag_of_the_container(self):
        container = of_kind("StatefulSet")["spec"]["template"]["spec"]["containers"][0]
        text = subprocess.run([HEARTH, "--help"], capture_output=True, text=True, check=True).stdout
        for argument in container["args"]:
            flag = argument[2:].split("=")[0]
            self.assertRegex(text, rf"--(\[no-\])?{flag}\b")


if __name__ == "__main__":
    unittest.main()
