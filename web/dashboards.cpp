#include "web/dashboards.h"

#include <nlohmann/json.hpp>

#include <algorithm>

#include "core/error.h"
#include "core/file.h"
#include "core/go_text.h"
#include "core/json.h"

namespace hearth::web {
namespace {

constexpr size_t kMaxDashboards = 500;
constexpr uint64_t kMaxBytes = 4 * 1024 * 1024;

// Only what listing the folder gives is ever opened, so no name leads elsewhere. Hidden files are
// not for here: a mounted ConfigMap has its own.
std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names = list_dir(folder);
  std::erase_if(names, [](const std::string& name) {
    return name.starts_with('.') || !name.ends_with(".json");
  });
  if (names.size() > kMaxDashboards) names.resize(kMaxDashboards);
  return names;
}

std::string read_dashboard(const std::string& folder, const std::string& name) {
  const std::string path = folder + "/" + name;
  const File file(path, File::Mode::kRead);
  if (file.size() > kMaxBytes) {
    throw Error(ErrorKind::kExecution, "the dashboard " + go_quote(path) + " is larger than 4 MiB");
  }
  std::string text(file.size(), '\0');
  text.resize(file.pread(text.data(), text.size(), 0));
  return text;
}

nlohmann::json parsed(const std::string& name, const std::string& text) {
  auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) {
    throw Error(ErrorKind::kExecution, "the dashboard " + go_quote(name) + " is not a JSON object");
  }
  return json;
}

// Grafana's provisioning files hold the dashboard itself, its API puts it below "dashboard".
std::string title_of(const nlohmann::json& json, const std::string& name) {
  const auto inner = json.find("dashboard");
  const nlohmann::json& board = inner != json.end() && inner->is_object() ? *inner : json;
  const auto title = board.find("title");
  return title != board.end() && title->is_string() ? title->get<std::string>() : name;
}

void append_entry(std::string& out, const std::string& folder, const std::string& name) {
  append_json_string(out += "{\"name\":", name);
  try {
    const std::string title = title_of(parsed(name, read_dashboard(folder, name)), name);
    append_json_string(out += ",\"title\":", title);
  } catch (const Error& error) {
    append_json_string(out += ",\"error\":", error.what());
  }
  out += '}';
}

}  // namespace

void api_dashboards(const Exchange& exchange, ApiAnswer& answer) {
  const std::string& folder = exchange.options.dashboards;
  std::string& out = answer.data;
  append_json_string(out += "{\"folder\":", folder);
  out += ",\"dashboards\":[";
  Comma comma(out);
  if (!folder.empty()) {
    for (const std::string& name : names_in(folder)) {
      comma.next();
      append_entry(out, folder, name);
    }
  }
  out += "]}";
}

void api_dashboard(const Exchange& exchange, ApiAnswer& answer) {
  const std::string& folder = exchange.options.dashboards;
  const std::vector<std::string> names =
      folder.empty() ? std::vector<std::string>() : names_in(folder);
  if (std::find(names.begin(), names.end(), exchange.name) == names.end()) {
    throw Error(ErrorKind::kNotFound, "there is no dashboard " + go_quote(exchange.name));
  }
  answer.data += parsed(exchange.name, read_dashboard(folder, exchange.name)).dump();
}

}  // namespace hearth::web
