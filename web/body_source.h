// The rest of an answer, made piece by piece as the client takes it: so a slow reader holds neither
// a thread nor more than one piece of text.
#pragma once

#include <string>

namespace hearth::web {

// One thread at a time, not always the same one.
class BodySource {
 public:
  virtual ~BodySource() = default;

  // Appends the next piece, some 64 to 256 KiB. False: there is no more, and nothing was appended.
  // When it throws, the answer cannot be ended properly: the connection is to be closed.
  virtual bool next(std::string& out) = 0;
};

}  // namespace hearth::web
