// The file of the queries that run: after a crash it tells which ones did. Prometheus' queries.active.
#pragma once

#include <string>
#include <vector>

#include "core/clock.h"
#include "core/file.h"

namespace hearth::promql {

// A '[', then a slot of 1000 bytes for each query that may run at once: its entry as JSON, zeros,
// and a comma as the last byte; a free slot is all zeros. A file that cannot be written is told once
// and then does without. Different slots may be used by different threads at once.
class ActiveQueries {
 public:
  // Tells the log what the last process left there, then begins anew. An empty path: no file.
  ActiveQueries(const std::string& path, size_t slots, const Clock& clock);

  // In the file as long as it lives.
  class Entry {
   public:
    Entry(ActiveQueries& file, size_t slot, const std::string& query) : file_(file), slot_(slot) {
      file_.insert(slot, query);
    }
    ~Entry() { file_.remove(slot_); }
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;

   private:
    ActiveQueries& file_;
    const size_t slot_;
  };

 private:
  void insert(size_t slot, const std::string& query);
  void remove(size_t slot);
  void write(size_t slot, const std::string& bytes);

  const Clock& clock_;
  File file_;
};

// The bytes of a slot. A query that is too long is cut.
std::string active_entry(const std::string& query, TimeMs now);

// What the file says of queries that did not end, as a JSON list; "" for none.
std::string unfinished_queries(const std::string& bytes);

}  // namespace hearth::promql
