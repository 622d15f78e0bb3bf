#include "scraper/loop.h"

#include <atomic>
#include <chrono>
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
// Bodies that the loop works on itself: a millisecond's work.
constexpr size_t kSmallBytes = 64 << 10;
constexpr size_t kFewLines = 10'000;
// When a stand-in takes over, and how often it looks.
constexpr int64_t kAwayNanos = 20'000'000;
constexpr std::chrono::milliseconds kLookInterval{250};

// A scrape whose transfer is over.
struct Arrived {
  ScrapePlan plan;
  ScrapeTiming timing;
  FetchedBody body;
  int64_t at = 0;  // monotonic ns

  size_t bytes() const { return sizeof *this + body.bytes.size(); }
};

struct Scheduled;
using Timers = std::set<std::pair<int64_t, Scheduled*>>;  // monotonic ns

// A target as the loop sees it. Belongs to whoever leads.
struct Scheduled {
  Target* target = nullptr;
  std::unique_ptr<Target> retired;  // ours to destroy
  std::unique_ptr<HttpClient::Slot> slot;
  std::shared_ptr<const ScrapeConfig> config;  // that the request is for
  HttpRequest request;
  ScrapePlan plan;      // of the transfer that is under way, as is timing
  ScrapeTiming timing;
  Observer interval_length;
  DurationMs phase = 0;
  int64_t due = 0;     // monotonic ns
  Timers::node_type timer;  // for `due`, while it does not wait
  bool busy = false;   // a transfer or its body's work is under way
  bool overdue = false;  // came due while busy
  std::vector<Arrived> held;  // for a storage that takes nothing yet, oldest first
  TimeMs stale_time = 0;  // of the markers, once retired
};

// What came since the last look.
struct Fresh {
  Scheduled* item;
  Arrived arrived;
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
  void stand_in();
  void round() REQUIRES(lead);
  void go_on() REQUIRES(lead);
  void post(Command command);
  void finished(Target* target);
  void await(const Scheduled& item);
  bool has_commands();
  void execute(Command command) REQUIRES(lead);
  void schedule(Scheduled& item, int64_t due) REQUIRES(lead);
  void due(Scheduled& item) REQUIRES(lead);
  void scrape(Scheduled& item) REQUIRES(lead);
  void prepare_request(Scheduled& item, const std::shared_ptr<const ScrapeConfig>& config)
      REQUIRES(lead);
  void received(Scheduled& item, HttpResponse&& response) REQUIRES(lead);
  void arrive(Scheduled& item, FetchedBody fetched) REQUIRES(lead);
  bool storage_takes() REQUIRES(lead);
  bool is_light() const REQUIRES(lead);
  void work_here() REQUIRES(lead);
  void finish(Target& target, Arrived& arrived) const;
  void hand_over(Scheduled& item, std::vector<Arrived> scrapes) REQUIRES(lead);
  void hand_over_fresh() REQUIRES(lead);
  void hand_over_held(Scheduled& item) REQUIRES(lead);
  void rest(Scheduled& item) REQUIRES(lead);
  void retire(Scheduled& item) REQUIRES(lead);
  void bury(Scheduled& item) REQUIRES(lead);
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

  // Who holds it leads: it is the loop.
  Mutex lead;
  HttpClient http;  // wake() by anybody
  HttpAuthorities authorities GUARDED_BY(lead);
  std::unordered_map<Target*, std::unique_ptr<Scheduled>> items GUARDED_BY(lead);
  Timers timers GUARDED_BY(lead);
  std::vector<Fresh> fresh GUARDED_BY(lead);
  std::set<Scheduled*> holding GUARDED_BY(lead);  // those that hold something
  size_t held_bytes GUARDED_BY(lead) = 0;
  bool takes GUARDED_BY(lead) = false;  // what the storage said last; it does not change its mind

  // The loop's thread works on a body since then (monotonic ns), and does not lead; 0: it does.
  std::atomic<int64_t> away_since{0};
  std::atomic<uint64_t> times_away{0};
  std::atomic<bool> watched{false};  // the stand-in looks at that now and then
  CondVar watch;                     // with `mutex`

