"""kubernetes_sd against a real Kubernetes API server, beside a real Prometheus: the same targets with the same labels."""

import collections
import copy
import json
import time
import unittest

import kubernetes_objects
from servers import EndToEnd, use_prometheus_3, wait_for

ROLES = ("node", "service", "pod", "endpoints", "endpointslice", "ingress")
# Newer than the Prometheus that is compared with.
NEWER = ("__meta_kubernetes_node_condition_", "node_condition_", "__scrape_native_histograms__",
         "__always_scrape_classic_histograms__", "__convert_classic_histograms_to_nhcb__")


def setUpModule():
    use_prometheus_3()


def job(name, role, access, extra="", rules=""):
    return (f"- job_name: {name}\n  kubernetes_sd_configs:\n  - role: {role}\n{access}{extra}"
            "  relabel_configs:\n  - action: labelmap\n    regex: __meta_kubernetes_(.+)\n" + rules)


def jobs(access):
    """All roles, alone and with what can be asked for besides."""
    node = "    attach_metadata:\n      node: true\n"
    drop = "  - action: drop\n    source_labels: [__meta_kubernetes_namespace]\n    regex: prod\n"
    text = "".join(job(role, role, access, rules=drop) for role in ROLES)
    text += "".join(job(f"{role}-with-node", role, access, node) for role in ("pod", "endpoints", "endpointslice"))
    text += job("two-namespaces", "pod", access, "    namespaces:\n      names: [prod, default]\n")
    text += job("selected", "pod", access, "    selectors:\n    - role: pod\n      label: app\n      field: status.phase=Running\n")
    text += job("service-selected", "endpointslice", access, "    selectors:\n    - role: service\n      label: a-b\n")
    return "global: {scrape_interval: 1h}\nscrape_configs:\n" + text


def without_newer(labels):
    return {name: value for name, value in labels.items() if not name.startswith(NEWER)}


def targets(server):
    """{job: sorted targets as text}, active and dropped ones."""
    data = server.api("targets", state="any")
    found = collections.defaultdict(list)
    for target in data["activeTargets"]:
        found[target["scrapePool"]].append(json.dumps(
            [without_newer(target["discoveredLabels"]), without_newer(target["labels"]), target["scrapeUrl"]], sort_keys=True))
    for target in data["droppedTargets"]:
        pool = target["discoveredLabels"]["job"]
        found[pool].append("dropped " + json.dumps(without_newer(target["discoveredLabels"]), sort_keys=True))
    return {name: sorted(all_of_it) for name, all_of_it in found.items()}


class Kubernetes(EndToEnd):
    def setUp(self):
        super().setUp()
        self.api = kubernetes_objects.ApiServer(self.dir / "kubeapi")
        self.addCleanup(self.api.stop)

    def access(self):
        return (f"    api_server: {self.api.url}\n    tls_config: {{ca_file: {self.api.dir}/ca.crt}}\n"
                f"    authorization: {{credentials_file: {self.api.dir}/token}}\n")

    def write(self, text):
        path = self.dir / "prometheus.yml"
        path.write_text(text)
        return path

    def both(self, text):
        path = self.write(text)
        return self.hearth(path), self.prometheus(path)

    def assert_equal_soon(self, hearth, prometheus, what, without=()):
        last = {}

        def equal():
            for name, server in (("ours", hearth), ("theirs", prometheus)):
                last[name] = {job: found for job, found in targets(server).items() if job not in without}
            return last["theirs"] and last["ours"] == last["theirs"]
        try:
            wait_for(equal, what, 40)
        except AssertionError:
            for name in sorted(set(last["ours"]) | set(last["theirs"])):
                ours, theirs = set(last["ours"].get(name, [])), set(last["theirs"].get(name, []))
                for line in sorted(ours - theirs)[:3]:
                    print(f"{name}: only ours {line}")
                for line in sorted(theirs - ours)[:3]:
                    print(f"{name}: only theirs {line}")
            raise
        return last["ours"]

    def test_all_roles_find_the_same_targets_and_follow_all_changes(self):
        objects = kubernetes_objects.Objects(seed=1)
        items = objects.cluster(size=12)
        for item in items:
            self.api.create(item)
        hearth, prometheus = self.both(jobs(self.access()))
        found = self.assert_equal_soon(hearth, prometheus, "the same targets")
        self.assertEqual(len(found), 12)
        self.assertGreater(min(len(of_job) for of_job in found.values()), 1)

        left = []
        for item in items:
            chance = objects.random.random()
            if item["kind"] == "Namespace":
                continue
            if chance < 0.15:
                self.api.delete(item)
                continue
            left.append(item)
            if chance > 0.5:
                continue
            changed = copy.deepcopy(item)
            changed["metadata"].setdefault("labels", {})["app"] = "changed"
            if item["kind"] == "Pod":
                changed["status"]["podIP"] = objects.ip()
            self.api.update(changed)
        for of_namespace in kubernetes_objects.NAMESPACES:
            self.api.create(objects.pod(of_namespace))
            self.api.create(objects.service(of_namespace))
        # Prometheus makes the targets of a service anew when its addresses change, but not whenever a pod does.
        of_services = [name for name in found if name.startswith("endpoint") or name == "service-selected"]
        self.assert_equal_soon(hearth, prometheus, "the same targets but for those of services", without=of_services)
        for item in left:
            if item["kind"] in ("Endpoints", "EndpointSlice"):
                item["metadata"].setdefault("annotations", {})["touched"] = "1"
                self.api.update(item)
        after = self.assert_equal_soon(hearth, prometheus, "the same targets after changes")
        self.assertNotEqual(found, after)

    def test_a_change_arrives_within_a_second(self):
        objects = kubernetes_objects.Objects(seed=2)
        hearth = self.hearth(self.write(jobs(self.access())))
        took = []
        for _ in range(5):
            pod = objects.pod("default")
            pod["status"]["podIP"] = "10.1.1.1"
            self.api.create(pod)
            start = time.monotonic()
            wait_for(lambda: pod["metadata"]["name"] in str(targets(hearth).get("pod", "")), "the pod", 10)
            took.append(time.monotonic() - start)
        self.assertLess(sorted(took)[2], 1, took)

    def test_a_kubeconfig_lets_in_and_a_reload_keeps_the_watch(self):
        objects = kubernetes_objects.Objects(seed=3)
        for _ in range(10):
            self.api.create(objects.pod("default"))
        text = jobs(f"    kubeconfig_file: {self.api.dir}/kubeconfig\n")
        hearth, prometheus = self.both(text)
        before = self.assert_equal_soon(hearth, prometheus, "the same targets")
        self.write(text.replace("scrape_interval: 1h", "scrape_interval: 2h"))
        hearth.process.send_signal(1)
        wait_for(lambda: '2h' in str(targets(hearth)), "the reload")
        self.assertEqual({name: len(of_job) for name, of_job in before.items()},
                         {name: len(of_job) for name, of_job in targets(hearth).items()})


if __name__ == "__main__":
    unittest.main()
