"""What the APIs of providers answer, in their documented form."""

EC2_ZONES = b"""<?xml version="1.0" encoding="UTF-8"?>
<DescribeAvailabilityZonesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>r</requestId>
<availabilityZoneInfo><item><zoneName>eu-west-1a</zoneName><zoneId>euw1-az2</zoneId></item></availabilityZoneInfo>
</DescribeAvailabilityZonesResponse>"""

EC2_FIRST = """<?xml version="1.0" encoding="UTF-8"?>
<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>r</requestId>
<reservationSet><item><reservationId>r-1</reservationId><ownerId>123456789012</ownerId><instancesSet>
<item><instanceId>i-1</instanceId><imageId>ami-1</imageId><instanceState><code>16</code><name>running</name></instanceState>
<privateDnsName>ip-10-0-0-1.internal</privateDnsName><dnsName>ec2-1-2-3-4.amazonaws.com</dnsName>
<instanceType>t3.micro</instanceType><placement><availabilityZone>eu-west-1a</availabilityZone></placement>
<platform>windows</platform><subnetId>subnet-1</subnetId><vpcId>vpc-1</vpcId>
<privateIpAddress>10.0.0.1</privateIpAddress><ipAddress>1.2.3.4</ipAddress><architecture>x86_64</architecture>
<instanceLifecycle>spot</instanceLifecycle>
<tagSet><item><key>my:Name</key><value>a &amp; "b" \u00fc</value></item><item><key>empty</key><value></value></item></tagSet>
<networkInterfaceSet>
<item><subnetId>subnet-1</subnetId><attachment><deviceIndex>0</deviceIndex></attachment><ipv6AddressesSet>
<item><ipv6Address>fd00::1</ipv6Address><isPrimaryIpv6>false</isPrimaryIpv6></item></ipv6AddressesSet></item>
<item><subnetId>subnet-2</subnetId><attachment><deviceIndex>2</deviceIndex></attachment><ipv6AddressesSet>
<item><ipv6Address>fd00::2</ipv6Address><isPrimaryIpv6>true</isPrimaryIpv6></item>
<item><ipv6Address>fd00::3</ipv6Address><isPrimaryIpv6>false</isPrimaryIpv6></item></ipv6AddressesSet></item>
</networkInterfaceSet></item>
<item><instanceId>i-2</instanceId><imageId>ami-2</imageId><instanceState><name>stopped</name></instanceState>
<privateDnsName></privateDnsName><instanceType>m5.large</instanceType>
<placement><availabilityZone>eu-west-1x</availabilityZone></placement><privateIpAddress>10.0.0.2</privateIpAddress></item>
<item><instanceId>i-3</instanceId><instanceState><name>terminated</name></instanceState></item>
</instancesSet></item></reservationSet><nextToken>more</nextToken></DescribeInstancesResponse>""".encode()

EC2_SECOND = b"""<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><reservationSet><item><instancesSet>
<item><instanceId>i-4</instanceId><imageId>ami-4</imageId><instanceState><name>running</name></instanceState>
<instanceType>t2.nano</instanceType><placement><availabilityZone>eu-west-1a</availabilityZone></placement>
<subnetId>subnet-4</subnetId><vpcId>vpc-4</vpcId><privateIpAddress>10.0.0.4</privateIpAddress></item>
</instancesSet></item></reservationSet></DescribeInstancesResponse>"""

_LOCATION = {"id": 1, "name": "fsn1", "network_zone": "eu-central"}


def _hcloud_server(number, **more):
    return {"id": number, "name": f"server-{number}", "status": "running", "created": "2016-01-30T23:50:00+00:00",
            "public_net": {"ipv4": {"ip": f"1.2.3.{number}"}, "ipv6": {"ip": f"2001:db8:{number}::/64"},
                           "floating_ips": []},
            "private_net": [{"network": 7, "ip": f"10.0.0.{number}"}, {"network": 8, "ip": "10.9.9.9"}],
            "server_type": {"id": 1, "name": "cx11", "cores": 2, "memory": 3.8, "disk": 25, "cpu_type": "shared"},
            "datacenter": {"id": 1, "name": "fsn1-dc8", "location": _LOCATION}, "location": _LOCATION,
            "image": {"id": 4, "name": "ubuntu-20.04", "description": "Ubuntu 20.04", "os_flavor": "ubuntu",
                      "os_version": "20.04"},
            "labels": {"my-key": "v", "empty": ""}, **more}


def _page(number, following):
    return {"pagination": {"page": number, "per_page": 50, "next_page": following, "last_page": 2, "total_entries": 3}}


