#include "core/storage.h"

namespace hearth {

std::string_view refusal_text(Refusal refusal) {
  switch (refusal) {
    case Refusal::kOutOfOrder: return "out of order sample";
    case Refusal::kDuplicate: return "duplicate sample for timestamp";
    case Refusal::kOutOfBounds: return "out of bounds";
    case Refusal::kTooOld: break;
  }
  return "too old sample";
}

}  // namespace hearth
