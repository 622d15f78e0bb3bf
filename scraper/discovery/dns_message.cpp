#include "scraper/discovery/dns_message.h"

#include <fmt/format.h>

#include "core/error.h"
#include "scraper/discovery/meta_labels.h"

namespace hearth {
namespace {

constexpr uint16_t kClassInternet = 1;
constexpr uint16_t kOptType = 41;
constexpr uint16_t kUdpBytes = 4096;
constexpr size_t kMaxName = 255, kMaxLabel = 63;

[[noreturn]] void fail(const std::string& text) {
  throw Error(ErrorKind::kBadData, "dns: " + text);
}

void put16(std::string& out, uint16_t value) {
  out += static_cast<char>(value >> 8);
  out += static_cast<char>(value & 0xff);
}

void put_name(std::string& out, std::string_view name) {
  const size_t start = out.size();
  while (!name.empty() && name != ".") {
    const std::string_view label = name.substr(0, name.find('.'));
    if (label.empty() || label.size() > kMaxLabel) fail("bad name");
    out += static_cast<char>(label.size());
    out.append(label);
    name.remove_prefix(std::min(name.size(), label.size() + 1));
  }
  out += '\0';
  if (out.size() - start > kMaxName) fail("bad name");
}

// ---- reading -----------------------------------------------------------------------------------

uint8_t byte_at(std::string_view bytes, size_t pos) {
  if (pos >= bytes.size()) fail("overflow unpacking the answer");
  return static_cast<uint8_t>(bytes[pos]);
}
uint16_t get16(std::string_view bytes, size_t pos) {
  return static_cast<uint16_t>(byte_at(bytes, pos) << 8 | byte_at(bytes, pos + 1));
}

void append_label(std::string& name, std::string_view label) {
  for (const char c : label) {
    if (std::string_view(". '@;()\"\\").find(c) != std::string_view::npos) {
      name += '\\';
      name += c;
    } else if (c < '!' || c > '~') {
      name += fmt::format("\\{:03}", static_cast<unsigned char>(c));
    } else {
      name += c;
    }
  }
  name += '.';
}

// Moves pos behind the name. Pointers go only backwards, so that the walk ends.
std::string read_name(std::string_view bytes, size_t& pos) {
  std::string name;
  size_t at = pos, total = 0, limit = bytes.size();
  bool jumped = false;
  for (;;) {
    const uint8_t length = byte_at(bytes, at);
    if ((length & 0xc0) == 0xc0) {
      const size_t target = static_cast<size_t>(get16(bytes, at) & 0x3fff);
      if (!jumped) pos = at + 2;
      jumped = true;
      if (target >= std::min(at, limit)) fail("too many compression pointers");
      limit = at = target;
      continue;
    }
    if (length > kMaxLabel) fail("bad rdata");
    if (!jumped) pos = at + 1 + length;
    if (length == 0) break;
    total += length + 1u;
    if (total > kMaxName || at + 1 + length > bytes.size()) fail("overflow unpacking the answer");
    append_label(name, bytes.substr(at + 1, length));
    at += 1u + length;
  }
  return name.empty() ? "." : name;
}

DnsRecord read_record(std::string_view bytes, size_t& pos) {
  read_name(bytes, pos);
  DnsRecord record{static_cast<DnsType>(get16(bytes, pos)), "", 0};
  const size_t length = get16(bytes, pos + 8);
  size_t data = pos + 10;
  pos = data + length;
  if (pos > bytes.size()) fail("overflow unpacking the answer");
  switch (record.type) {
    case DnsType::kA:
    case DnsType::kAaaa:
      if (length != (record.type == DnsType::kA ? 4 : 16)) fail("bad rdata");
      record.target = ip_text(bytes.substr(data, length));
      break;
    case DnsType::kSrv:
      record.port = get16(bytes, data + 4);
      data += 6;
      record.target = read_name(bytes, data);
      break;
    case DnsType::kMx:
      data += 2;
      record.target = read_name(bytes, data);
      break;
    case DnsType::kNs:
      record.target = read_name(bytes, data);
      break;
    default:
      break;
  }
  return record;
}

}  // namespace

std::string dns_question(uint16_t id, std::string_view name, DnsType type, bool edns) {
  std::string out;
  put16(out, id);
  put16(out, 0x0100);  // recursion desired
  put16(out, 1);       // one question
  put16(out, 0);
  put16(out, 0);
  put16(out, edns ? 1 : 0);
  put_name(out, name);
  put16(out, static_cast<uint16_t>(type));
  put16(out, kClassInternet);
  if (edns) {
    out += '\0';
    put16(out, kOptType);
    put16(out, kUdpBytes);
    out.append(6, '\0');
  }
  return out;
}

DnsAnswer parse_dns_answer(std::string_view bytes) {
  DnsAnswer answer;
  answer.id = get16(bytes, 0);
  const uint16_t flags = get16(bytes, 2);
  if ((flags & 0x8000) == 0) fail("the answer is a question");
  answer.truncated = (flags & 0x0200) != 0;
  answer.code = flags & 0xf;
  const size_t questions = get16(bytes, 4), records = get16(bytes, 6);
  if (answer.truncated) return answer;  // what it has is of no use
  size_t pos = 12;
  for (size_t i = 0; i < questions; ++i) {
    read_name(bytes, pos);
    pos += 4;
  }
  for (size_t i = 0; i < records; ++i) answer.records.push_back(read_record(bytes, pos));
  return answer;
}

}  // namespace hearth
