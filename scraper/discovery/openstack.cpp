// openstack_sd: hypervisors, instances or load balancers of a region.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <set>
#include <tuple>

#include "core/error.h"
#include "core/log.h"
#include "scraper/discovery/makers.h"
#include "scraper/discovery/meta_labels.h"
#include "scraper/discovery/openstack_session.h"

namespace hearth {
namespace {

// Runs `work`; its Error begins with `what` then.
template <class Work>
auto named(const char* what, Work work) {
  try {
    return work();
  } catch (const Error& error) {
    throw Error(error.kind(), std::string(what) + ": " + error.what());
  }
}

// Either spelling of who owns something.
std::string project_of(const JsonValue& item) {
  const std::string tenant = item["tenant_id"].text();
  return tenant.empty() ? item["project_id"].text() : tenant;
}

std::vector<Labels> hypervisors(const OpenstackSession& session, const OpenstackSdConfig& config) {
  std::vector<Labels> targets;
  const std::string url = session.endpoint("compute") + "os-hypervisors/detail";
  for (const JsonValue& h :
       named("could not extract hypervisors", [&] { return session.all(url, "hypervisors"); })) {
    const std::string ip = h["host_ip"].text();
    targets.push_back(Labels::from_pairs(
        {{"__address__", join_host_port(ip, config.port)},
         {"__meta_openstack_hypervisor_id", h["id"].scalar()},
         {"__meta_openstack_hypervisor_hostname", h["hypervisor_hostname"].text()},
         {"__meta_openstack_hypervisor_host_ip", ip},
         {"__meta_openstack_hypervisor_status", h["status"].text()},
         {"__meta_openstack_hypervisor_state", h["state"].text()},
         {"__meta_openstack_hypervisor_type", h["hypervisor_type"].text()}}));
  }
  return targets;
}

// ---- instances ---------------------------------------------------------------------------------

struct FloatingIps {
  std::map<std::tuple<std::string, std::string, std::string>, std::string>
      by_fixed;  // project, device, address
  std::set<std::string> all;
};

FloatingIps floating_ips(const OpenstackSession& session, const std::string& network) {
  std::map<std::string, std::string> device_of_port;
  for (const JsonValue& port : named("failed to list all ports", [&] {
         return session.all(network + "v2.0/ports", "ports");
       })) {
    device_of_port[port["id"].text()] = port["device_id"].text();
  }
  FloatingIps found;
  for (const JsonValue& ip : named("could not extract floatingips", [&] {
         return session.all(network + "v2.0/floatingips", "floatingips");
       })) {
    const std::string port = ip["port_id"].text(), fixed = ip["fixed_ip_address"].text();
    if (port.empty() || fixed.empty()) continue;
    const auto device = device_of_port.find(port);
    if (device == device_of_port.end()) {
      log_warn("Floating IP PortID not found in portList", "component", "discovery manager scrape",
               "discovery", "openstack", "PortID", port);
      continue;
    }
    const std::string address = ip["floating_ip_address"].text();
    found.by_fixed[{project_of(ip), device->second, fixed}] = address;
    found.all.insert(address);
  }
  return found;
}

void add_instance(const JsonValue& server, const FloatingIps& floating, int64_t port,
                  std::vector<Labels>& targets) {
  const std::string id = server["id"].text(), project = server["tenant_id"].text();
  const JsonValue flavor = server["flavor"];
  LabelPairs common = {
      {"__meta_openstack_instance_id", id},
      {"__meta_openstack_instance_status", server["status"].text()},
      {"__meta_openstack_instance_name", server["name"].text()},
      {"__meta_openstack_project_id", project},
      {"__meta_openstack_user_id", server["user_id"].text()},
      {"__meta_openstack_instance_flavor",
       flavor["original_name"].is_null() ? flavor["id"].text() : flavor["original_name"].text()}};
  // An instance that started from a volume has "" for its image.
  if (const JsonValue image = server["image"]; image.is_object()) {
    common.emplace_back("__meta_openstack_instance_image", image["id"].text());
  }
  for (const auto& [name, value] : server["metadata"].members()) {
    common.emplace_back("__meta_openstack_tag_" + sanitize_label_name(name), value.text());
  }
  for (const auto& [pool, addresses] : server["addresses"].members()) {
    for (const JsonValue& entry : addresses.items()) {
      const std::string address = entry["addr"].text();
      if (floating.all.contains(address)) continue;
      LabelPairs labels = common;
      labels.emplace_back("__meta_openstack_address_pool", pool);
      labels.emplace_back("__meta_openstack_private_ip", address);
      if (const auto known = floating.by_fixed.find({project, id, address});
          known != floating.by_fixed.end()) {
        labels.emplace_back("__meta_openstack_public_ip", known->second);
      }
      labels.emplace_back("__address__", join_host_port(address, port));
      targets.push_back(Labels::from_pairs(std::move(labels)));
    }
  }
}

std::vector<Labels> instances(const OpenstackSession& session, const OpenstackSdConfig& config) {
  const std::string compute = session.endpoint("compute");
  const FloatingIps floating = floating_ips(session, session.endpoint("network"));
  const std::string url =
      compute + "servers/detail" + (config.all_tenants ? "?all_tenants=true" : "");
  std::vector<Labels> targets;
  for (const JsonValue& server :
       named("could not extract instances", [&] { return session.all(url, "servers"); })) {
    add_instance(server, floating, config.port, targets);
  }
  return targets;
}

// ---- load balancers ----------------------------------------------------------------------------

// Those that have a listener for Prometheus.
std::vector<Labels> load_balancers(const OpenstackSession& session) {
  const std::string octavia = session.endpoint("load-balancer") + "v2.0/lbaas/";
  const std::string network = session.endpoint("network");
  const auto balancers = named("failed to list load balancers", [&] {
    return session.all(octavia + "loadbalancers", "loadbalancers");
  });
  std::map<std::string, int64_t> ports;  // of the first such listener, by balancer
  for (const JsonValue& listener : named("failed to list all listeners", [&] {
         return session.all(octavia + "listeners", "listeners");
       })) {
    if (listener["protocol"].text() != "PROMETHEUS") continue;
    for (const JsonValue& balancer : listener["loadbalancers"].items()) {
      ports.emplace(balancer["id"].text(), listener["protocol_port"].integer());
    }
  }
  std::map<std::string, std::string> floating;  // by port
  for (const JsonValue& ip : named("failed to list all fips", [&] {
         return session.all(network + "v2.0/floatingips", "floatingips");
       })) {
    if (const std::string port = ip["port_id"].text(); !port.empty())
      floating[port] = ip["floating_ip_address"].text();
  }
  std::vector<Labels> targets;
  for (const JsonValue& b : balancers) {
    const auto port = ports.find(b["id"].text());
    if (port == ports.end()) continue;
    const auto public_ip = floating.find(b["vip_port_id"].text());
    const std::string address = b["vip_address"].text();
    targets.push_back(Labels::from_pairs(
        {{"__address__", join_host_port(address, port->second)},
         {"__meta_openstack_loadbalancer_id", b["id"].text()},
         {"__meta_openstack_loadbalancer_name", b["name"].text()},
         {"__meta_openstack_loadbalancer_operating_status", b["operating_status"].text()},
         {"__meta_openstack_loadbalancer_provisioning_status", b["provisioning_status"].text()},
         {"__meta_openstack_loadbalancer_availability_zone", b["availability_zone"].text()},
         {"__meta_openstack_loadbalancer_vip", address},
         {"__meta_openstack_loadbalancer_provider", b["provider"].text()},
         {"__meta_openstack_loadbalancer_tags",
          fmt::format("{}", fmt::join(b["tags"].texts(), ","))},
         {"__meta_openstack_loadbalancer_floating_ip",
          public_ip == floating.end() ? "" : public_ip->second},
         {"__meta_openstack_project_id", b["project_id"].text()}}));
  }
  return targets;
}

HttpClientConfig with_tls(const TlsConfig& tls) {
  HttpClientConfig config;
  config.tls_config = tls;
  return config;
}

}  // namespace

std::unique_ptr<Discovery> make_openstack_discovery(const OpenstackSdConfig& config,
                                                    const DiscoveryContext& context) {
  const OpenstackSdConfig credentials = openstack_credentials(config);
  keystone_question(credentials);  // refuses what can never work
  const auto client = std::make_shared<const CloudClient>(with_tls(config.tls_config), context,
                                                          config.refresh_interval);
  return make_refreshed_discovery(
      context, "openstack", config.refresh_interval,
      [client, credentials](Conversation& conversation) -> std::vector<TargetGroup> {
        const OpenstackSession session(conversation, *client, credentials);
        TargetGroup group;
        group.source = "OS_" + credentials.region;
        if (credentials.role == "hypervisor") group.targets = hypervisors(session, credentials);
        if (credentials.role == "instance") group.targets = instances(session, credentials);
        if (credentials.role == "loadbalancer") group.targets = load_balancers(session);
        return {group};
      });
}

}  // namespace hearth
