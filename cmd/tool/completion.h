// What a Tab at a prompt of PromQL may complete: metrics, functions, labels and their values.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cmd/tool/query_source.h"

namespace hearth {

// Where in a query the cursor stands, told from what is before it.
struct CompletionPlace {
  enum class Kind { kNothing, kExpression, kLabelName, kLabelValue, kCommand };
  Kind kind = Kind::kNothing;
  std::string word;      // what of it is there already, without quotes
  size_t typed = 0;      // bytes of that before the cursor
  std::string metric;    // of labels; "" = any
  std::string label;     // of values
  char quote = '"';      // around values
  bool matcher = false;  // the label stands in braces, so that a value follows
};
CompletionPlace completion_place(std::string_view before_cursor);

struct Candidate {
  std::string text;      // takes the place of the word
  std::string end = {};  // follows where there is no other: "(" after a function
};
struct Completions {
  size_t replaced = 0;                // bytes before the cursor
  std::vector<Candidate> candidates;  // sorted by text
};

// Remembers for a while what the source said. One thread.
class Completer {
 public:
  // `commands`: of the prompt itself, which begin with a backslash.
  Completer(QuerySource& source, std::vector<std::string> commands);

  // Nothing where the source cannot be asked.
  Completions complete(std::string_view before_cursor);

 private:
  struct Known {
    std::vector<std::string> texts;
    std::chrono::steady_clock::time_point since;
  };
  // Of a label, "" = the labels' names.
  const std::vector<std::string>& known(const std::string& label, const std::string& metric);
  void add_expressions(const std::string& word, std::vector<Candidate>& out);

  QuerySource& source_;
  const std::vector<std::string> commands_;
  std::map<std::pair<std::string, std::string>, Known> known_;
};

}  // namespace hearth
