// Errors: a unit of work (a scrape, a request, a commit, a reload) fails whole, by one exception
// that its guard catches, counts and logs. Outcomes that are expected are return values instead.
#pragma once

#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace hearth {

// The first seven are the API's error types; corrupt and io come from files.
enum class ErrorKind { kBadData, kExecution, kTimeout, kCanceled, kUnavailable, kNotFound, kInternal, kCorrupt, kIo };

// The API's name of a kind ("bad_data", ...); kCorrupt and kIo read "internal".
std::string_view error_type(ErrorKind kind);

// What failed + the value + what the user can do.
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& text) : std::runtime_error(text), kind_(kind) {}
  ErrorKind kind() const { return kind_; }

 private:
  ErrorKind kind_;
};

// Runs one unit of work; an exception is logged once per distinct text and counted, never passed on.
// Returns whether the work succeeded. Thread-safe.
bool guard(std::string_view what, const std::function<void()>& work) noexcept;

}  // namespace hearth
