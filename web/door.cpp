#include "web/door.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "core/base64.h"
#include "core/bcrypt.h"
#include "core/error.h"
#include "core/log.h"

namespace hearth::web {
namespace {

struct Credentials {
  std::string user, password;
};

// As Go's Request.BasicAuth.
std::optional<Credentials> basic_credentials(std::string_view authorization) {
  constexpr std::string_view kScheme = "Basic ";
  if (!equal_ignoring_case(authorization.substr(0, kScheme.size()), kScheme)) return std::nullopt;
  const auto decoded = base64_decode(authorization.substr(kScheme.size()));
  const size_t colon = decoded ? decoded->find(':') : std::string::npos;
  if (colon == std::string::npos) return std::nullopt;
  return Credentials{decoded->substr(0, colon), decoded->substr(colon + 1)};
}

// A hash that no password has, and that takes as long as the dearest of the users': who asks cannot
// tell from the time which users there are.
std::string decoy(const std::map<std::string, std::string>& users) {
  int cost = 0;
  for (const auto& [name, hash] : users) cost = std::max(cost, bcrypt_cost(hash));
  return fmt::format("$2y${:02}$QOauhQNbBCuQDKes6eFzPe{}", cost, std::string(31, '.'));
}

void refuse(Visit& visit, int status) {
  visit.state = Visit::State::kRefused;
  visit.refusal = status;
}

void decide(Visit& visit, bool right) {
  if (!right) return refuse(visit, 401);
  visit.state = Visit::State::kWelcome;
}

}  // namespace

RateLimit::RateLimit(double interval_seconds, int64_t burst, const Clock& clock)
    : interval_(interval_seconds),
      burst_(static_cast<double>(burst)),
      clock_(clock),
      tokens_(burst_),
      counted_at_(clock.monotonic_nanos()) {}

bool RateLimit::allow() {
  if (interval_ < 0) return true;
  MutexLock lock(mutex_);
  const int64_t now = clock_.monotonic_nanos();
  tokens_ = std::min(burst_, tokens_ + static_cast<double>(now - counted_at_) / 1e9 / interval_);
  counted_at_ = now;
  if (tokens_ < 1) return false;
  tokens_ -= 1;
  return true;
}

Door::Door(const std::string& config_file, const Clock& clock) : file_(config_file) {
  check_web_config(config_file);
  const auto config = file_.config();
  has_tls_ = config->tls.enabled();
  if (config->rate_interval_seconds != 0) {
    rate_ = std::make_unique<RateLimit>(config->rate_interval_seconds, config->rate_burst, clock);
    log_info("Rate Limiter is enabled.", "burst", config->rate_burst, "interval",
             fmt::format("{}s", config->rate_interval_seconds));
  }
  if (!config->tls.client_allowed_sans.empty() &&
      (config->tls.client_auth_type.empty() || config->tls.client_auth_type == "NoClientCert")) {
    log_warn(
        "client_allowed_sans has no effect: no certificate is asked for; set client_auth_type");
  }
}

void Door::admit(const RequestHead& head, Visit& visit) {
  if (visit.state == Visit::State::kNew) {
    receive(head, visit);
  } else if (visit.state == Visit::State::kUnchecked) {
    check_password(visit);
  }
}

void Door::receive(const RequestHead& head, Visit& visit) {
  try {
    visit.config = file_.config();
  } catch (const Error& error) {
    log_error("Unable to parse configuration", "err", std::string(error.what()));
    return refuse(visit, 500);
  }
  if (rate_ && !rate_->allow()) return refuse(visit, 429);
  if (visit.config->users.empty()) {
    visit.state = Visit::State::kWelcome;
  } else {
    ask_for_password(head, visit);
  }
}

void Door::ask_for_password(const RequestHead& head, Visit& visit) {
  const auto given = basic_credentials(head.field("Authorization"));
  if (!given) return refuse(visit, 401);
  const auto user = visit.config->users.find(given->user);
  const bool exists = user != visit.config->users.end();
  visit.user = given->user;
  visit.password = given->password;
  visit.hash = exists ? user->second : decoy(visit.config->users);
  const auto known = passwords_.find(PasswordCache::key(visit.user, visit.hash, visit.password));
  if (known) return decide(visit, *known);
  visit.state = Visit::State::kUnchecked;
}

void Door::check_password(Visit& visit) {
  const std::string key = PasswordCache::key(visit.user, visit.hash, visit.password);
  auto right = passwords_.find(key);  // another request may have brought the same meanwhile
  if (!right) {
    const bool exists = visit.config->users.count(visit.user) > 0;
    const bool matches = bcrypt_matches(visit.hash, visit.password);
    right = matches && exists;
    passwords_.add(key, *right);
  }
  decide(visit, *right);
}

}  // namespace hearth::web
