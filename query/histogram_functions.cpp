#include "query/histogram_functions.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/go_text.h"
#include "query/classic_buckets.h"
#include "query/label_sets.h"
#include "query/map_op.h"
#include "query/native_quantile.h"

namespace hearth::promql {
namespace {

constexpr std::string_view kBucketLabel = "le";

// Go's FormatOpenMetricsFloat: always with a dot or an exponent.
std::string open_metrics_float(double value) {
  std::string text = float_g(value);
  if (std::isfinite(value) && text.find_first_of(".e") == text.npos) text += ".0";
  return text;
}

// Series that make one histogram: buckets that differ in `le` only, or a native one without it.
struct Source {
  struct Bucket {
    uint32_t series;
    double upper_bound;
  };
  std::vector<Bucket> buckets;
  int64_t native = -1;  // series; of one whose le is no number, too
  LabelsView labels;    // without le, with the name

  size_t size() const { return buckets.size() + (native >= 0 ? 1 : 0); }
  bool are_neighbours() const {
    return buckets.empty() || buckets.back().series - buckets.front().series + 1 == buckets.size();
  }
};

// The buckets in the order of their bounds, so that they need not be sorted at each step.
std::vector<size_t> by_bound(const std::vector<Source::Bucket>& buckets) {
  std::vector<size_t> order(buckets.size());
  std::iota(order.begin(), order.end(), size_t{0});
  const auto is_nan = [](const Source::Bucket& b) { return std::isnan(b.upper_bound); };
  if (std::any_of(buckets.begin(), buckets.end(), is_nan)) return order;
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return buckets[a].upper_bound < buckets[b].upper_bound;
  });
  return order;
}

class HistogramOp final : public Operator {
 public:
  explicit HistogramOp(HistogramCall call)
      : Operator(call.child->steps()), call_(std::move(call)) {}

  void will_ask_once() override {
    if (call_.function != HistogramFunction::kQuantiles) call_.child->will_ask_once();
  }

  void open(Context& context) override {
    call_.child->open(context);
    for (const OperatorPtr& scalar : call_.scalars) scalar->open(context);
    find_sources(context);
    if (call_.function == HistogramFunction::kQuantiles) prepare_scalars(context);
    for (uint32_t scalar = 0; scalar < quantile_scalars(); ++scalar) add_outputs(context, scalar);
    if (context.options.delayed_name_removal) series_.drop_name.assign(outputs_.size(), 1);
    merging_.set(context, series_);
  }

  void prepare(Context& context) override {
    call_.child->prepare(context);
    prepare_scalars(context);
    if (call_.function != HistogramFunction::kFraction) warn_of_quantiles(context);
  }

  void rows(Context& context, Range range, Rows& out) const override {
    out.reset(range.size());
    if (merging_.is_identity()) {
      for (size_t first = range.begin; first < range.end;) {
        const size_t end = end_of_batch(context, {first, range.end});
        evaluate(context, {first, end}, out, first - range.begin);
        first = end;
      }
      return;
    }
    ScratchRows one(context, steps_.count);
    for (size_t i = 0; i < range.size(); ++i) {
      for (const uint32_t member : merging_.members(range.begin + i)) {
        one->reset(1);
        evaluate(context, {member, size_t{member} + 1}, *one, 0);
        merge_row(out, i, *one, 0);
      }
    }
  }

 private:
  // One result: of a source, by a scalar. kQuantiles has one for each value that a scalar takes,
  // because it stands in the labels.
  struct Output {
    uint32_t source;
    uint32_t scalar;
    std::optional<double> only;  // the steps at which the scalar has this value
  };

  size_t quantile_scalars() const {
    return call_.function == HistogramFunction::kQuantiles ? call_.scalars.size() : 1;
  }

  void prepare_scalars(Context& context) {
    if (!scalar_rows_.empty()) return;
    for (const OperatorPtr& scalar : call_.scalars) {
      scalar->prepare(context);
      scalar_rows_.push_back(std::make_unique<Rows>(context, steps_.count));
      scalar_row(context, *scalar, *scalar_rows_.back());
    }
  }

  void add_outputs(Context& context, uint32_t scalar) {
    std::vector<std::optional<double>> values(1);
    if (call_.function == HistogramFunction::kQuantiles) {
      values.clear();
      for (size_t i = 0; i < steps_.count; ++i) {
        const double q = (*scalar_rows_[scalar])[0][i];
        if (std::find(values.begin(), values.end(), q) == values.end()) values.emplace_back(q);
      }
    }
    for (const std::optional<double>& value : values) {
      for (uint32_t source = 0; source < sources_.size(); ++source) {
        LabelsView labels = sources_[source].labels;
        if (!context.options.delayed_name_removal) labels = without_metadata(context, labels);
        if (value) {
          LabelsBuilder builder(labels);
          builder.set(call_.label, open_metrics_float(*value));
          labels = context.keep_labels(builder.build().flat());
        }
        series_.labels.push_back(labels);
        outputs_.push_back({source, scalar, value});
      }
    }
  }

