// What a Kubernetes API server answers: lists, and streams of events, one JSON document a line.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "scraper/discovery/kubernetes_object.h"

namespace hearth {

// One page of a list.
struct KubernetesList {
  std::vector<KubernetesObject> objects;
  std::string version;  // to watch from
  std::string more;     // the token of the next page; "" = this is the last
};

struct KubernetesEvent {
  enum class Type { kAdded, kModified, kDeleted, kBookmark, kError } type = Type::kError;
  KubernetesObject object;  // of a bookmark: its version alone
  int status = 0;           // of an error, as HTTP has it
  std::string message;      // of an error
};

// Objects that cannot be read are left out, and logged. Throw Error(kBadData) for anything else.
KubernetesList read_kubernetes_list(std::string_view body, KubernetesKind kind);
KubernetesEvent read_kubernetes_event(std::string_view line, KubernetesKind kind);

// "pods is forbidden: ...": what a refusal's body says, or "" where it says nothing.
std::string kubernetes_refusal(std::string_view body);

// Cuts a stream into lines. One thread.
class LineCutter {
 public:
  explicit LineCutter(size_t longest) : longest_(longest) {}
  // Calls take(line) for each line that is now complete, without its end; blank ones are passed
  // over. What take() returns false for is the last. False: take() said so, or a line is too long.
  bool feed(std::string_view piece, const std::function<bool(std::string_view line)>& take);
  void clear() { begun_.clear(); }

 private:
  const size_t longest_;
  std::string begun_;
};

}  // namespace hearth
