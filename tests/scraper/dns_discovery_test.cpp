#include <doctest/doctest.h>

#include <atomic>

#include "core/error.h"
#include "core/file.h"
#include "scraper/discovery/dns_message.h"
#include "scraper/discovery/makers.h"
#include "scraper/discovery/meta_labels.h"
#include "scraper/discovery/resolv_conf.h"
#include "tests/scraper/discovery_bench.h"
#include "tests/scraper/fake_dns_server.h"

namespace hearth {
namespace {

using namespace std::string_literals;

std::string bytes(std::initializer_list<int> values) {
  std::string out;
  for (const int value : values) out += static_cast<char>(value);
  return out;
}

// A resolv.conf of its own.
struct Resolver {
  explicit Resolver(const std::string& text) {
    char name[] = "/tmp/hearth-resolv-XXXXXX";
    close(mkstemp(name));
    path = name;
    write_file(path, text);
  }
  ~Resolver() { unlink(path.c_str()); }
  std::string path;
};

std::string discovered(DiscoveryBench& bench, const DnsSdConfig& config,
                       const std::string& resolv_conf, size_t updates = 1) {
  const Resolver resolver(resolv_conf);
  const auto discovery = make_dns_discovery(config, bench.context, resolver.path);
  discovery->start(bench.found.update());
  return bench.found.wait_for_updates(updates);
}

DnsSdConfig config_of(const std::string& name, const std::string& type,
                      DurationMs interval = 60'000) {
  DnsSdConfig config;
  config.names = {name};
  config.type = type;
  config.port = 9100;
  config.refresh_interval = interval;
  return config;
}

TEST_CASE("records of each type become targets with the labels of their type") {
  FakeDnsServer server([](const DnsQuestion& q) {
    switch (q.type) {
      case 1:
        return q.answer({dns_record(5, dns_name("other.test")), dns_record(1, bytes({10, 0, 0, 1})),
                         dns_record(1, bytes({10, 0, 0, 2}))});
      case 28:
        return q.answer(
            {dns_record(28, bytes({0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1})),
             dns_record(28, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x01\x02\x03\x04"s)});
      case 33:
        return q.answer(
            {dns_record(33, dns_u16(0) + dns_u16(0) + dns_u16(8080) + dns_name("web1.test")),
             dns_record(33, dns_u16(0) + dns_u16(0) + dns_u16(8081) + "\x04web2\xc0\x0e"s)});
      case 15:
        return q.answer({dns_record(15, dns_u16(10) + dns_name("mx.test"))});
      default:
        return q.answer({dns_record(2, dns_name("ns.test"))});
    }
  });
  const std::string conf = "nameserver " + server.address() + "\n";
  const std::tuple<const char*, std::string> cases[] = {
      {"A",
       "a.test {__address__=\"10.0.0.1:9100\", __meta_dns_name=\"a.test\"}\n"
       "a.test {__address__=\"10.0.0.2:9100\", __meta_dns_name=\"a.test\"}\n"},
      {"AAAA",
       "a.test {__address__=\"1.2.3.4:9100\", __meta_dns_name=\"a.test\"}\n"
       "a.test {__address__=\"[2001:db8::1]:9100\", __meta_dns_name=\"a.test\"}\n"},
      {"SRV",
       "a.test {__address__=\"web1.test:8080\", __meta_dns_name=\"a.test\", "
       "__meta_dns_srv_record_port=\"8080\", __meta_dns_srv_record_target=\"web1.test.\"}\n"
       "a.test {__address__=\"web2.test:8081\", __meta_dns_name=\"a.test\", "
       "__meta_dns_srv_record_port=\"8081\", __meta_dns_srv_record_target=\"web2.test.\"}\n"},
      {"MX",
       "a.test {__address__=\"mx.test:9100\", __meta_dns_mx_record_target=\"mx.test.\", "
       "__meta_dns_name=\"a.test\"}\n"},
      {"NS",
       "a.test {__address__=\"ns.test:9100\", __meta_dns_name=\"a.test\", "
       "__meta_dns_ns_record_target=\"ns.test.\"}\n"}};
  for (const auto& [type, expected] : cases) {
    DiscoveryBench bench;
    CHECK(discovered(bench, config_of("a.test", type), conf) == expected);
    CHECK(bench.value("prometheus_sd_dns_lookups_total") == "1");
  }
}

TEST_CASE("a truncated answer is asked for again over TCP") {
  FakeDnsServer server([](const DnsQuestion& q) {
    return q.tcp ? q.answer({dns_record(1, bytes({10, 0, 0, 1}))}) : q.answer({}, 0, true);
  });
  DiscoveryBench bench;
  CHECK(discovered(bench, config_of("a.test", "A"), "nameserver " + server.address() + "\n") ==
        "a.test {__address__=\"10.0.0.1:9100\", __meta_dns_name=\"a.test\"}\n");
  CHECK(server.asked() == std::vector<std::string>{"a.test. 1 udp", "a.test. 1 tcp"});
}

TEST_CASE("the search list is gone through as the number of dots has it, until a name exists") {
  FakeDnsServer server([](const DnsQuestion& q) {
    return q.name == "web.b.test." ? q.answer({dns_record(1, bytes({10, 0, 0, 1}))})
                                   : q.answer({}, 3);
  });
  DiscoveryBench bench;
  CHECK(discovered(bench, config_of("web", "A"),
                   "search a.test b.test\nnameserver " + server.address() + "\n") ==
        "web {__address__=\"10.0.0.1:9100\", __meta_dns_name=\"web\"}\n");
  CHECK(server.asked() == std::vector<std::string>{"web.a.test. 1 udp", "web.b.test. 1 udp"});
}

TEST_CASE("a server that refuses is passed over for the next") {
  FakeDnsServer refuses([](const DnsQuestion& q) { return q.answer({}, 5); });
  FakeDnsServer knows([](const DnsQuestion& q) {
    return q.answer({dns_record(1, bytes({10, 0, 0, 1}))});
  });
  DiscoveryBench bench;
  CHECK(discovered(bench, config_of("a.test.", "A"),
                   "nameserver " + refuses.address() + "\nnameserver " + knows.address() + "\n") ==
        "a.test. {__address__=\"10.0.0.1:9100\", __meta_dns_name=\"a.test.\"}\n");
}

TEST_CASE("targets stay while servers fail or answer garbage, and end when the name does") {
  std::atomic<int> step{0};
  FakeDnsServer server([&](const DnsQuestion& q) -> std::string {
    switch (step++) {
      case 0:
        return q.answer({dns_record(1, bytes({10, 0, 0, 1}))});
      case 1:
        return q.answer({}, 2);
      case 2:
        return "garbage";
      case 3:
        return q.answer({dns_record(1, "123")});
      case 4:
        return q.answer({}).substr(0, 14);
      default:
        return q.answer({}, 3);
    }
  });
  const Resolver resolver("nameserver " + server.address() + "\n");
  DiscoveryBench bench;
  const auto discovery =
      make_dns_discovery(config_of("a.test", "A", 2), bench.context, resolver.path);
  discovery->start(bench.found.update());
  const std::string first = "a.test {__address__=\"10.0.0.1:9100\", __meta_dns_name=\"a.test\"}\n";
  CHECK(bench.found.wait_for(first) == first);
  CHECK(bench.found.wait_for("") == "");
  CHECK(bench.value("prometheus_sd_dns_lookup_failures_total") == "4");
}

TEST_CASE("a discovery ends at once while its name server is silent") {
  FakeDnsServer server([](const DnsQuestion&) { return ""; });
  const Resolver resolver("nameserver " + server.address() + "\n");
  DiscoveryBench bench;
  DnsSdConfig config = config_of("a.test", "A");
  config.names.assign(40, "a.test");
  auto discovery = make_dns_discovery(config, bench.context, resolver.path);
  discovery->start(bench.found.update());
  while (server.asked().empty()) std::this_thread::yield();
  const auto start = std::chrono::steady_clock::now();
  discovery.reset();
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::milliseconds(1500));
}

// ---- the parts ---------------------------------------------------------------------------------

std::string refusal(const std::string& answer) {
  try {
    parse_dns_answer(answer);
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

TEST_CASE("every prefix of an answer and every changed byte is an answer or an Error") {
  DnsQuestion question{false, dns_question(7, "a.test", DnsType::kSrv, true), "a.test.", 33};
  const std::string good = question.answer(
      {dns_record(33, dns_u16(0) + dns_u16(0) + dns_u16(8080) + dns_name("web1.test")),
       dns_record(15, dns_u16(1) + "\xc0\x0c"s)});
  CHECK(refusal(good) == "");
  size_t refused = 0;
  for (size_t i = 0; i < good.size(); ++i) refused += refusal(good.substr(0, i)).empty() ? 0 : 1;
  CHECK(refused == good.size());
  for (size_t i = 0; i < good.size(); ++i) {
    for (int value = 0; value < 256; ++value) {
      std::string changed = good;
      changed[i] = static_cast<char>(value);
      refused += refusal(changed).empty() ? 0 : 1;
    }
  }
  CHECK(refused > good.size());
}

TEST_CASE("names that point at themselves end") {
  std::string loop = bytes({0, 1, 0x81, 0x80, 0, 0, 0, 1, 0, 0, 0, 0, 0xc0, 12, 0, 1});
  CHECK(refusal(loop) == "dns: too many compression pointers");
}

TEST_CASE("odd characters of names are written as Prometheus writes them") {
  DnsQuestion question{false, dns_question(7, "a", DnsType::kNs, false), "a.", 2};
  const DnsAnswer answer = parse_dns_answer(question.answer({dns_record(2,
                                                                        "\x07"
                                                                        "a.b\\\x01\xff(\0"s)}));
  CHECK(answer.records.at(0).target == "a\\.b\\\\\\001\\255\\(.");
}

TEST_CASE("a name that is none is not asked for") {
  for (const std::string& name : {"a..b"s, ".a"s, std::string(64, 'x'), std::string(300, 'a')}) {
    CHECK_THROWS_AS(dns_question(1, name, DnsType::kA, false), Error);
  }
}

TEST_CASE("addresses are printed as Go prints them") {
  CHECK(ip_text(bytes({1, 2, 3, 4})) == "1.2.3.4");
  const auto v6 = [](std::initializer_list<int> groups) {
    std::string out;
    for (const int group : groups) out += dns_u16(static_cast<unsigned>(group));
    return ip_text(out);
  };
  CHECK(v6({0, 0, 0, 0, 0, 0, 0, 0}) == "::");
  CHECK(v6({0, 0, 0, 0, 0, 0, 0, 1}) == "::1");
  CHECK(v6({0, 0, 0, 0, 0, 0, 0x102, 0x304}) == "::102:304");
  CHECK(v6({1, 0, 0, 0, 0, 0, 0, 0}) == "1::");
  CHECK(v6({1, 0, 2, 0, 0, 3, 0, 0}) == "1:0:2::3:0:0");
  CHECK(v6({0xfe80, 0, 1, 2, 3, 4, 5, 0xabc}) == "fe80:0:1:2:3:4:5:abc");
  CHECK(cidr_address("10.0.0.2/24") == "10.0.0.2");
  CHECK(cidr_address("fd00::0:2/64") == "fd00::2");
  for (const char* bad :
       {"10.0.0.2", "10.0.0.2/33", "10.0.2/8", "x/8", "10.0.0.2/", "10.0.0.2/8x"}) {
    CHECK_THROWS_AS(cidr_address(bad), Error);
  }
}

TEST_CASE("resolv.conf is read as Prometheus reads it") {
  const ResolvConf conf = parse_resolv_conf(
      "# a comment\n; another\ndomain old.test\nnameserver 10.0.0.1\n\tnameserver  fd00::1 "
      "\nnameserver\n"
      "search a.test b.test.\noptions rotate ndots:2 timeout:1\n");
  CHECK(conf.servers == std::vector<std::string>{"10.0.0.1", "fd00::1"});
  CHECK(conf.search == std::vector<std::string>{"a.test", "b.test."});
  CHECK(conf.ndots == 2);
  using Names = std::vector<std::string>;
  CHECK(names_to_try(conf, "x.") == Names{"x."});
  CHECK(names_to_try(conf, "x.y") == Names{"x.y.a.test.", "x.y.b.test.", "x.y."});
  CHECK(names_to_try(conf, "x.y.z") == Names{"x.y.z.", "x.y.z.a.test.", "x.y.z.b.test."});
  CHECK(parse_resolv_conf("options ndots:99\n").ndots == 15);
  CHECK(names_to_try(parse_resolv_conf(""), "x") == Names{"x."});
}

}  // namespace
}  // namespace hearth
