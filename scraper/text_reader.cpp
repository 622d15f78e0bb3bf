#include "scraper/text_reader.h"

#include <cstring>
#include <type_traits>

#include "scraper/number.h"
#include "scraper/text_sample.h"

namespace hearth {
namespace {

template <class Parser>
constexpr bool kIsText = std::is_same_v<Parser, TextParser>;

}  // namespace

template <class Parser>
TextReader<Parser>::TextReader(const Body& body, SampleSink& sink)
    : sink_(sink),
      task_(sink.task),
      parser_(body),
      points_(parser_, sink,
              kIsText<Parser>                        ? PointLines::Created::kSeries
              : task_.features.zeros_at_creation ? PointLines::Created::kTime
                                                 : PointLines::Created::kSeriesAtFirst),
      parses_comments_(task_.features.tell_metadata || task_.features.type_and_unit_labels ||
                       task_.features.zeros_at_creation || task_.histograms.convert_classic) {
  if (task_.features.type_and_unit_labels) parser_.add_type_and_unit();
}

template <class Parser>
void TextReader<Parser>::run() {
  const char* const end = parser_.end();
  for (;;) {
    const char* p = parser_.position();
    if (in_points_) {
      if (p < end && *p == '#') points_.end();
      if (parsed()) continue;
      return points_.end();
    }
    if (sink_.walk.unordered()) {
      take_ahead();
    } else if (p < end) {
      const LineEntry* entry = sink_.walk.expected(p, end);
      if (entry == nullptr) entry = sink_.walk.disordered() ? elsewhere(p) : sink_.walk.look_ahead(p, end);
      if (entry != nullptr && recognised(p, *entry)) continue;
    }
    if (!parsed()) return;
  }
}

// Takes the next lines up to one that is to be parsed.
template <class Parser>
void TextReader<Parser>::take_ahead() {
  while (const LinesAhead::Line* line = ahead_.at(parser_.position(), parser_.end(), sink_.walk)) {
    const LineEntry* entry = sink_.walk.at(line->place, line->length, line->comment());
    if (entry == nullptr) return;
    if (line->plain && !task_.features.tell_metadata) {
      parser_.skip_to(line->newline + 1);
      sink_.take_known(task_.time, line->value, true);
    } else if (!recognised(line->begin, *entry)) {
      return;
    }
  }
}

// The entry of the line at `p`, found by what stands in front of its last space, or of the one before it
// where there is a timestamp.
template <class Parser>
const LineEntry* TextReader<Parser>::elsewhere(const char* p) {
  const auto* newline = static_cast<const char*>(memchr(p, '\n', static_cast<size_t>(parser_.end() - p)));
  if (newline == nullptr) return nullptr;
  const bool comment = *p == '#';
  const auto known = [&](const char* text_end) {
    const auto length = static_cast<size_t>(text_end - p);
    return sink_.walk.known(sink_.walk.print({p, length}), length, comment);
  };
  if (comment) return known(newline);
  const char* const space = last_space(p, newline);
  if (space == nullptr) return nullptr;
  if (const LineEntry* entry = known(space)) return entry;
  const char* const before = last_space(p, space);
  return before == nullptr ? nullptr : known(before);
}

// Reads the rest of a line that begins with a known series, or is a known comment.
template <class Parser>
bool TextReader<Parser>::recognised(const char* p, const LineEntry& entry) {
  const char* number = p + entry.length + 1;
  if (entry.is(LineEntry::kComment)) {
    if (parses_comments_ || number > parser_.end()) return false;  // the newline is not the body's own
    if (entry.comment_kind() == EntryKind::kType) parser_.set_type(entry.comment_type());
    parser_.skip_to(number);
    sink_.walk.take(false);
    return true;
  }
  if (task_.features.tell_metadata && sink_.news.family_changed()) return false;
  if (plain_sample(number)) return true;
  if (*number == ' ' || *number == '\t' || *number == '{') return false;  // braces may follow the name
  parser_.suffix(p, number - 1);
  TextSample sample{parser_};
  sink_.take(LineWalk::Outcome::kKnown, sample);
  return true;
}

template <class Parser>
bool TextReader<Parser>::plain_sample(const char* number) {
  double value;
  const char* after = read_plain_number(number, parser_.end(), value);
  if (after == nullptr) return false;
  TimeMs time = task_.time;
  bool tracked = true;
  if (*after != '\n') {
    if constexpr (!kIsText<Parser>) return false;
    TimeMs explicit_time;
    after = read_plain_time(after + 1, explicit_time);
    if (after == nullptr) return false;
    if (sink_.config.honor_timestamps) {
      if (explicit_time > task_.latest_time) return false;
      time = explicit_time;
      tracked = sink_.config.track_timestamps_staleness;
    }
  } else if (after >= parser_.end()) {
    return false;  // the newline is not the body's own
  }
  parser_.skip_to(after + 1);
  sink_.take_known(time, value, tracked);
  return true;
}

// The slow way. Returns false at the end of the body.
template <class Parser>
bool TextReader<Parser>::parsed() {
  const EntryKind kind = parser_.next();
  if (kind == EntryKind::kEnd) return false;
  if (kind != EntryKind::kSeries) {
    comment(kind);
  } else if (in_points_) {
    points_.take();
  } else {
    TextSample sample{parser_};
    sink_.take(sink_.walk.find(parser_.text()), sample);
  }
  return true;
}

template <class Parser>
void TextReader<Parser>::comment(EntryKind kind) {
  const auto outcome = sink_.walk.find(parser_.text());
  if (kind != EntryKind::kComment) {
    sink_.comment(outcome == LineWalk::Outcome::kNew, kind, parser_.family(), parser_.type(), parser_.help());
  }
  switch (outcome) {
    case LineWalk::Outcome::kKnown: sink_.walk.take(false); break;
    case LineWalk::Outcome::kRepeated: sink_.walk.repeat(); break;
    case LineWalk::Outcome::kNew:
      sink_.walk.add(LineEntry::comment(kind, parser_.type()), true, false);
      break;
  }
  in_points_ = points_.wants(parser_.type());
}

template class TextReader<TextParser>;
template class TextReader<OpenMetricsParser>;

}  // namespace hearth
