"""A real Kubernetes API server, and objects for it in which all kinds of fields are missing."""

import json
import os
import pathlib
import random
import ssl
import subprocess
import unittest
import urllib.error
import urllib.request

from servers import SOURCE_DIR, free_port

KUBEAPI = pathlib.Path(os.environ.get("HEARTH_SHARED_DIR", SOURCE_DIR.parent / "shared")) / "tools" / "kubeapi"
NAMESPACES = ("default", "prod", "kube-system")
PATHS = {"Pod": ("/api/v1", "pods"), "Service": ("/api/v1", "services"), "Endpoints": ("/api/v1", "endpoints"),
         "Node": ("/api/v1", "nodes"), "Namespace": ("/api/v1", "namespaces"),
         "EndpointSlice": ("/apis/discovery.k8s.io/v1", "endpointslices"),
         "Ingress": ("/apis/networking.k8s.io/v1", "ingresses")}


class ApiServer:
    """The server of shared/tools/kubeapi; skips the test where that is not there."""

    def __init__(self, folder):
        if not (KUBEAPI / "up").exists():
            raise unittest.SkipTest(f"{KUBEAPI} is not there: no Kubernetes API server to test against")
        self.dir = folder
        self.port = free_port()
        for _ in range(2):
            free_port()  # of its etcd
        subprocess.run([KUBEAPI / "up", folder, str(self.port)], check=True, capture_output=True, timeout=60)
        self.url = (folder / "url").read_text().strip()
        self.token = (folder / "token").read_text().strip()
        self.context = ssl.create_default_context(cafile=folder / "ca.crt")

    def stop(self):
        subprocess.run([KUBEAPI / "down", self.dir], capture_output=True, timeout=30)

    def request(self, method, path, body=None):
        request = urllib.request.Request(
            self.url + path, method=method, data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, context=self.context, timeout=20) as answer:
                return json.loads(answer.read() or b"{}")
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.code} {error.read().decode()}") from error

    @staticmethod
    def path(item):
        group, plural = PATHS[item["kind"]]
        of_namespace = item["metadata"].get("namespace")
        return f"{group}/namespaces/{of_namespace}/{plural}" if of_namespace else f"{group}/{plural}"

    def create(self, item):
        return self.request("POST", self.path(item), item)

    def update(self, item):
        return self.request("PUT", f"{self.path(item)}/{item['metadata']['name']}", item)

    def delete(self, item):
        return self.request("DELETE", f"{self.path(item)}/{item['metadata']['name']}")


