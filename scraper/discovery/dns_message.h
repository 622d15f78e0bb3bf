// Questions to DNS servers and their answers, as bytes (RFC 1035, 2782, 3596, 6891). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hearth {

enum class DnsType : uint16_t { kA = 1, kNs = 2, kCname = 5, kMx = 15, kAaaa = 28, kSrv = 33 };

inline constexpr int kDnsSuccess = 0;    // response codes
inline constexpr int kDnsNameError = 3;  // the name does not exist

struct DnsRecord {
  DnsType type;        // others than the above are possible
  std::string target;  // of SRV, MX, NS: a name with its final dot; of A and AAAA: the address
  uint16_t port = 0;   // of SRV
};

struct DnsAnswer {
  uint16_t id = 0;
  int code = 0;
  bool truncated = false;
  std::vector<DnsRecord> records;  // those of the answer section
};

// Throws Error(kBadData) for what is no name: labels of 1 to 63 bytes, 255 together. `edns` tells
// that answers of 4096 bytes are welcome.
std::string dns_question(uint16_t id, std::string_view name, DnsType type, bool edns);

// Throws Error(kBadData) for what is no answer.
DnsAnswer parse_dns_answer(std::string_view bytes);

}  // namespace hearth
