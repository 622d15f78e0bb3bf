#!/usr/bin/env python3
"""What discovery of many pods costs: a real API server, 10,000 pods, 50 of them changed each second.

Usage: kubernetes.py [PODS] [CHANGES_PER_SECOND] [SECONDS]
Prints the CPU seconds of Hearth and, in the same way after it, of Prometheus: until all targets are there, while
nothing changes, and per second of changes; and their memory. HEARTH_BINARY_DIR and HEARTH_PEERS name the programs.
"""

import http.client
import json
import os
import pathlib
import random
import ssl
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "e2e"))
import kubernetes_objects  # noqa: E402
import servers  # noqa: E402

IDLE_SECONDS = 15


def pod(number, version):
    return {"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": f"web-{number}", "namespace": "default",
                         "labels": {"app": f"app-{number % 100}", "pod-template-hash": "5c8b6956d4", "version": str(version)},
                         "annotations": {"prometheus.io/scrape": "true", "prometheus.io/port": "8080",
                                         "kubectl.kubernetes.io/restartedAt": "2026-01-01T00:00:00Z"},
                         "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": f"app-{number % 100}-5c8b6956d4",
                                              "uid": "1", "controller": True}]},
            "spec": {"nodeName": f"node-{number % 200}",
                     "containers": [{"name": "main", "image": "registry.example.com/web:1.2.3",
                                     "env": [{"name": f"SETTING_{i}", "value": "some value"} for i in range(20)],
                                     "ports": [{"containerPort": 8080, "name": "http", "protocol": "TCP"}]}]},
            "status": {"podIP": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}", "hostIP": "10.0.0.1", "phase": "Running",
                       "conditions": [{"type": kind, "status": "True"} for kind in ("Initialized", "Ready", "ContainersReady", "PodScheduled")],
                       "containerStatuses": [{"name": "main", "image": "i", "imageID": "", "ready": True, "restartCount": 0,
                                              "containerID": f"containerd://{number:064x}"}]}}


class Connection:
    """Keeps one connection to the API server."""

    def __init__(self, api):
        self.api = api
        self.connection = http.client.HTTPSConnection("localhost", api.port, context=api.context)

    def send(self, method, path, item):
        self.connection.request(method, path, json.dumps(item), {
            "Authorization": f"Bearer {self.api.token}", "Content-Type": "application/json"})
        answer = self.connection.getresponse()
        body = answer.read()
        if answer.status >= 300:
            raise AssertionError(f"{method} {path}: {answer.status} {body[:500]}")


def create_all(api, pods):
    def some(first):
        connection = Connection(api)
        for number in range(first, pods, 4):
            connection.send("POST", "/api/v1/namespaces/default/pods", pod(number, 0))
    threads = [threading.Thread(target=some, args=(first,)) for first in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def change_some(api, pods, per_second, seconds):
    """Changes a label of pods by chance; returns the last one with its version."""
    connection = Connection(api)
    start = time.monotonic()
    for count in range(per_second * seconds):
        time.sleep(max(0, start + count / per_second - time.monotonic()))
        number = random.randrange(pods)
        connection.send("PUT", f"/api/v1/namespaces/default/pods/web-{number}", pod(number, count + 1))
    return number, per_second * seconds


def cpu_seconds(process):
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mib(process):
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def targets(server):
    return server.api("targets", state="active")["activeTargets"]


def measure(name, server, api, pods, per_second, seconds):
    start = time.monotonic()
    servers.wait_for(lambda: f'prometheus_sd_discovered_targets{{config="pods",name="scrape"}} {pods}\n' in
                     servers.get(server.url + "/metrics")[1], "all targets", 120)
    found, found_cpu = time.monotonic() - start, cpu_seconds(server.process)
    time.sleep(10)  # Prometheus hands targets on each five seconds
    before = cpu_seconds(server.process)
    time.sleep(IDLE_SECONDS)
    idle = (cpu_seconds(server.process) - before) / IDLE_SECONDS
    before = cpu_seconds(server.process)
    number, version = change_some(api, pods, per_second, seconds)
    busy = (cpu_seconds(server.process) - before) / seconds
    changed = time.monotonic()
    servers.wait_for(lambda: any(target["discoveredLabels"]["__meta_kubernetes_pod_label_version"] == str(version)
                                 for target in targets(server)), "the last change", 30)
    print(f"{name}: {pods} targets after {found:.1f} s and {found_cpu:.2f} CPU s; idle {idle * 100:.2f} % of a core; "
          f"{per_second} changes/s {busy * 100:.2f} %, the last seen at most {time.monotonic() - changed:.1f} s later; "
          f"{resident_mib(server.process):.0f} MiB", flush=True)


class Bench(servers.EndToEnd):
    def runTest(self):
        pods, per_second, seconds = ([int(word) for word in sys.argv[1:]] + [10_000, 50, 30][len(sys.argv) - 1:])[:3]
        api = kubernetes_objects.ApiServer(self.dir / "kubeapi")
        self.addCleanup(api.stop)
        create_all(api, pods)
        config = self.dir / "prometheus.yml"
        config.write_text(f"""global: {{scrape_interval: 1h}}
scrape_configs:
- job_name: pods
  kubernetes_sd_configs:
  - role: pod
    api_server: {api.url}
    tls_config: {{ca_file: {api.dir}/ca.crt}}
    authorization: {{credentials_file: {api.dir}/token}}
  relabel_configs:
  - {{source_labels: [__meta_kubernetes_pod_annotation_prometheus_io_scrape], action: keep, regex: true}}
  - {{action: labelmap, regex: __meta_kubernetes_pod_label_(.+)}}
  - {{source_labels: [__meta_kubernetes_namespace], target_label: namespace}}
  - {{source_labels: [__meta_kubernetes_pod_name], target_label: pod}}
""")
        for name, start in (("Hearth", self.hearth), ("Prometheus", self.prometheus)):
            server = start(config)
            measure(name, server, api, pods, per_second, seconds)
            server.stop()


if __name__ == "__main__":
    servers.use_prometheus_3()
    bench = Bench()
    bench.setUp()
    try:
        bench.runTest()
    finally:
        bench.doCleanups()
