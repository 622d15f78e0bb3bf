// A list, or a stream of events, of any bytes of any kind of object is refused or read; every group that is made of
// an object has labels that are well formed; how the stream is cut does not matter.
#include "config/kubernetes_sd.h"
#include "core/error.h"
#include "core/log.h"
#include "scraper/discovery/kubernetes_labels.h"
#include "scraper/discovery/kubernetes_message.h"

using namespace hearth;

namespace {

// Finds every object, namely the one that the group is made of, where it is of the kind asked for.
struct Same final : KubernetesLookup {
  KubernetesKind kind = KubernetesKind::kPod;
  const KubernetesObject* object = nullptr;
  const KubernetesObject* find(KubernetesKind of, const std::string&) override {
    return of == kind || of > KubernetesKind::kIngress ? object : nullptr;
  }
};

TargetGroup group_of_kind(KubernetesKind kind, const KubernetesObject& object, const KubernetesLabelling& with) {
  switch (kind) {
    case KubernetesKind::kNode: return node_group(object);
    case KubernetesKind::kService: return service_group(object, with);
    case KubernetesKind::kEndpoints: return endpoints_group(object, with);
    case KubernetesKind::kEndpointSlice: return endpointslice_group(object, with);
    case KubernetesKind::kIngress: return ingress_group(object, with);
    default: return pod_group(object, with);
  }
}

void check(KubernetesKind kind, const KubernetesObject& object) {
  const KubernetesSdConfig::Attach all{true, true, true, true, true};
  Same same;
  same.kind = kind;
  same.object = &object;
  const TargetGroup group = group_of_kind(kind, object, {all, same});
  for (const Labels& target : group.targets) {
    std::string before;
    for (const Label& label : target) {
      if (label.name <= before || label.value.empty()) __builtin_trap();
      before = label.name;
    }
  }
}

// The versions of the objects that the stream tells, read in pieces of this size.
std::string versions(std::string_view stream, size_t piece, KubernetesKind kind) {
  LineCutter lines(4096);
  std::string told;
  while (!stream.empty()) {
    const bool goes_on = lines.feed(stream.substr(0, piece), [&](std::string_view line) {
      try {
        const KubernetesEvent event = read_kubernetes_event(line, kind);
        told += event.object.version + ";";
        if (!event.object.name.empty()) check(kind, event.object);
        return event.type != KubernetesEvent::Type::kError;
      } catch (const Error&) {
        told += "!";
        return false;
      }
    });
    if (!goes_on) break;
    stream.remove_prefix(std::min(piece, stream.size()));
  }
  return told;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  set_log_sink([](std::string_view) {});
  if (size == 0) return 0;
  const auto kind = static_cast<KubernetesKind>(data[0] % 6);
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (versions(text, 4096, kind) != versions(text, 7, kind)) __builtin_trap();
  try {
    for (const KubernetesObject& object : read_kubernetes_list(text, kind).objects) check(kind, object);
  } catch (const Error&) {
  }
  kubernetes_refusal(text);
  return 0;
}