ANSWERS = {
    # Hetzner cloud
    "/v1/servers?label_selector=a%3Db&page=1&per_page=50": {
        "servers": [_hcloud_server(1), _hcloud_server(2, image=None, labels={})], "meta": _page(1, 2)},
    "/v1/servers?label_selector=a%3Db&page=2&per_page=50": {
        "servers": [_hcloud_server(3, private_net=[])], "meta": _page(2, None)},
    "/v1/networks": {"networks": [{"id": 7, "name": "my net", "ip_range": "10.0.0.0/16", "subnets": [], "routes": [],
                                   "servers": []}], "meta": _page(1, None)},
    # Hetzner robot
    "/server": [{"server": {"server_ip": "123.123.123.123", "server_number": 321, "server_name": "server1",
                            "product": "DS 3000", "dc": "NBG1-DC1", "traffic": "5 TB", "status": "ready",
                            "cancelled": False, "paid_until": "2010-09-02",
                            "subnet": [{"ip": "123.123.123.0", "mask": "24"}, {"ip": "2a01:4f8:111:4221::", "mask": "64"}]}}],
    # DigitalOcean
    "/v2/droplets": {
        "droplets": [{"id": 3164444, "name": "example.com", "memory": 1024, "vcpus": 1, "disk": 25, "status": "active",
                      "features": ["backups", "ipv6"], "region": {"slug": "nyc3"}, "size_slug": "s-1vcpu-1gb",
                      "image": {"id": 1, "name": "20.04 (LTS) x64", "slug": "ubuntu-20-04-x64"},
                      "networks": {"v4": [{"ip_address": "10.128.192.124", "type": "private"},
                                          {"ip_address": "192.241.165.154", "type": "public"}],
                                   "v6": [{"ip_address": "2604:a880:0:1010::18a:a001", "type": "public"}]},
                      "tags": ["web", "env:prod"], "vpc_uuid": "760e09ef"},
                     {"id": 5, "name": "no networks", "networks": {"v4": []}, "region": {}, "image": {}}],
        "links": {"pages": {"last": "https://api.digitalocean.com/v2/droplets?page=2",
                            "next": "https://api.digitalocean.com/v2/droplets?page=2"}}, "meta": {"total": 3}},
    "/v2/droplets?page=2": {
        "droplets": [{"id": 6, "name": "second", "status": "off", "region": {"slug": "ams3"}, "image": {"name": "own"},
                      "networks": {"v4": [{"ip_address": "192.241.165.155", "type": "public"}]}}],
        "links": {"pages": {"first": "https://api.digitalocean.com/v2/droplets?page=1",
                            "prev": "https://api.digitalocean.com/v2/droplets?page=1"}}, "meta": {"total": 3}},
}

GCE_FIRST = {"kind": "compute#instanceList", "nextPageToken": "more", "items": [{
    "id": "12345678901234567890", "name": "vm-1", "zone": "https://www.googleapis.com/compute/v1/projects/p/zones/eu-a",
    "status": "RUNNING", "machineType": "https://www.googleapis.com/compute/v1/machineTypes/n1-standard-1",
    "tags": {"items": ["web", "prod"], "fingerprint": "x"}, "labels": {"team-x": "y", "z": ""},
    "metadata": {"items": [{"key": "my-key", "value": "v"}, {"key": "none"}]},
    "networkInterfaces": [
        {"name": "nic0", "network": "https://n", "subnetwork": "https://s", "networkIP": "10.0.0.1",
         "accessConfigs": [{"type": "ONE_TO_ONE_NAT", "natIP": "1.2.3.4"}]},
        {"name": "nic1", "network": "https://n2", "networkIP": "10.1.0.1"}]}]}

GCE_SECOND = {"items": [{"id": "2", "name": "vm-2", "status": "TERMINATED",
                         "networkInterfaces": [{"name": "nic0", "networkIP": "10.0.0.2"}]},
                        {"id": "3", "name": "no network"}]}


def consul_instances(*addresses):
    """What Consul's health endpoint says of a service at these addresses."""
    return [{"Node": {"ID": "x", "Node": f"node-{i}", "Address": f"10.9.0.{i}", "Datacenter": "dc1",
                      "TaggedAddresses": {"lan": f"10.9.0.{i}", "wan.v4": "1.1.1.1"}, "Meta": {"rack.no": "7"}},
             "Service": {"ID": f"web-{i}", "Service": "web", "Tags": ["a", "b c"], "Address": address, "Port": 8080,
                         "Meta": {"Ver-sion": "\u00e9"}, "Namespace": "ns", "Partition": "part"},
             "Checks": [{"CheckID": "a", "Status": "passing"}, {"CheckID": "b", "Status": "warning"}]}
            for i, address in enumerate(addresses)]
