#include "query/admission.h"

namespace hearth::promql {

Admission::Admission(int tickets) {
  for (int i = tickets; i-- > 0;) free_.push_back(i);
}

int Admission::enter(const RunningQuery& query) {
  MutexLock lock(mutex_);
  while (free_.empty()) {
    query.check();
    // Awake now and then: nobody tells when the query is canceled.
    freed_.wait_for(mutex_, std::chrono::milliseconds(10));
  }
  const int ticket = free_.back();
  free_.pop_back();
  return ticket;
}

void Admission::leave(int ticket) {
  MutexLock lock(mutex_);
  free_.push_back(ticket);
  freed_.notify_one();
}

}  // namespace hearth::promql
