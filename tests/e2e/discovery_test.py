"""Hearth and Prometheus discover from the same fake servers: all labels of all targets are equal."""

import json
import ssl
import subprocess
import unittest
import urllib.parse

import discovery_clouds as clouds
import discovery_servers as fakes
import servers
from servers import EndToEnd, Server, free_port, wait_for

NETWORKS = [
    {"Name": "bridge", "Id": "n1", "Scope": "local", "Internal": False, "Ingress": False, "Labels": {"com.x/y": "z"}},
    {"Name": "back", "Id": "n2", "Scope": "swarm", "Internal": True, "Ingress": True, "Labels": None},
]

CONTAINERS = [
    {"Id": "c1", "Names": ["/web", "/alias"], "Labels": {"a.b": "1", "ü": "2", "empty": ""},
     "HostConfig": {"NetworkMode": "bridge"},
     "Ports": [{"IP": "0.0.0.0", "PrivatePort": 80, "PublicPort": 8080, "Type": "tcp"},
               {"PrivatePort": 9000, "Type": "tcp"}, {"PrivatePort": 53, "Type": "udp"}],
     "NetworkSettings": {"Networks": {"b": {"NetworkID": "n2", "IPAddress": "10.1.0.2"}, "0": None,
                                      "a": {"NetworkID": "n1", "IPAddress": "10.0.0.2"}}}},
    {"Id": "c2", "Names": ["/host"], "Labels": {}, "HostConfig": {"NetworkMode": "host"}, "Ports": [],
     "NetworkSettings": {"Networks": {"host": {"NetworkID": "nx", "IPAddress": ""}}}},
    {"Id": "c3", "Names": ["/sidecar"], "Labels": {}, "HostConfig": {"NetworkMode": "container:c1"}, "Ports": [],
     "NetworkSettings": {"Networks": {}}},
    {"Id": "c4", "Names": ["/orphan"], "Labels": {}, "HostConfig": {"NetworkMode": "container:gone"}, "Ports": [],
     "NetworkSettings": {"Networks": {}}},
    {"Id": "c5", "Names": ["/udp"], "Labels": {}, "HostConfig": {"NetworkMode": "default"},
     "Ports": [{"PrivatePort": 53, "Type": "udp"}],
     "NetworkSettings": {"Networks": {"a": {"NetworkID": "n1", "IPAddress": "10.0.0.5"}}}},
    {"Id": "c6", "Names": [], "Labels": {}, "HostConfig": {"NetworkMode": "default"}, "Ports": [],
     "NetworkSettings": {"Networks": {"a": {"NetworkID": "n1", "IPAddress": "10.0.0.6"}}}},
]

SERVICES = [
    {"ID": "s1", "Spec": {"Name": "web", "Labels": {"l.x": "1"}, "Mode": {"Replicated": {"Replicas": 2}},
                          "TaskTemplate": {"ContainerSpec": {"Image": "web:1", "Hostname": "h"}}},
     "UpdateStatus": {"State": "completed"},
     "Endpoint": {"Ports": [{"Name": "http", "Protocol": "tcp", "TargetPort": 80, "PublishedPort": 8080,
                             "PublishMode": "ingress"}, {"Protocol": "udp", "PublishedPort": 53}],
                  "VirtualIPs": [{"NetworkID": "n2", "Addr": "10.1.0.5/24"}, {"NetworkID": "n1", "Addr": "fd00::05/64"}]}},
    {"ID": "s2", "Spec": {"Name": "job", "Mode": {"Global": {}}, "TaskTemplate": {"ContainerSpec": {"Image": "job:2"}}},
     "Endpoint": {"VirtualIPs": [{"NetworkID": "nx", "Addr": "10.2.0.5/24"}]}},
]

NODES = [
    {"ID": "node1", "Spec": {"Labels": {"zone.a": "a"}, "Role": "manager", "Availability": "active"},
     "Description": {"Hostname": "m1", "Platform": {"Architecture": "x86_64", "OS": "linux"},
                     "Engine": {"EngineVersion": "27.0"}},
     "Status": {"State": "ready", "Addr": "10.9.0.1"},
     "ManagerStatus": {"Leader": True, "Reachability": "reachable", "Addr": "10.9.0.1:2377"}},
    {"ID": "node2", "Spec": {"Role": "worker"}, "Status": {"Addr": "fd00::2"}},
]

