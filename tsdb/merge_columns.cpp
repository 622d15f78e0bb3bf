#include <algorithm>
#include <iterator>

#include "tsdb/columns.h"
#include "tsdb/merge.h"

namespace hearth::tsdb {
namespace {

template <class Value>
void take(Column<Value> to, Column<Value> from, size_t i) {
  to.t.push_back(from.t[i]);
  to.v.push_back(std::move(from.v[i]));
  if (!from.start.empty()) to.start.push_back(from.start[i]);
}

template <class T>
void append(std::vector<T>& to, std::vector<T>& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

template <class Value>
void merge(Column<Value> column, Column<Value> more) {
  if (more.t.empty()) return;
  if (column.t.empty()) {
    column.swap(more);
    return;
  }
  if (!column.start.empty() || !more.start.empty()) {
    column.start.resize(column.size());
    more.start.resize(more.size());
  }
  if (column.t.back() < more.t.front()) {
    forget_reset_hint(more.v.front());
    append(column.t, more.t);
    append(column.v, more.v);
    append(column.start, more.start);
    return;
  }
  std::vector<TimeMs> t, start;
  std::vector<Value> v;
  t.reserve(column.size() + more.size());
  v.reserve(column.size() + more.size());
  const Column<Value> merged{t, v, start};
  bool was_more = false;
  for (size_t i = 0, k = 0; i < column.size() || k < more.size();) {
    const bool is_more = i == column.size() || (k < more.size() && more.t[k] < column.t[i]);
    const Column<Value>& source = is_more ? more : column;
    size_t& next = is_more ? k : i;
    if (is_more != was_more) forget_reset_hint(source.v[next]);
    if (!is_more && k < more.size() && more.t[k] == column.t[i]) ++k;
    take(merged, source, next++);
    was_more = is_more;
  }
  column.swap(merged);
}

// A series has one sample at a time, be it a float or a histogram.
template <class Value>
void leave_out(Column<Value> column, const std::vector<TimeMs>& times) {
  if (times.empty() || column.t.empty()) return;
  keep_if(column, [&](TimeMs t) { return !std::binary_search(times.begin(), times.end(), t); });
}

}  // namespace

void merge_columns(Columns& columns, Columns& more) {
  leave_out(floats_of(more), columns.histogram_t);
  leave_out(histograms_of(more), columns.t);
  merge(floats_of(columns), floats_of(more));
  merge(histograms_of(columns), histograms_of(more));
}

}  // namespace hearth::tsdb
