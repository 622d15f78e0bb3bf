#include "scraper/discovery/kubernetes_message.h"

#include <utility>

#include "core/error.h"
#include "core/log.h"
#include "scraper/discovery/json_value.h"

namespace hearth {
namespace {

KubernetesEvent::Type event_type(const std::string& text) {
  if (text == "ADDED") return KubernetesEvent::Type::kAdded;
  if (text == "MODIFIED") return KubernetesEvent::Type::kModified;
  if (text == "DELETED") return KubernetesEvent::Type::kDeleted;
  if (text == "BOOKMARK") return KubernetesEvent::Type::kBookmark;
  if (text == "ERROR") return KubernetesEvent::Type::kError;
  throw Error(ErrorKind::kBadData, "an event of unknown type " + text);
}

}  // namespace

KubernetesList read_kubernetes_list(std::string_view body, KubernetesKind kind) {
  const JsonValue json = JsonValue::parse(body);
  const JsonValue metadata = json["metadata"];
  KubernetesList list;
  list.version = metadata["resourceVersion"].text();
  list.more = metadata["continue"].text();
  for (const JsonValue& item : json["items"].items()) {
    try {
      list.objects.push_back(read_kubernetes_object(item, kind));
    } catch (const Error& error) {
      log_warn("Kubernetes object left out", "component", "discovery manager scrape", "discovery",
               "kubernetes", "err", error.what());
    }
  }
  return list;
}

KubernetesEvent read_kubernetes_event(std::string_view line, KubernetesKind kind) {
  const JsonValue json = JsonValue::parse(line);
  const JsonValue object = json["object"];
  KubernetesEvent event;
  event.type = event_type(json["type"].text());
  if (event.type == KubernetesEvent::Type::kError) {
    event.status = static_cast<int>(object["code"].integer());
    event.message = object["message"].text();
  } else if (event.type == KubernetesEvent::Type::kBookmark) {
    event.object.version = object["metadata"]["resourceVersion"].text();
  } else {
    event.object = read_kubernetes_object(object, kind);
  }
  return event;
}

std::string kubernetes_refusal(std::string_view body) {
  try {
    return JsonValue::parse(body)["message"].text();
  } catch (const Error&) {
    return "";
  }
}

bool LineCutter::feed(std::string_view piece,
                      const std::function<bool(std::string_view line)>& take) {
  for (;;) {
    const size_t end = piece.find('\n');
    if (begun_.size() + std::min(end, piece.size()) > longest_) return false;
    if (end == std::string_view::npos) {
      begun_.append(piece);
      return true;
    }
    std::string_view line = piece.substr(0, end);
    std::string joined;
    if (!begun_.empty()) {
      joined = std::exchange(begun_, {});
      joined.append(line);
      line = joined;
    }
    piece.remove_prefix(end + 1);
    if (line.find_first_not_of(" \t\r") != std::string_view::npos && !take(line)) return false;
  }
}

}  // namespace hearth