TASKS = [
    {"ID": "t1", "ServiceID": "s1", "NodeID": "node1", "Slot": 2, "DesiredState": "running",
     "Spec": {"ContainerSpec": {"Labels": {"c.d": "1"}}},
     "Status": {"State": "running", "ContainerStatus": {"ContainerID": "c1"},
                "PortStatus": {"Ports": [{"Protocol": "tcp", "PublishedPort": 8081, "PublishMode": "host"},
                                         {"Protocol": "udp", "PublishedPort": 8082}]}},
     "NetworksAttachments": [{"Network": {"ID": "n2"}, "Addresses": ["10.1.0.7/24", "10.1.0.8/24"]}]},
    {"ID": "t2", "ServiceID": "s2", "NodeID": "node2", "Status": {},
     "NetworksAttachments": [{"Network": {"ID": "nx"}, "Addresses": ["10.2.0.8/24"]}]},
    {"ID": "t3", "ServiceID": "gone", "NodeID": "gone", "Status": {"State": "failed"}},
]


def setUpModule():
    servers.use_prometheus_3()


# Labels that versions after 3.5 have.
LATER = {"__always_scrape_classic_histograms__", "__convert_classic_histograms_to_nhcb__",
         "__scrape_native_histograms__", "__meta_hetzner_hcloud_location", "__meta_hetzner_hcloud_location_network_zone",
         "__meta_hetzner_robot_datacenter"}


def discovered(server):
    """{job: sorted label sets} of all active targets."""
    jobs = {}
    for target in server.api("targets", state="active")["activeTargets"]:
        labels = {name: value for name, value in target["discoveredLabels"].items() if name not in LATER}
        if labels.get("__meta_hetzner_role") == "hcloud":
            labels.pop("__meta_hetzner_datacenter", None)  # Hetzner, and 3.14, no longer have it
        jobs.setdefault(target["scrapePool"], []).append(json.dumps(labels, sort_keys=True))
    return {job: sorted(targets) for job, targets in jobs.items()}