  void find_sources(Context& context) {
    const LabelNames all_but_le({std::string(kBucketLabel)}, false);
    Numbering numbers(context.budget);
    std::string flat;
    const SeriesList& in = call_.child->series();
    for (uint32_t i = 0; i < in.size(); ++i) {
      const std::string_view le = in.labels[i].get(kBucketLabel);
      const std::optional<double> bound = parse_go_float(le);
      if (bound) {
        all_but_le.choose(in.labels[i], flat);
      } else {
        flat = in.labels[i].flat();
      }
      const auto [number, is_new] = numbers.number(flat);
      if (is_new) {
        sources_.emplace_back();
        sources_.back().labels = context.keep_labels(flat);
      }
      if (bound) {
        sources_[number].buckets.push_back({i, *bound});
      } else {
        sources_[number].native = i;
      }
    }
  }

  std::string_view told_name(const Context& context, LabelsView labels) const {
    return context.options.delayed_name_removal ? labels.metric_name() : std::string_view();
  }

  // A series without a usable `le` may hold native histograms; floats in it are a mistake.
  void tell_malformed(Context& context, LabelsView labels, const double* row) const {
    if (std::all_of(row, row + steps_.count, is_absent)) return;
    context.annotations.warn("bucket label \"le\" is missing or has a malformed value of " +
                                 go_quote(labels.get(kBucketLabel)) +
                                 for_metric(told_name(context, labels)),
                             call_.child_pos);
  }

  void warn_of_quantiles(Context& context) const {
    for (size_t s = 0; s < scalar_rows_.size(); ++s) {
      const double* q = (*scalar_rows_[s])[0];
      for (size_t i = 0; i < steps_.count; ++i) {
        if (std::isnan(q[i]) || q[i] < 0 || q[i] > 1) {
          context.annotations.warn(invalid_quantile_text(q[i]), call_.scalar_pos[s]);
        }
      }
    }
  }

  double scalar(size_t i, size_t step) const { return (*scalar_rows_[i])[0][step]; }

  // How many outputs are best evaluated together. Where the buckets of one do not stand beside each
  // other, mostly those of the next do, bucket by bucket: then it takes more of them until enough
  // neighbours can be read at once.
  size_t end_of_batch(const Context& context, Range outputs) const {
    constexpr size_t kMore = 8;
    const auto source = [&](size_t i) -> const Source& { return sources_[outputs_[i].source]; };
    const size_t some = context.rows_at_once(steps_.count);
    const size_t at_most = source(outputs.begin).are_neighbours() ? some : kMore * some;
    size_t end = outputs.begin, members = 0;
    do {
      members += source(end).size();
    } while (++end < outputs.end && members + source(end).size() <= at_most);
    return end;
  }

  // Makes rows `to`, `to` + 1, ... of `out` these outputs.
  void evaluate(Context& context, Range outputs, Rows& out, size_t to) const {
    std::vector<std::pair<uint32_t, uint32_t>> members;  // series, place among all
    for (size_t i = outputs.begin; i < outputs.end; ++i) {
      const Source& source = sources_[outputs_[i].source];
      const auto add = [&](uint32_t series) {
        members.emplace_back(series, static_cast<uint32_t>(members.size()));
      };
      for (const Source::Bucket& bucket : source.buckets) add(bucket.series);
      if (source.native >= 0) add(static_cast<uint32_t>(source.native));
    }
    std::sort(members.begin(), members.end());
    std::vector<uint32_t> series(members.size()), rows_of(members.size());
    for (uint32_t row = 0; row < members.size(); ++row) {
      series[row] = members[row].first;
      rows_of[members[row].second] = row;
    }
    ScratchRows rows(context, steps_.count);
    gather_rows(context, *call_.child, series, *rows);
    const uint32_t* of_source = rows_of.data();
    for (size_t i = outputs.begin; i < outputs.end; ++i) {
      evaluate(context, outputs_[i], *rows, of_source, out, to++);
      of_source += sources_[outputs_[i].source].size();
    }
  }

