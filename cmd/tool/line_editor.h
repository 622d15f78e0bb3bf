// Lines that a person types on a terminal: editing, history, completion by Tab.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cmd/tool/completion.h"

namespace hearth {

// Keys are those of Emacs, or what ~/.editrc says. Ctrl-C empties the line. One thread.
class LineEditor {
 public:
  using Complete = std::function<Completions(std::string_view before_cursor)>;

  // Requires: standard input and output are a terminal.
  LineEditor(std::string prompt, const std::vector<std::string>& history, Complete complete);
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  // False at the end: Ctrl-D on an empty line, SIGTERM, or a terminal that is gone. `line` is without a
  // newline.
  bool read(std::string& line);
  void remember(const std::string& line);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hearth
