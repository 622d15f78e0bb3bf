#include "web/framed_body.h"

#include <fmt/format.h>

#include <iterator>

namespace hearth::web {
namespace {

constexpr size_t kEnough = 32 * 1024;  // packed bytes that are worth being sent

}  // namespace

FramedBody::FramedBody(std::string first, std::unique_ptr<BodySource> body, Packing packing,
                       bool chunked, Ended ended)
    : plain_(std::move(first)),
      body_(std::move(body)),
      packer_(make_packer(packing)),
      chunked_(chunked),
      ended_(std::move(ended)) {}

FramedBody::~FramedBody() { ended_(bytes_); }

void FramedBody::append_frame(std::string_view bytes, std::string& out) {
  bytes_ += bytes.size();
  if (bytes.empty()) return;
  if (chunked_) fmt::format_to(std::back_inserter(out), "{:x}\r\n", bytes.size());
  out.append(bytes);
  if (chunked_) out.append("\r\n");
}

bool FramedBody::next(std::string& out) {
  if (body_ == nullptr) return false;
  packed_.clear();
  bool more = true;
  do {
    if (plain_.empty()) more = body_->next(plain_);
    if (packer_ == nullptr) break;
    packer_->add(plain_, packed_);
    plain_.clear();
    if (!more) packer_->end(packed_);
  } while (more && packed_.size() < kEnough);
  append_frame(packer_ == nullptr ? plain_ : packed_, out);
  plain_.clear();
  if (more) return true;
  if (chunked_) out.append("0\r\n\r\n");
  body_.reset();
  return true;
}

}  // namespace hearth::web
