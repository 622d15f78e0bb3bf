// What was typed at a prompt, kept for the next time: one line each, the oldest first.
#pragma once

#include <string>
#include <vector>

namespace hearth {

// $XDG_STATE_HOME/hearth/history, or in ~/.local/state; "" where there is no home.
std::string history_path();

// Written line by line, so that several prompts may share it; what cannot be read or written is
// left out. One thread.
class HistoryFile {
 public:
  explicit HistoryFile(std::string path);  // "" = none
  const std::vector<std::string>& lines() const { return lines_; }
  void append(const std::string& line);

 private:
  const std::string path_;
  std::vector<std::string> lines_;  // as they were when this was made
};

}  // namespace hearth