class Discovery(EndToEnd):
    maxDiff = None

    def serve(self, fake):
        self.servers.callback(fake.close)
        return fake

    def certificate(self, hosts):
        """(path of a certificate for these hosts, a server's context with it)"""
        certificate, key = self.dir / "cert.pem", self.dir / "key.pem"
        made = subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", key,
                               "-out", certificate, "-subj", "/CN=fake", "-addext",
                               "subjectAltName=" + ",".join(f"DNS:{host}" for host in hosts)], capture_output=True)
        if made.returncode != 0:
            self.skipTest("openssl makes no certificate")
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate, key)
        return certificate, tls

    def write(self, jobs):
        """{job: lines of its *_sd_configs} -> the path of a configuration."""
        path = self.dir / "prometheus.yml"
        text = "global: {scrape_interval: 1h}\nscrape_configs:\n"
        for job, lines in jobs.items():
            text += f"- job_name: {job}\n" + "".join(f"  {line}\n" for line in lines.splitlines())
        path.write_text(text)
        return path

    def both(self, config, wrap=()):
        found = []
        for name, program in (("prometheus", servers.peer("prometheus")), ("hearth", servers.HEARTH)):
            port = free_port()
            command = [*wrap, program, f"--config.file={config}", f"--storage.tsdb.path={self.dir / name}",
                       f"--web.listen-address=127.0.0.1:{port}"]
            found.append(self.started(Server(command, port, log=self.dir / f"{name}.log")))
        return found

    def expect_equal(self, prometheus, hearth, jobs, targets=None, having=""):
        """Waits until both have the same: targets of all jobs, that many, with that text somewhere."""
        def same():
            expected = discovered(prometheus)
            complete = set(expected) >= set(jobs) and targets in (None, sum(map(len, expected.values())))
            return complete and having in str(expected) and discovered(hearth) == expected
        try:
            wait_for(same, "both to discover the same", 40)
        except AssertionError:
            expected, found = discovered(prometheus), discovered(hearth)
            for job in sorted(set(found) | set(expected)):
                one, other = set(expected.get(job, [])), set(found.get(job, []))
                if one != other:
                    self.fail(f"{job}: only Prometheus: {sorted(one - other)}\nonly Hearth: {sorted(other - one)}\n"
                              + hearth.log()[-2000:])
            self.fail(f"both have {sum(map(len, expected.values()))} targets of {sorted(expected)}, not {targets} of "
                      f"{sorted(jobs)} with {having!r}")

    def test_http(self):
        web = self.serve(fakes.FakeHttp(free_port()))
        web.answers["/sd"] = [{"targets": ["10.0.0.1:80", "10.0.0.2:81"], "labels": {"env": "x", "__meta_own": "é<&"}},
                              {"targets": ["[::1]:9100"], "labels": None}]
        web.answers["/other"] = [{"targets": ["10.0.0.3:80"]}]
        config = self.write({
            "first": f"http_sd_configs:\n- url: {web.url}/sd?a=b\n  refresh_interval: 1s\n  basic_auth: {{username: u, password: p}}",
            "second": f"http_sd_configs:\n- url: {web.url}/other\n  refresh_interval: 1s\n- url: {web.url}/sd\n  refresh_interval: 1s"})
        prometheus, hearth = self.both(config)
        self.expect_equal(prometheus, hearth, ["first", "second"], 7)
        sent = [{name.lower(): value for name, value in headers.items() if name not in ("Host", "Accept-Encoding")}
                for _, target, headers, _ in web.answers.requests if target == "/sd?a=b"]
        for headers in sent:
            headers["user-agent"] = headers["user-agent"].split("/")[0]
            self.assertEqual(headers, sent[0])
        web.answers["/sd"] = [{"targets": ["10.0.0.9:80"]}]  # a group goes
        self.expect_equal(prometheus, hearth, ["first", "second"], 3)
        web.answers.set("/sd", b"no", status=500)  # all stay
        asked = len(web.answers.requests)
        wait_for(lambda: len(web.answers.requests) > asked + 8, "both to ask again")
        self.expect_equal(prometheus, hearth, ["first", "second"], 3)

    def test_docker_and_swarm(self):
        daemon = self.serve(fakes.FakeHttp(free_port()))
        path = str(self.dir / "docker.sock")
        local = self.serve(fakes.FakeHttp(unix_path=path))
        for server in (daemon, local):
            def answer(method, target, headers, body):
                if target.startswith("/_ping"):
                    return 200, {"Api-Version": "1.44", "Content-Type": "text/plain"}, b"OK"
                what = target.split("?")[0].removeprefix("/v1.44")
                known = {"/containers/json": CONTAINERS, "/networks": NETWORKS, "/services": SERVICES, "/nodes": NODES,
                         "/tasks": TASKS}
                return (200, {}, known[what]) if what in known else (404, {}, {"message": "page not found"})
            server.answers.by_path["*"] = answer
        filters = "\n  filters: [{name: label, values: [b, a]}, {name: name, values: [x]}]"
        jobs = {
            "containers": f"docker_sd_configs:\n- host: tcp://127.0.0.1:{daemon.port}\n  refresh_interval: 1s" + filters,
            "unix": f"docker_sd_configs:\n- host: unix://{path}\n  refresh_interval: 1s\n  port: 1234\n"
                    "  match_first_network: false\n  host_networking_host: host.test",
            "web": f"docker_sd_configs:\n- host: {daemon.url}\n  refresh_interval: 1s\n  basic_auth: {{username: u, password: p}}",
        }
        for role in ("services", "nodes", "tasks"):
            jobs[role] = (f"dockerswarm_sd_configs:\n- host: tcp://127.0.0.1:{daemon.port}\n  role: {role}\n"
                          "  refresh_interval: 1s" + (filters if role == "tasks" else ""))
        prometheus, hearth = self.both(self.write(jobs))
        self.expect_equal(prometheus, hearth, jobs)
        queries = {}
        for _, target, headers, _ in daemon.answers.requests:
            client = "hearth" if "3.14" in headers.get("User-Agent", "") else "prometheus"
            queries.setdefault(client, set()).add(target)
        self.assertEqual(queries["hearth"] | {"/_ping"}, queries["prometheus"] | {"/_ping"})

    def test_ec2(self):
        api = self.serve(fakes.FakeHttp(free_port()))

        def answer(method, target, headers, body):
            form = urllib.parse.parse_qs(body.decode())
            action = form["Action"][0]
            if action == "DescribeAvailabilityZones":
                return 200, {"Content-Type": "text/xml"}, clouds.EC2_ZONES
            page = clouds.EC2_SECOND if "NextToken" in form else clouds.EC2_FIRST
            return 200, {"Content-Type": "text/xml"}, page
        api.answers.by_path["*"] = answer
        config = self.write({"ec2": f"ec2_sd_configs:\n- endpoint: {api.url}\n  region: eu-west-1\n  access_key: AK\n"
                                    "  secret_key: SK\n  refresh_interval: 1s\n  port: 9100\n"
                                    "  filters: [{name: 'tag:a', values: [x, y]}]"})
        prometheus, hearth = self.both(config)
        self.expect_equal(prometheus, hearth, ["ec2"], 3)

        def asked(client):
            return {frozenset(urllib.parse.parse_qsl(body.decode())) for _, _, headers, body in api.answers.requests
                    if ("aws-sdk" in headers["User-Agent"]) == (client == "prometheus")}
        self.assertEqual(asked("hearth"), asked("prometheus"))

    def test_hetzner_and_digitalocean(self):
        certificate, tls = self.certificate(["api.hetzner.cloud", "robot-ws.your-server.de", "api.digitalocean.com"])
        api = self.serve(fakes.FakeHttp(free_port(), tls=tls))
        proxy_port = free_port()
        self.serve(fakes.FakeProxy(proxy_port, api.port))
        for path, body in clouds.ANSWERS.items():
            api.answers[path] = body
        access = (f"  proxy_url: http://127.0.0.1:{proxy_port}\n  tls_config: {{ca_file: {certificate}}}\n"
                  "  authorization: {credentials: token}\n  refresh_interval: 2s\n  port: 9100")
        jobs = {"hcloud": "hetzner_sd_configs:\n- role: hcloud\n  label_selector: a=b\n" + access,
                "robot": "hetzner_sd_configs:\n- role: robot\n" + access,
                "droplets": "digitalocean_sd_configs:\n-" + access[1:]}
        prometheus, hearth = self.both(self.write(jobs))
        self.expect_equal(prometheus, hearth, jobs, 6)

    @unittest.skipUnless(fakes.may_replace_resolv_conf(), "needs root, for certificates of its own")
    def test_gce(self):
        certificate, tls = self.certificate(["compute.googleapis.com"])
        api = self.serve(fakes.FakeHttp(free_port(), tls=tls))
        tokens = self.serve(fakes.FakeHttp(free_port()))
        proxy_port = free_port()
        self.serve(fakes.FakeProxy(proxy_port, api.port))
        tokens.answers["/token"] = {"access_token": "T", "expires_in": 3600, "token_type": "Bearer"}
        instances = "/compute/v1/projects/my-project/zones/eu-a/instances"

        def answer(method, target, headers, body):
            if headers["Authorization"] != "Bearer T":
                return 401, {}, {"error": {"code": 401}}
            return 200, {}, clouds.GCE_SECOND if "pageToken=more" in target else clouds.GCE_FIRST
        api.answers.by_path[instances] = answer
        key = subprocess.run(["openssl", "genpkey", "-algorithm", "RSA"], capture_output=True, text=True).stdout
        credentials = self.dir / "credentials.json"
        credentials.write_text(json.dumps({
            "type": "service_account", "client_email": "me@my-project", "private_key_id": "k", "private_key": key,
            "token_uri": tokens.url + "/token"}))
        config = self.write({"gce": "gce_sd_configs:\n- project: my-project\n  zone: eu-a\n  refresh_interval: 1s\n"
                                    "  filter: 'a = b'\n  tag_separator: '|'"})
        wrap = ["unshare", "--mount", "sh", "-c",
                f"mount --bind {certificate} /etc/ssl/certs/ca-certificates.crt && exec env \"$@\"", "sh",
                f"GOOGLE_APPLICATION_CREDENTIALS={credentials}", f"HTTPS_PROXY=http://127.0.0.1:{proxy_port}"]
        prometheus, hearth = self.both(config, wrap)
        self.expect_equal(prometheus, hearth, ["gce"], 2)

        def asked(client):
            return {urllib.parse.unquote_plus(target.split("?")[1]) for _, target, headers, _ in api.answers.requests
                    if headers["User-Agent"].startswith("Prometheus/3.14") == (client == "hearth")}
        self.assertEqual({frozenset(query.split("&")) for query in asked("hearth")},
                         {frozenset(query.split("&")) for query in asked("prometheus")})

    def test_consul_like_vmagent(self):
        """Debian's Prometheus has no consul_sd; vmagent's labels are those of Prometheus, and more."""
        consul = self.serve(fakes.FakeConsul(free_port()))
        consul.set("/v1/agent/self", {"Config": {"Datacenter": "dc1"}})
        consul.set("/v1/catalog/services", {"web": ["a", "b"], "db": []})
        consul.set("/v1/health/service/web", clouds.consul_instances("10.0.0.1", "10.0.0.2"))
        consul.set("/v1/health/service/db", clouds.consul_instances("fd00::5"))
        config = self.write({"consul": f"consul_sd_configs:\n- server: 127.0.0.1:{consul.port}\n  refresh_interval: 1s\n"
                                       "  tag_separator: '|'"})
        port = free_port()
        vmagent = self.started(Server(
            [servers.peer("vmagent"), f"-promscrape.config={config}", f"-httpListenAddr=127.0.0.1:{port}",
             "-remoteWrite.url=http://127.0.0.1:1/", "-promscrape.consulSDCheckInterval=1s",
             "-promscrape.config.strictParse=false",
             f"-remoteWrite.tmpDataPath={self.dir / 'vmagent'}"], port, ready="/health", log=self.dir / "vmagent.log"))
        hearth = self.hearth(config)

        def labels(server):
            found = {}
            for target in server.api("targets", state="active")["activeTargets"]:
                own = target["discoveredLabels"]
                found[own["__address__"]] = {name: value for name, value in own.items() if name.startswith("__meta")}
            return found

        def equal(addresses):
            ours, theirs = labels(hearth), labels(vmagent)
            if set(ours) != addresses or set(theirs) != addresses:
                return False
            for address, own in ours.items():
                known = theirs[address]
                self.assertEqual(own, {name: value for name, value in known.items() if name in own and value})
            return True
        wait_for(lambda: equal({"10.0.0.1:8080", "10.0.0.2:8080", "[fd00::5]:8080"}), "the same targets")
        consul.set("/v1/health/service/web", clouds.consul_instances("10.0.0.3"))
        wait_for(lambda: equal({"10.0.0.3:8080", "[fd00::5]:8080"}), "a moved instance")
        consul.set("/v1/catalog/services", {"web": ["a", "b"]})
        wait_for(lambda: equal({"10.0.0.3:8080"}), "a service that is gone")

    @unittest.skipUnless(fakes.may_replace_resolv_conf(), "needs root, for port 53 and a resolv.conf of its own")
    def test_dns(self):
        dns = self.serve(fakes.FakeDns("127.0.53.7"))
        dns.add("web.test", "A", ("CNAME", "x.test"), "10.0.0.1", "10.0.0.2")
        dns.add("web.test", "AAAA", "2001:db8::1", "::ffff:1.2.3.4", "fe80::1:0:0:2")
        dns.add("_http._tcp.test", "SRV", "a.test:80", "B.test.:8080", ".:1")
        dns.add("web.test", "MX", "mx.test")
        dns.add("web.test", "NS", "ns.test", "odd(name.test")
        dns.add("short.b.search", "A", "10.0.0.5")
        dns.add("dot.test", "A", "10.0.0.6")
        dns.add("long.test", "A", *[f"10.1.{i // 250}.{i % 250 + 1}" for i in range(400)])
        dns.rcodes["refused.test"] = 5
        resolv = self.dir / "resolv.conf"
        resolv.write_text("nameserver 127.0.53.8\nnameserver 127.0.53.7\nsearch a.search b.search\noptions ndots:2\n")
        jobs = {
            "a": "dns_sd_configs:\n- names: [web.test, short, dot.test., gone.test, refused.test]\n  type: A\n  port: 9100",
            "aaaa": "dns_sd_configs:\n- {names: [web.test], type: AAAA, port: 9100}",
            "srv": "dns_sd_configs:\n- names: [_http._tcp.test]",
            "mx": "dns_sd_configs:\n- {names: [web.test], type: mx, port: 25}",
            "ns": "dns_sd_configs:\n- {names: [web.test], type: NS, port: 53}",
            "long": "dns_sd_configs:\n- {names: [long.test], type: A, port: 80}",
        }
        config = self.write({job: text.replace("names:", "refresh_interval: 1s\n  names:") if "{" not in text
                             else text.replace("{names", "{refresh_interval: 1s, names") for job, text in jobs.items()})
        wrap = ["unshare", "--mount", "sh", "-c", f'mount --bind {resolv} /etc/resolv.conf && exec "$@"', "sh"]
        prometheus, hearth = self.both(config, wrap)
        self.expect_equal(prometheus, hearth, jobs)
        dns.add("web.test", "A", "10.0.0.7")
        self.expect_equal(prometheus, hearth, jobs, having="10.0.0.7")


if __name__ == "__main__":
    unittest.main()
