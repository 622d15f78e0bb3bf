// How many queries run at once; the others wait for a ticket.
#pragma once

#include <vector>

#include "core/mutex.h"
#include "query/running_query.h"

namespace hearth::promql {

// Tickets are numbered. Thread-safe.
class Admission {
 public:
  explicit Admission(int tickets);

 private:
  friend class Ticket;
  int enter(const RunningQuery& query);
  void leave(int ticket);

  Mutex mutex_;
  CondVar freed_;
  std::vector<int> free_ GUARDED_BY(mutex_);
};

// One ticket, given back at the end.
class Ticket {
 public:
  // Throws what query.check() does when the wait ends before.
  Ticket(Admission& admission, const RunningQuery& query)
      : admission_(admission), number_(admission.enter(query)) {}
  ~Ticket() { admission_.leave(number_); }
  Ticket(const Ticket&) = delete;
  Ticket& operator=(const Ticket&) = delete;
  size_t number() const { return static_cast<size_t>(number_); }

 private:
  Admission& admission_;
  const int number_;
};

}  // namespace hearth::promql