  // in[at[0]], in[at[1]], ...: the rows of the source.
  void evaluate(Context& context, const Output& output, const Rows& in, const uint32_t* at,
                Rows& out, size_t row) const {
    const Source& source = sources_[output.source];
    const std::vector<size_t> order = by_bound(source.buckets);
    Annotations::Fixes fixes;
    std::vector<uint8_t> done(steps_.count);
    if (source.native < 0 && call_.function == HistogramFunction::kQuantile) {
      quantiles(source, order, in, at, out[row], done.data(), fixes);
    }
    const HistogramPtr* natives = nullptr;
    if (source.native >= 0) {
      const uint32_t of_native = at[source.buckets.size()];
      natives = in.histograms(of_native);
      tell_malformed(context, source.labels, in[of_native]);
    }
    std::vector<ClassicBucket> buckets;
    for (size_t step = 0; step < steps_.count; ++step) {
      if (done[step] != 0) continue;
      if (output.only && scalar(output.scalar, step) != *output.only) continue;
      buckets.clear();
      for (const size_t b : order) {
        const double count = in[at[b]][step];
        if (!is_absent(count)) buckets.push_back({source.buckets[b].upper_bound, count});
      }
      const FloatHistogram* native = natives == nullptr ? nullptr : natives[step].get();
      if (native != nullptr && !buckets.empty()) {
        context.annotations.warn("vector contains a mix of classic and native histograms" +
                                     for_metric(told_name(context, source.labels)),
                                 call_.child_pos);
      } else if (native != nullptr) {
        out[row][step] = of_native(context, *native, output, step);
      } else if (!buckets.empty()) {
        out[row][step] = of_classic(buckets, output, step, fixes);
      }
    }
    context.annotations.forced_monotonicity(told_name(context, source.labels), call_.child_pos,
                                            fixes);
  }

  // Most of them, if its buckets are as usual.
  void quantiles(const Source& source, const std::vector<size_t>& order, const Rows& in,
                 const uint32_t* at, double* out, uint8_t* done, Annotations::Fixes& fixes) const {
    std::vector<double> bounds;
    std::vector<const double*> counts;
    for (const size_t b : order) {
      const double bound = source.buckets[b].upper_bound;
      if (!bounds.empty() && !(bounds.back() < bound)) return;
      bounds.push_back(bound);
      counts.push_back(in[at[b]]);
    }
    if (bounds.size() < 2 || !std::isinf(bounds.back())) return;
    constexpr size_t kAtOnce = ManyQuantiles::kSteps;
    ManyQuantiles many(std::move(bounds));
    for (size_t begin = 0; begin + kAtOnce <= steps_.count; begin += kAtOnce) {
      const auto& found = many.find((*scalar_rows_[0])[0] + begin, counts, begin);
      for (size_t i = 0; i < kAtOnce; ++i) {
        if (!found[i].found) continue;
        out[begin + i] = found[i].value;
        done[begin + i] = 1;
        if (found[i].fix) fixes.add(steps_.at(begin + i), *found[i].fix);
      }
    }
  }

  double of_native(Context& context, const FloatHistogram& h, const Output& output,
                   size_t step) const {
    const std::string_view name = told_name(context, sources_[output.source].labels);
    const PosRange pos =
        call_.function == HistogramFunction::kQuantiles ? call_.child_pos : call_.scalar_pos[0];
    if (call_.function == HistogramFunction::kFraction) {
      return native_fraction(context, scalar(0, step), scalar(1, step), h, name, pos);
    }
    return native_quantile(context, scalar(output.scalar, step), h, name, pos);
  }

  double of_classic(std::vector<ClassicBucket>& buckets, const Output& output, size_t step,
                    Annotations::Fixes& fixes) const {
    if (call_.function == HistogramFunction::kFraction) {
      return bucket_fraction(scalar(0, step), scalar(1, step), buckets);
    }
    std::optional<Annotations::Fix> fix;
    const double value = bucket_quantile(scalar(output.scalar, step), buckets, fix);
    if (fix) fixes.add(steps_.at(step), *fix);
    return value;
  }

  const HistogramCall call_;
  std::vector<std::unique_ptr<Rows>> scalar_rows_;
  std::vector<Source> sources_;
  std::vector<Output> outputs_;  // one for each row before merging
  Merging merging_;
};

class HistogramNumberOp final : public MapOperator {
 public:
  HistogramNumberOp(HistogramNumber function, OperatorPtr child)
      : MapOperator(std::move(child), {}), function_(function) {}
  void map(Context&, size_t, Rows& rows, size_t row) const override {
    double* out = rows[row];
    const HistogramPtr* h = rows.histograms(row);
    for (size_t i = 0; i < steps_.count; ++i) {
      out[i] = h != nullptr && h[i] != nullptr ? function_(*h[i]) : absent();
    }
    rows.drop_histograms(row);
  }

 private:
  const HistogramNumber function_;
};

}  // namespace

OperatorPtr make_histogram_function(HistogramCall call) {
  return std::make_unique<HistogramOp>(std::move(call));
}

OperatorPtr make_histogram_number(HistogramNumber function, OperatorPtr child) {
  return std::make_unique<HistogramNumberOp>(function, std::move(child));
}

}  // namespace hearth::promql
