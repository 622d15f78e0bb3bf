#include "scraper/loop.h"

#include <atomic>
#include <set>
#include <thread>
#include <unordered_map>
#include <utility>
#include <variant>

#include "config/http_access.h"
#include "core/duration.h"
#include "core/error.h"
#include "core/go_text.h"
#include "core/http_client.h"
#include "core/log.h"
#include "scraper/negotiation.h"
#include "scraper/schedule.h"

namespace hearth {
namespace {

constexpr DurationMs kLongestWait = 60'000;  // ms
// While the storage takes nothing yet: how often it is asked, and what is kept for it.
constexpr DurationMs kAskAgain = 10;
constexpr size_t kMaxHeldBytes = 64 << 20;

// A scrape whose transfer is over.
struct Arrived {
  ScrapePlan plan;
  ScrapeTiming timing;
  FetchedBody body;
  int64_t at = 0;  // monotonic ns

  size_t bytes() const { return sizeof *this + body.bytes.size(); }
};

// A target as the loop sees it. Belongs to the loop's thread.
struct Scheduled {
  Target* target = nullptr;
  std::unique_ptr<Target> retired;  // ours to destroy
  std::unique_ptr<HttpClient::Slot> slot;
  std::shared_ptr<const ScrapeConfig> config;  // that the request is for
  HttpRequest request;
  Observer interval_length;
  DurationMs phase = 0;
  int64_t due = 0;     // monotonic ns
  bool busy = false;   // a transfer or its body's work is under way
  bool overdue = false;  // came due while busy
  std::vector<Arrived> held;  // for a storage that takes nothing yet, oldest first
  TimeMs stale_time = 0;  // of the markers, once retired
};

struct Add {
  Target* target;
  uint64_t seed;
};
struct Retire {
  std::unique_ptr<Target> target;
};
struct Finished {
  Target* target;
};
using Command = std::variant<Add, Retire, Finished>;

}  // namespace

struct ScrapeLoop::State {
  State(const ScraperOptions& o, const ScrapeSink& s, Pool& p) : options(o), sink(s), pool(p), authorities(o.config_dir) {}

  void run();
  void post(Command command);
  void finished(Target* target);
  void await(const Scheduled& item);
  bool has_commands();
  void execute(Command command);
  void schedule(Scheduled& item, int64_t due);
  void due(Scheduled& item);
  void scrape(Scheduled& item);
  void prepare_request(Scheduled& item, const std::shared_ptr<const ScrapeConfig>& config);
  void work(Scheduled& item, const ScrapePlan& plan, const ScrapeTiming& timing, FetchedBody fetched);
  bool storage_takes();
  void hand_over(Scheduled& item);
  void hand_over_held();
  void rest(Scheduled& item);
  void retire(Scheduled& item);
  void bury(Scheduled& item);
  int64_t after(DurationMs wait) const { return sink.clock.monotonic_nanos() + wait * 1'000'000; }

  const ScraperOptions options;
  const ScrapeSink sink;
  Pool& pool;

  Mutex mutex;
  CondVar idle;
  std::vector<Command> commands GUARDED_BY(mutex);
  std::set<Target*> awaited GUARDED_BY(mutex);  // whose work's end wakes the loop
  size_t working GUARDED_BY(mutex) = 0;  // bodies in the pool
  std::atomic<bool> stopping{false};

  // Of the loop's thread.
  HttpClient http;
  HttpAuthorities authorities;
  std::unordered_map<Target*, std::unique_ptr<Scheduled>> items;
  std::set<std::pair<int64_t, Scheduled*>> timers;
  std::set<Scheduled*> holding;  // those that hold something
  size_t held_bytes = 0;
  bool takes = false;  // what the storage said last; it does not change its mind

