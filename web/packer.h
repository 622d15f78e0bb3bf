// Compression of an answer that is made piece by piece.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "web/accept.h"

namespace hearth::web {

// One thread at a time.
class Packer {
 public:
  virtual ~Packer() = default;
  // Takes the next bytes; appends what is ready of the packed ones, which may be nothing.
  virtual void add(std::string_view bytes, std::string& out) = 0;
  // Appends the rest. Nothing may be added after that.
  virtual void end(std::string& out) = 0;
};

// nullptr for kNone.
std::unique_ptr<Packer> make_packer(Packing packing);

// A body that is there whole.
std::string pack(Packing packing, std::string_view body);

}  // namespace hearth::web