class Objects:
    """Makes objects by chance, the same for the same seed."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.nodes = [f"node-{i}" for i in range(4)]
        self.count = 0

    def some(self, likely=0.6):
        return self.random.random() < likely

    def pick(self, *choices):
        return self.random.choice(choices)

    def without(self, fields, likely=0.7):
        """Some of the fields; those that are None never."""
        return {name: value for name, value in fields.items() if value is not None and self.some(likely)}

    def ip(self):
        a, b = self.random.randrange(250), self.random.randrange(1, 250)
        return f"fd00::{a:x}:{b:x}" if self.some(0.1) else f"10.1.{a}.{b}"

    def meta(self, prefix, of_namespace=None, labels=None):
        self.count += 1
        keys = ("app", "app.kubernetes.io/name", "a-b", "empty", "9lives", "x/y.z_w", "example.com/Upper.Case")
        def texts(value):
            return {key: "" if key == "empty" else value + str(self.random.randrange(9)) for key in keys if self.some(0.3)}
        meta = {"name": f"{prefix}-{self.count}"}
        if of_namespace:
            meta["namespace"] = of_namespace
        if self.some() or labels:
            meta["labels"] = {**texts("v-"), **(labels or {})}
        if self.some():
            meta["annotations"] = texts("Any text, ünïcode: ")
        return meta

    def node(self, name):
        kinds = ("InternalIP", "ExternalIP", "InternalDNS", "ExternalDNS", "Hostname", "LegacyHostIP", "Odd Type")
        addresses = [{"type": kind, "address": f"{kind.lower().replace(' ', '')}.{name}"} for kind in kinds if self.some(0.5)]
        addresses += [{"type": kind, "address": "10.9.9.9"} for kind in kinds[:2] if self.some(0.3)]
        self.random.shuffle(addresses)
        return {"apiVersion": "v1", "kind": "Node", "metadata": {**self.meta("node"), "name": name},
                "spec": self.without({"providerID": f"cloud://{name}"}),
                "status": self.without({"addresses": addresses or None,
                                        "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
                                        "conditions": [{"type": "Ready", "status": "True"}]}, 0.9)}

    def ports(self, likely=0.8):
        if not self.some(likely):
            return None
        return [{"containerPort": self.pick(80, 443, 8080, 9090, 9100),
                 **self.without({"name": self.pick("http", "metrics", "web"), "protocol": self.pick("TCP", "UDP")})}
                for _ in range(self.random.randrange(1, 4))]

    def containers(self, prefix, least):
        return [{"name": f"{prefix}{i}", **self.without({"image": f"registry/{prefix}:{i}", "ports": self.ports()}),
                 **({"restartPolicy": "Always"} if prefix == "init" and self.some(0.3) else {})}
                for i in range(self.random.randrange(least, 4))]

    def pod(self, of_namespace):
        containers, init = self.containers("main", 1), self.containers("init", 0)
        owner = {"apiVersion": "apps/v1", "kind": self.pick("ReplicaSet", "DaemonSet", "Job"), "uid": "1",
                 "name": self.pick("owner", "other"), **self.without({"controller": self.pick(True, True, False)})}
        meta = self.meta("pod", of_namespace)
        if self.some():
            meta["ownerReferences"] = [owner]
        def statuses(of):
            return [{"name": c["name"], "image": "i", "imageID": "", "ready": True, "restartCount": 0,
                     "containerID": f"containerd://{c['name']}"} for c in of if self.some()] or None
        status = self.without({
            "phase": self.pick("Running", "Pending", "Succeeded"), "hostIP": "10.0.0.1",
            "conditions": [{"type": kind, "status": self.pick("True", "False", "Unknown")}
                           for kind in self.pick(("Ready",), ("Initialized",), ("Initialized", "Ready"))],
            "containerStatuses": statuses(containers), "initContainerStatuses": statuses(init)})
        if self.some(0.9):
            status["podIP"] = self.ip()
        return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "status": status,
                "spec": {"containers": containers, **self.without({"initContainers": init or None,
                                                                   "nodeName": self.pick(*self.nodes, "node-gone")})}}

    def service(self, of_namespace):
        kind = self.pick("ClusterIP", "NodePort", "LoadBalancer", "ExternalName")
        ports = [{"port": self.pick(80, 443, 8080), **self.without({"name": f"p{i}", "protocol": self.pick("TCP", "UDP")})}
                 for i in range(self.random.randrange(4))]
        return {"apiVersion": "v1", "kind": "Service", "metadata": self.meta("svc", of_namespace),
                "spec": {"ports": ports, **self.without({"type": kind, "clusterIP": "10.96.0.1",
                                                         "externalName": "elsewhere.example",
                                                         "loadBalancerIP": "192.0.2.1"}, 0.8)}}

    def reference(self, pods):
        pod = self.pick(*pods)["metadata"]
        return self.pick({"kind": "Pod", "name": pod["name"], "namespace": pod["namespace"]},
                         {"kind": "Pod", "name": pod["name"], "namespace": pod["namespace"]},
                         {"kind": "Pod", "name": "gone", "namespace": pod["namespace"]},
                         {"kind": "Node", "name": self.pick(*self.nodes)}, {"name": "x"})

    def endpoints(self, service, pods):
        def addresses():
            return [{"ip": self.ip(), **self.without({"hostname": "host", "nodeName": self.pick(*self.nodes, "node-gone"),
                                                      "targetRef": self.reference(pods)})}
                    for _ in range(self.random.randrange(4))]
        def ports():
            return [{"port": self.pick(80, 8080, 9090), **self.without({"name": "web", "protocol": "TCP"})}
                    for _ in range(self.random.randrange(3))]
        meta = {**self.meta("ep", service["metadata"]["namespace"]), "name": service["metadata"]["name"]}
        return {"apiVersion": "v1", "kind": "Endpoints", "metadata": meta,
                "subsets": [self.without({"addresses": addresses(), "notReadyAddresses": addresses(), "ports": ports()}, 0.85)
                            for _ in range(self.random.randrange(3))]}

    def slice(self, service, pods):
        of_namespace = service["metadata"]["namespace"]
        labels = {"kubernetes.io/service-name": service["metadata"]["name"]} if self.some(0.9) else None
        def addresses():
            return [f"10.2.{self.random.randrange(9)}.{self.random.randrange(9)}" for _ in range(self.pick(1, 1, 2))]
        endpoints = [{"addresses": addresses(), **self.without({
            "conditions": self.without({"ready": self.pick(True, False), "serving": True, "terminating": self.pick(True, False)}),
            "hostname": self.pick("host", ""), "nodeName": self.pick(*self.nodes, "node-gone"), "zone": self.pick("zone-a", ""),
            "targetRef": self.reference(pods), "deprecatedTopology": {"kubernetes.io/arch": "amd64"}})}
            for _ in range(self.random.randrange(4))]
        ports = [self.without({"port": self.pick(80, 8080, 9090), "name": self.pick("web", ""), "protocol": "TCP", "appProtocol": "h2c"}, 0.8)
                 for _ in range(self.random.randrange(3))]
        return {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": self.meta("slice", of_namespace, labels),
                "addressType": "IPv4", "endpoints": endpoints, "ports": ports}

    def ingress(self, of_namespace):
        backend = {"service": {"name": "s", "port": {"number": 80}}}
        def path():
            return {"backend": backend, "pathType": "Prefix", **self.without({"path": self.pick("/", "/api", "")})}
        hosts = ("a.example.com", "b.example.com", "example.com", "a.b.example.com")
        rules = [self.without({"host": self.pick(*hosts), "http": {"paths": [path() for _ in range(self.random.randrange(3))]}}, 0.85)
                 for _ in range(self.random.randrange(4))]
        tls = [self.without({"hosts": [self.pick(*hosts, "*.example.com")], "secretName": "s"}) for _ in range(self.random.randrange(3))]
        return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": self.meta("ing", of_namespace),
                "spec": self.without({"ingressClassName": "nginx", "tls": tls or None, "rules": rules or None}, 0.85)}

    def cluster(self, size):
        """All kinds of objects, `size` of each in each namespace."""
        items = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in NAMESPACES if name != "default"]
        items += [self.node(name) for name in self.nodes]
        for of_namespace in NAMESPACES:
            pods = [self.pod(of_namespace) for _ in range(size)]
            services = [self.service(of_namespace) for _ in range(size)]
            items += pods + services + [self.ingress(of_namespace) for _ in range(size)]
            for service in services:
                if self.some(0.9):
                    items.append(self.endpoints(service, pods))
                items += [self.slice(service, pods) for _ in range(self.pick(0, 1, 2))]
        return items