  std::thread thread, second;
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
  if (item.timer.empty()) {
    timers.emplace(due, &item);
  } else {
    item.timer.value() = {due, &item};
    timers.insert(std::move(item.timer));
  }
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
  item.plan = target.plan();
  ScrapeTiming& timing = item.timing;
  timing = ScrapeTiming();
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

  if (!item.plan.forced_error.empty()) {
    FetchedBody failed;
    failed.error = item.plan.forced_error;
    failed.forced = true;
    arrive(item, std::move(failed));
    return;
  }
  const bool is_new = item.config != item.plan.config;
  if (is_new) prepare_request(item, item.plan.config);
  item.request.expected_body_bytes = target.scrape.last_wire_bytes;
  if (item.slot == nullptr) item.slot = http.slot();
  // Called inside poll(), which is called by who leads.
  const auto done = [this, &item](HttpResponse&& response)
                        NO_THREAD_SAFETY_ANALYSIS { received(item, std::move(response)); };
  if (is_new) {
    http.start(*item.slot, item.request, done);
  } else {
    http.repeat(*item.slot, item.request, done);
  }
}

void ScrapeLoop::State::received(Scheduled& item, HttpResponse&& response) {
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
  arrive(item, std::move(fetched));
}

// ---- what came ---------------------------------------------------------------------------------

void ScrapeLoop::State::arrive(Scheduled& item, FetchedBody fetched) {
  Arrived arrived{std::move(item.plan), item.timing, std::move(fetched), sink.clock.monotonic_nanos()};
  if (storage_takes() && item.held.empty()) {
    fresh.push_back({&item, std::move(arrived)});
    return;
  }
  held_bytes += arrived.bytes();
  item.held.push_back(std::move(arrived));
  holding.insert(&item);
  if (takes || held_bytes > kMaxHeldBytes) {
    hand_over_held(item);
  } else {
    rest(item);
  }
}

bool ScrapeLoop::State::storage_takes() {
  takes = takes || !options.storage_takes || options.storage_takes();
  return takes;
}

// To the pool. Requires: none of the item's transfers is under way.
void ScrapeLoop::State::hand_over(Scheduled& item, std::vector<Arrived> scrapes) {
  item.busy = true;
  {
    MutexLock lock(mutex);
    ++working;
  }
  Target* target = item.target;
  // std::function wants to copy it.
  const auto work = std::make_shared<std::vector<Arrived>>(std::move(scrapes));
  pool.submit(Pool::Lane::kScrape, [this, target, work] {
    for (Arrived& arrived : *work) finish(*target, arrived);
    finished(target);
    MutexLock lock(mutex);
    --working;
    idle.notify_all();
  });
}

void ScrapeLoop::State::finish(Target& target, Arrived& arrived) const {
  guard("scrape", [&] {
    finish_scrape(target, arrived.plan, std::move(arrived.body), arrived.timing, sink);
  });
}

void ScrapeLoop::State::hand_over_fresh() {
  for (Fresh& one : fresh) {
    std::vector<Arrived> scrapes;
    scrapes.push_back(std::move(one.arrived));
    hand_over(*one.item, std::move(scrapes));
  }
  fresh.clear();
}

void ScrapeLoop::State::hand_over_held(Scheduled& item) {
  const int64_t now = sink.clock.monotonic_nanos();
  for (Arrived& arrived : item.held) {
    held_bytes -= arrived.bytes();
    arrived.timing.held_nanos = now - arrived.at;
  }
  holding.erase(&item);
  hand_over(item, std::exchange(item.held, {}));
}

// ---- the threads -------------------------------------------------------------------------------

// What is due, and what has happened until something comes or is due again.
void ScrapeLoop::State::round() {
  std::vector<Command> batch;
  {
    MutexLock lock(mutex);
    batch.swap(commands);
  }
  for (Command& command : batch) {
    guard("scrape loop", [&]() NO_THREAD_SAFETY_ANALYSIS { execute(std::move(command)); });
  }
  guard("scrape loop", [&]() NO_THREAD_SAFETY_ANALYSIS { go_on(); });
}

