// ec2_sd: the instances of an AWS account in one region.
#include <fmt/format.h>

#include "core/error.h"
#include "core/log.h"
#include "core/uri.h"
#include "scraper/discovery/aws_credentials.h"
#include "scraper/discovery/ec2_instances.h"
#include "scraper/discovery/makers.h"

namespace hearth {
namespace {

constexpr const char* kVersion = "2016-11-15";  // of the API
constexpr size_t kMaxPages = 10'000;

// One refresh at a time.
class Ec2Mechanism {
 public:
  Ec2Mechanism(const Ec2SdConfig& config, const DiscoveryContext& context,
               const AwsEndpoints& endpoints)
      : config_(config),
        client_(config.http_client, context, config.refresh_interval),
        credentials_(config, client_, endpoints) {}

  std::vector<TargetGroup> ask(Conversation& conversation) {
    context_.region = credentials_.region(conversation);
    context_.port = config_.port;
    if (context_.zone_ids.empty()) find_zones(conversation);
    TargetGroup group;
    group.source = context_.region;
    QueryParameters parameters = filters();
    for (size_t pages = 0; pages < kMaxPages; ++pages) {
      Ec2Page page = describe_instances(conversation, parameters);
      group.targets.insert(group.targets.end(), page.targets.begin(), page.targets.end());
      if (page.next_token.empty()) return {group};
      parameters["NextToken"] = {page.next_token};
    }
    throw Error(ErrorKind::kBadData,
                "could not describe instances: there are more than 10000 pages");
  }

 private:
  std::string call(Conversation& conversation, const char* action, QueryParameters parameters);
  void find_zones(Conversation& conversation);
  QueryParameters filters() const;
  Ec2Page describe_instances(Conversation& conversation, const QueryParameters& parameters);

  const Ec2SdConfig config_;
  const CloudClient client_;
  AwsCredentials credentials_;
  Ec2Context context_;
};

std::string Ec2Mechanism::call(Conversation& conversation, const char* action,
                               QueryParameters parameters) {
  parameters["Action"] = {action};
  parameters["Version"] = {kVersion};
  const std::string& region = context_.region;
  const std::string endpoint =
      config_.endpoint.empty() ? aws_endpoint("ec2", region) : config_.endpoint;
  const AwsKeys& keys = credentials_.keys(conversation);
  const HttpRequest request =
      aws_request(client_, endpoint, region, "ec2", encode_query(parameters), &keys);
  const HttpResponse response = conversation.send(request);
  if (response.status == 200) return response.body;
  const Ec2Failure failure = parse_ec2_failure(response.body);
  if (failure.code.empty()) throw_unexpected_status(request, response);
  const std::string text =
      fmt::format("{}: {} (status code: {})", failure.code, failure.message, response.status);
  if (failure.code == "AuthFailure" || failure.code == "UnauthorizedOperation" ||
      failure.code == "RequestExpired") {
    credentials_.forget();  // the next refresh looks for others
  }
  throw Error(ErrorKind::kUnavailable, text);
}

// Many accounts may not ask for them: instances are found without.
void Ec2Mechanism::find_zones(Conversation& conversation) {
  try {
    context_.zone_ids = parse_ec2_zones(call(conversation, "DescribeAvailabilityZones", {}));
  } catch (const Error& error) {
    log_debug("Unable to describe availability zones", "component", "discovery manager scrape",
              "discovery", "ec2", "err", error.what());
  }
}

QueryParameters Ec2Mechanism::filters() const {
  QueryParameters parameters;
  for (size_t i = 0; i < config_.filters.size(); ++i) {
    const Ec2Filter& filter = config_.filters[i];
    parameters[fmt::format("Filter.{}.Name", i + 1)] = {filter.name};
    for (size_t v = 0; v < filter.values.size(); ++v) {
      parameters[fmt::format("Filter.{}.Value.{}", i + 1, v + 1)] = {filter.values[v]};
    }
  }
  return parameters;
}

Ec2Page Ec2Mechanism::describe_instances(Conversation& conversation,
                                         const QueryParameters& parameters) {
  try {
    return parse_ec2_instances(call(conversation, "DescribeInstances", parameters), context_);
  } catch (const Error& error) {
    throw Error(error.kind(), std::string("could not describe instances: ") + error.what());
  }
}

}  // namespace

std::unique_ptr<Discovery> make_ec2_discovery(const Ec2SdConfig& config,
                                              const DiscoveryContext& context,
                                              const AwsEndpoints& endpoints) {
  const auto mechanism = std::make_shared<Ec2Mechanism>(config, context, endpoints);
  return make_refreshed_discovery(
      context, "ec2", config.refresh_interval,
      [mechanism](Conversation& conversation) { return mechanism->ask(conversation); });
}

}  // namespace hearth
