// Rules at work: a group is evaluated at a time over an engine, into an appender.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/storage.h"
#include "query/engine.h"
#include "rules/rule_file.h"
#include "rules/template.h"

namespace hearth::rules {

enum class AlertState { kInactive, kPending, kFiring };
std::string_view alert_state_name(AlertState state);  // "pending", ...

struct Alert {
  AlertState state = AlertState::kPending;
  Labels labels;
  std::map<std::string, std::string> annotations;  // empty ones too
  double value = 0;
  TimeMs active_at = 0;
  std::optional<TimeMs> fired_at, resolved_at, keep_firing_since;
};

// What all rules share.
struct RuleWorld {
  promql::Engine* engine = nullptr;
  Appender* appender = nullptr;
  Labels external_labels;
  std::string external_url;
  bool writes_alerts = true;  // ALERTS and ALERTS_FOR_STATE; false until `for` has been restored
};

// A rule with what it knows between evaluations. One thread.
class ActiveRule {
 public:
  // Requires: the rule was checked. `labels` are the group's and its own.
  ActiveRule(const Rule& rule, RuleLabels labels);

  const Rule& rule() const { return rule_; }
  const RuleLabels& labels() const { return labels_; }
  const std::string& error() const { return error_; }  // of the last evaluation; "" = none
  const std::map<Labels, Alert>& alerts() const { return alerts_; }  // resolved ones too

 private:
  friend class ActiveGroup;
  struct Vector;

  void evaluate(const RuleWorld& world, TimeMs t, DurationMs offset, int64_t limit, Vector& out);
  void record(const RuleWorld& world, TimeMs t, int64_t limit, Vector& out) const;
  void alert(const RuleWorld& world, TimeMs t, DurationMs offset, int64_t limit, Vector& out);
  std::map<Labels, Alert> expand(const RuleWorld& world, TimeMs t, DurationMs offset) const;
  bool advance(Alert& alert, bool active, TimeMs t, bool& drop) const;
  void write_series(const Alert& alert, TimeMs t, Vector& out) const;

  Rule rule_;
  RuleLabels labels_;
  std::vector<std::pair<std::string, Template>> label_templates_, annotation_templates_;
  std::map<Labels, Alert> alerts_;
  std::string error_;
  std::vector<Labels> written_;  // the series of the last evaluation; sorted
};

// One thread.
class ActiveGroup {
 public:
  // `interval` and `query_offset` are those of groups that have none.
  ActiveGroup(const RuleGroup& group, std::string file, DurationMs interval,
              DurationMs query_offset);

  // Rules one after another; each sees what those before it wrote. A rule that fails keeps its
  // error, the others go on. Throws Error(kIo) when the storage cannot be written.
  void evaluate(const RuleWorld& world, TimeMs t);

  const std::string& name() const { return group_.name; }
  const std::string& file() const { return file_; }
  DurationMs interval() const { return interval_; }
  const std::vector<ActiveRule>& rules() const { return rules_; }

 private:
  RuleGroup group_;
  std::string file_;
  DurationMs interval_, query_offset_;
  std::vector<ActiveRule> rules_;
};

}  // namespace hearth::rules