  std::thread thread;
};

// ---- commands ----------------------------------------------------------------------------------

void ScrapeLoop::State::post(Command command) {
  {
    MutexLock lock(mutex);
    commands.push_back(std::move(command));
  }
  http.wake();
}

// Of a worker, with a body. Mostly nobody waits for that, and the loop need not be woken for it: the next
// timer is soon enough.
void ScrapeLoop::State::finished(Target* target) {
  bool is_awaited = false;
  {
    MutexLock lock(mutex);
    commands.push_back(Finished{target});
    is_awaited = awaited.erase(target) > 0;
  }
  if (is_awaited) http.wake();
}

// Requires: the item is busy. What has finished just before is seen by has_commands().
void ScrapeLoop::State::await(const Scheduled& item) {
  MutexLock lock(mutex);
  awaited.insert(item.target);
}

bool ScrapeLoop::State::has_commands() {
  MutexLock lock(mutex);
  return !commands.empty();
}

void ScrapeLoop::State::execute(Command command) {
  if (const Add* add = std::get_if<Add>(&command)) {
    Target& target = *add->target;
    auto item = std::make_unique<Scheduled>();
    item->target = &target;
    item->phase = scrape_phase(target.hash(), add->seed, target.interval());
    item->interval_length = sink.metrics.interval_length(duration_text(target.interval()));
    const TimeMs now = sink.clock.now();
    schedule(*item, after(first_scrape(now, item->phase, target.interval()) - now));
    items.emplace(&target, std::move(item));
  } else if (Retire* gone = std::get_if<Retire>(&command)) {
    Scheduled& item = *items.at(gone->target.get());
    item.retired = std::move(gone->target);
    if (item.busy) {
      await(item);
    } else if (item.held.empty()) {
      retire(item);
    }
  } else {
    rest(*items.at(std::get<Finished>(command).target));
  }
}

// Nothing of the item is under way any more.
void ScrapeLoop::State::rest(Scheduled& item) {
  item.busy = false;
  if (item.retired != nullptr) {
    if (!item.held.empty()) return;
    if (item.stale_time == 0) {
      retire(item);
    } else {
      bury(item);
    }
  } else if (item.overdue) {
    item.overdue = false;
    timers.erase({item.due, &item});
    due(item);
  }
}

// ---- the schedule ------------------------------------------------------------------------------

void ScrapeLoop::State::schedule(Scheduled& item, int64_t due) {
  item.due = due;
  timers.emplace(due, &item);
}

// Requires: the item has no timer.
void ScrapeLoop::State::due(Scheduled& item) {
  if (item.retired != nullptr) {  // the time for stale markers
    item.busy = true;
    {
      MutexLock lock(mutex);
      ++working;
    }
    pool.submit(Pool::Lane::kScrape, [this, &item] {
      guard("stale markers", [&] { end_target(*item.target, item.stale_time, sink); });
      post(Finished{item.target});
      MutexLock lock(mutex);
      --working;
      idle.notify_all();
    });
    return;
  }
  const TimeMs now = sink.clock.now();
  const DurationMs interval = item.target->interval();
  schedule(item, after(next_scrape(now, item.phase, interval) - now));
  if (item.busy) {
    item.overdue = true;
    await(item);
  } else {
    scrape(item);
  }
}

// Nothing of the target is under way any more.
void ScrapeLoop::State::retire(Scheduled& item) {
  timers.erase({item.due, &item});
  item.slot.reset();
  if (item.target->scrape.last_start_nanos == 0) {  // never scraped: there is nothing to end
    bury(item);
    return;
  }
  const DurationMs interval = item.target->interval();
  const TimeMs now = sink.clock.now();
  item.stale_time = next_scrape(now - interval / 2, item.phase, interval);
  schedule(item, after(item.stale_time - now + interval + interval / 10));
}

void ScrapeLoop::State::bury(Scheduled& item) {
  const std::unique_ptr<Target> last = std::move(item.retired);
  items.erase(last.get());
  MutexLock lock(mutex);
  awaited.erase(last.get());
}

// ---- a scrape ----------------------------------------------------------------------------------

void ScrapeLoop::State::prepare_request(Scheduled& item, const std::shared_ptr<const ScrapeConfig>& shared) {
  const Target& target = *item.target;
  const ScrapeConfig& config = *shared;
  HttpRequest request;
  request.url = target.url();
  request.timeout = target.timeout();
  request.options.unix_socket = target.unix_socket();
  request.headers.push_back("User-Agent: " + options.user_agent);
  request.headers.push_back(
      "Accept: " + accept_header(asked_protocols(config, target.histograms(config), sink.zeros_at_creation),
                                 config.metric_name_escaping_scheme));
  request.headers.push_back(std::string("Accept-Encoding: ") +
                            (config.enable_compression ? "gzip" : "identity"));
  request.headers.push_back("X-Prometheus-Scrape-Timeout-Seconds: " +
                            float_f(static_cast<double>(target.timeout()) / 1000));
  request.max_body_bytes = max_body_bytes(config);
  request.authority = authorities.of(config.http_client);
  item.request = std::move(request);
  item.config = shared;
}

void ScrapeLoop::State::scrape(Scheduled& item) {
  Target& target = *item.target;
  const ScrapePlan plan = target.plan();
  ScrapeTiming timing;
  timing.start = sink.clock.now();
  timing.start_nanos = sink.clock.monotonic_nanos();
  timing.time = options.adjust_timestamps ? sample_time(timing.start, item.phase, target.interval(),
                                                        options.timestamp_tolerance)
                                          : timing.start;
  if (target.scrape.last_start_nanos != 0) {
    item.interval_length.observe(static_cast<double>(timing.start_nanos - target.scrape.last_start_nanos) / 1e9);
  }
  target.scrape.last_start_nanos = timing.start_nanos;
  item.busy = true;

  if (!plan.forced_error.empty()) {
    FetchedBody failed;
    failed.error = plan.forced_error;
    failed.forced = true;
    work(item, plan, timing, std::move(failed));
    return;
  }
  if (item.config != plan.config) prepare_request(item, plan.config);
  item.request.expected_body_bytes = target.scrape.last_wire_bytes;
  if (item.slot == nullptr) item.slot = http.slot();
  http.start(*item.slot, item.request, [this, &item, plan, timing](HttpResponse response) {
    FetchedBody fetched;
    fetched.error = std::move(response.error);
    fetched.too_large = response.body_too_large;
    if (fetched.error.empty() && response.status != 200) {
      fetched.error = "server returned HTTP status " + response.status_text;
    }
    fetched.content_type = std::move(response.content_type);
    fetched.gzip = response.content_encoding == "gzip";
    fetched.bytes = std::move(response.body);
    item.target->scrape.last_wire_bytes = fetched.bytes.size();
    work(item, plan, timing, std::move(fetched));
  });
}

void ScrapeLoop::State::work(Scheduled& item, const ScrapePlan& plan, const ScrapeTiming& timing,
                             FetchedBody fetched) {
  item.held.push_back({plan, timing, std::move(fetched), sink.clock.monotonic_nanos()});
  held_bytes += item.held.back().bytes();
  holding.insert(&item);
  if (storage_takes() || held_bytes > kMaxHeldBytes) {
    hand_over(item);
  } else {
    rest(item);
  }
}

bool ScrapeLoop::State::storage_takes() {
  takes = takes || !options.storage_takes || options.storage_takes();
  return takes;
}

// To the pool. Requires: none of the item's transfers is under way.
void ScrapeLoop::State::hand_over(Scheduled& item) {
  const int64_t now = sink.clock.monotonic_nanos();
  item.busy = true;
  holding.erase(&item);
  // std::function wants to copy it.
  auto scrapes = std::make_shared<std::vector<Arrived>>(std::exchange(item.held, {}));
  for (Arrived& arrived : *scrapes) {
    held_bytes -= arrived.bytes();
    arrived.timing.held_nanos = now - arrived.at;
  }
  {
    MutexLock lock(mutex);
    ++working;
  }
  Target* target = item.target;
  pool.submit(Pool::Lane::kScrape, [this, target, scrapes] {
    for (Arrived& arrived : *scrapes) {
      guard("scrape", [&] {
        finish_scrape(*target, arrived.plan, std::move(arrived.body), arrived.timing, sink);
      });
    }
    finished(target);
    MutexLock lock(mutex);
    --working;
    idle.notify_all();
  });
}

void ScrapeLoop::State::hand_over_held() {
  for (Scheduled* item : std::set<Scheduled*>(holding)) {
    if (!item->busy) hand_over(*item);
  }
}

// ---- the thread --------------------------------------------------------------------------------

void ScrapeLoop::State::run() {
  name_thread("scrape loop");
  std::vector<Command> batch;
  while (!stopping) {
    {
      MutexLock lock(mutex);
      batch.swap(commands);
    }
    for (Command& command : batch) {
      guard("scrape loop", [&] { execute(std::move(command)); });
    }
    batch.clear();
    guard("scrape loop", [&] {
      const int64_t now = sink.clock.monotonic_nanos();
      while (!timers.empty() && timers.begin()->first <= now) {
        Scheduled& item = *timers.begin()->second;
        timers.erase(timers.begin());
        due(item);
      }
      if (!holding.empty() && storage_takes()) hand_over_held();
      DurationMs wait = holding.empty() ? kLongestWait : kAskAgain;
      if (!timers.empty()) {
        const int64_t left = timers.begin()->first - sink.clock.monotonic_nanos();
        wait = std::min(wait, std::max<int64_t>((left + 999'999) / 1'000'000, 0));
      }
      http.poll(has_commands() ? 0 : wait);
    });
  }
}

ScrapeLoop::ScrapeLoop(const ScraperOptions& options, const ScrapeSink& sink, Pool& pool)
    : state_(std::make_unique<State>(options, sink, pool)) {
  state_->thread = std::thread([state = state_.get()] { state->run(); });
}

ScrapeLoop::~ScrapeLoop() { stop(); }

void ScrapeLoop::add(Target& target, uint64_t seed) { state_->post(Add{&target, seed}); }

void ScrapeLoop::retire(std::unique_ptr<Target> target) { state_->post(Retire{std::move(target)}); }

void ScrapeLoop::stop() {
  if (!state_->thread.joinable()) return;
  state_->stopping = true;
  state_->http.wake();
  state_->thread.join();
  MutexLock lock(state_->mutex);
  while (state_->working > 0) state_->idle.wait(state_->mutex);
  state_->items.clear();  // ends their transfers
}

}  // namespace hearth