void ScrapeLoop::State::go_on() {
  const int64_t now = sink.clock.monotonic_nanos();
  while (!timers.empty() && timers.begin()->first <= now) {
    Scheduled& item = *timers.begin()->second;
    item.timer = timers.extract(timers.begin());
    due(item);
  }
  if (!holding.empty() && storage_takes()) {
    for (Scheduled* item : std::set<Scheduled*>(holding)) {
      if (!item->busy) hand_over_held(*item);
    }
  }
  DurationMs wait = holding.empty() ? kLongestWait : kAskAgain;
  if (!timers.empty()) {
    const int64_t left = timers.begin()->first - sink.clock.monotonic_nanos();
    wait = std::min(wait, std::max<int64_t>((left + 999'999) / 1'000'000, 0));
  }
  http.poll(has_commands() || !fresh.empty() ? 0 : wait);
}

// Whether the loop works on what came itself: little, and known, while nothing else is due.
bool ScrapeLoop::State::is_light() const {
  size_t bytes = 0, lines = 0;
  for (const Fresh& one : fresh) {
    const size_t known = one.item->target->scrape.lines.entries().size();
    if (known == 0 && !one.arrived.body.bytes.empty()) return false;  // its series are all new
    bytes += one.arrived.body.bytes.size();
    lines += known;
  }
  return bytes <= kSmallBytes && lines <= kFewLines &&
         (timers.empty() || timers.begin()->first > sink.clock.monotonic_nanos());
}

void ScrapeLoop::State::work_here() {
  std::vector<Fresh> here = std::exchange(fresh, {});
  away_since = sink.clock.monotonic_nanos();
  ++times_away;
  if (!watched.exchange(true)) {
    MutexLock lock(mutex);
    watch.notify_one();
  }
  lead.unlock();
  for (Fresh& one : here) finish(*one.item->target, one.arrived);
  away_since = 0;
  if (!lead.try_lock()) {  // the stand-in gives it back
    http.wake();
    lead.lock();
  }
  for (const Fresh& one : here) {
    {
      MutexLock lock(mutex);
      awaited.erase(one.item->target);
    }
    rest(*one.item);
  }
}

void ScrapeLoop::State::run() {
  name_thread("scrape loop");
  MutexLock lock(lead);
  while (!stopping) {
    round();
    if (fresh.empty()) continue;
    if (is_light()) {
      work_here();
    } else {
      hand_over_fresh();
    }
  }
}

// Leads while a body keeps the loop's thread. Looks for that only while there is some, for looking costs, too.
void ScrapeLoop::State::stand_in() {
  name_thread("scrape stand-in");
  uint64_t seen = 0;
  while (!stopping) {
    {
      MutexLock lock(mutex);
      while (!watched && !stopping) watch.wait(mutex);
      if (!stopping) watch.wait_for(mutex, kLookInterval);
    }
    watched = false;  // first, so that who goes away after this look says so
    const int64_t since = away_since;
    if (since != 0 || times_away != seen) watched = true;
    seen = times_away;
    if (since == 0 || sink.clock.monotonic_nanos() - since < kAwayNanos) continue;
    MutexLock lock(lead);
    while (!stopping && away_since == since) {
      round();
      hand_over_fresh();
    }
  }
}

ScrapeLoop::ScrapeLoop(const ScraperOptions& options, const ScrapeSink& sink, Pool& pool)
    : state_(std::make_unique<State>(options, sink, pool)) {
  state_->thread = std::thread([state = state_.get()] { state->run(); });
  state_->second = std::thread([state = state_.get()] { state->stand_in(); });
}

ScrapeLoop::~ScrapeLoop() { stop(); }

void ScrapeLoop::add(Target& target, uint64_t seed) { state_->post(Add{&target, seed}); }

void ScrapeLoop::retire(std::unique_ptr<Target> target) { state_->post(Retire{std::move(target)}); }

void ScrapeLoop::stop() {
  State& state = *state_;
  if (!state.thread.joinable()) return;
  {
    MutexLock lock(state.mutex);
    state.stopping = true;
    state.watch.notify_all();
  }
  state.http.wake();
  state.thread.join();
  state.second.join();
  {
    MutexLock lock(state.mutex);
    while (state.working > 0) state.idle.wait(state.mutex);
  }
  MutexLock lock(state.lead);
  state.items.clear();  // ends their transfers
}

}  // namespace hearth
