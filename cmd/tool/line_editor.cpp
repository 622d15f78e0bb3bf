#include "cmd/tool/line_editor.h"

#include <fmt/format.h>
#include <histedit.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <clocale>
#include <cstdio>

#include "cmd/tool/interrupt.h"
#include "cmd/tool/terminal.h"
#include "core/error.h"
#include "core/utf8.h"

namespace hearth {
namespace {

constexpr int kHistoryLines = 10'000;
constexpr size_t kMostListed = 200;

struct CloseEditor {
  void operator()(EditLine* editor) const { el_end(editor); }
};
struct CloseHistory {
  void operator()(History* history) const { history_end(history); }
};

size_t runes(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

// Of the character that begins with this byte.
size_t rune_length(char first) {
  const auto byte = static_cast<unsigned char>(first);
  return byte < 0xC0 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

std::string common_start(const std::vector<Candidate>& candidates) {
  std::string common = candidates.front().text;
  for (const Candidate& one : candidates) {
    const auto end = std::mismatch(common.begin(), common.end(), one.text.begin(), one.text.end());
    common.erase(end.first, common.end());
  }
  while (!common.empty() &&
         !std::all_of(candidates.begin(), candidates.end(), [&](const auto& one) {
           return one.text.size() == common.size() || (one.text[common.size()] & 0xC0) != 0x80;
         })) {
    common.pop_back();  // no half of a character
  }
  return common;
}

// In columns, as many as fit.
std::string listed(const std::vector<Candidate>& candidates, size_t columns) {
  const size_t shown = std::min(candidates.size(), kMostListed);
  size_t widest = 1;
  for (size_t i = 0; i < shown; ++i) widest = std::max(widest, runes(candidates[i].text) + 2);
  const size_t across = std::max<size_t>(1, columns / widest);
  const size_t down = (shown + across - 1) / across;
  std::string out;
  for (size_t row = 0; row < down; ++row) {
    for (size_t i = row; i < shown; i += down) {
      out += candidates[i].text;
      if (i + down < shown) out.append(widest - runes(candidates[i].text), ' ');
    }
    out += "\n";
  }
  if (shown < candidates.size()) out += fmt::format("... and {} more\n", candidates.size() - shown);
  return out;
}

}  // namespace

struct LineEditor::State {
  std::string prompt;
  Complete complete;
  bool emptied = false;  // by Ctrl-C
  HistEvent event{};
  std::unique_ptr<History, CloseHistory> history;
  std::unique_ptr<EditLine, CloseEditor> editor;

  static State& of(EditLine* editor) {
    void* state = nullptr;
    el_get(editor, EL_CLIENTDATA, &state);
    return *static_cast<State*>(state);
  }
  static char* prompt_of(EditLine* editor) { return of(editor).prompt.data(); }

  // The next character. Signals do not end a line: another thread may be the one that gets them.
  static int read_character(EditLine* editor, wchar_t* out) {
    constexpr DurationMs kForEver = 365LL * 86'400'000;
    std::string bytes;
    while (true) {
      const WokenBy woken = wait_for_signal(kForEver, STDIN_FILENO);
      if (woken == WokenBy::kNewSize) el_resize(editor);
      if (woken == WokenBy::kInterrupt) {
        forget_interrupt();
        if (interrupted()) return 0;
      }
      if (woken != WokenBy::kInput) continue;
      char byte = 0;
      const ssize_t got = ::read(STDIN_FILENO, &byte, 1);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return 0;
      bytes += byte;
      const DecodedRune rune = decode_rune(bytes);
      const size_t length = rune_length(bytes[0]);
      if (!rune.valid && bytes.size() < length) continue;
      *out = static_cast<wchar_t>(rune.rune);
      return 1;
    }
  }

  static unsigned char on_tab(EditLine* editor, int) {
    const LineInfo* line = el_line(editor);
    const std::string before(line->buffer, line->cursor);
    const Completions found = of(editor).complete(before);
    if (found.candidates.empty()) return CC_REFRESH_BEEP;
    const std::string typed =
        before.substr(before.size() - std::min(before.size(), found.replaced));
    std::string text = common_start(found.candidates);
    const bool only = found.candidates.size() == 1;
    if (!only && text.size() <= typed.size()) {
      fmt::print("\n{}", listed(found.candidates, terminal_size(STDOUT_FILENO).columns));
      std::fflush(stdout);
      return CC_REDISPLAY;
    }
    if (only) text += found.candidates.front().end;
    el_deletestr(editor, static_cast<int>(runes(typed)));
    el_insertstr(editor, text.c_str());
    return CC_REFRESH;
  }

  static unsigned char on_interrupt(EditLine* editor, int) {
    of(editor).emptied = true;
    std::fputs("^C\n", stdout);
    std::fflush(stdout);
    return CC_NEWLINE;
  }
};

LineEditor::LineEditor(std::string prompt, const std::vector<std::string>& history,
                       Complete complete)
    : state_(std::make_unique<State>()) {
  // What is typed is UTF-8, whatever the environment says.
  if (std::setlocale(LC_CTYPE, "C.UTF-8") == nullptr) std::setlocale(LC_CTYPE, "");
  State& state = *state_;
  state.prompt = std::move(prompt);
  state.complete = std::move(complete);
  state.history.reset(history_init());
  state.editor.reset(el_init("hearthtool", stdin, stdout, stderr));
  if (!state.history || !state.editor)
    throw Error(ErrorKind::kIo, "the terminal cannot be edited on");
  ::history(state.history.get(), &state.event, H_SETSIZE, kHistoryLines);
  ::history(state.history.get(), &state.event, H_SETUNIQUE, 1);
  for (const std::string& line : history) remember(line);

  EditLine* const editor = state.editor.get();
  el_set(editor, EL_CLIENTDATA, &state);
  el_set(editor, EL_PROMPT, State::prompt_of);
  el_set(editor, EL_EDITOR, "emacs");
  el_set(editor, EL_HIST, ::history, state.history.get());
  el_set(editor, EL_GETCFN, State::read_character);
  // Ctrl-C is a key here, so that no signal comes in the middle of a line.
  el_set(editor, EL_SETTY, "-d", "-isig", nullptr);
  el_set(editor, EL_ADDFN, "hearth-complete", "Complete the word", State::on_tab);
  el_set(editor, EL_ADDFN, "hearth-empty", "Empty the line", State::on_interrupt);
  el_source(editor, nullptr);
  el_set(editor, EL_BIND, "\t", "hearth-complete", nullptr);
  el_set(editor, EL_BIND, "^C", "hearth-empty", nullptr);
  el_set(editor, EL_BIND, "^R", "em-inc-search-prev", nullptr);
}

LineEditor::~LineEditor() = default;

bool LineEditor::read(std::string& line) {
  int count = 0;
  state_->emptied = false;
  const char* got = el_gets(state_->editor.get(), &count);
  line.clear();
  if (state_->emptied) return true;  // a line without a character would look like the end
  if (got == nullptr || count <= 0) return false;
  line.assign(got, static_cast<size_t>(count));
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
  return true;
}

void LineEditor::remember(const std::string& line) {
  ::history(state_->history.get(), &state_->event, H_ENTER, line.c_str());
}

}  // namespace hearth
