// Made data for the tests of blocks: series as plain maps, and the block that holds them.
#pragma once

#include <bit>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/labels.h"
#include "core/matcher.h"
#include "core/sample.h"
#include "core/storage.h"
#include "tsdb/chunk_builder.h"
#include "tsdb/compact.h"

namespace hearth::tsdb {

using Model = std::map<Labels, std::vector<Sample>>;

// The model's series as chunks of at most 120 samples. One thread.
class ModelChunks final : public SeriesChunks {
 public:
  explicit ModelChunks(const Model& model) : model_(model) {}

  bool next() override {
    at_ = started_ ? std::next(at_) : model_.begin();
    started_ = true;
    if (at_ == model_.end()) return false;
    columns_.clear();
    for (const Sample& sample : at_->second) {
      columns_.t.push_back(sample.t);
      columns_.v.push_back(sample.v);
    }
    chunks_.clear();
    builder_.clear();
    builder_.build(columns_, chunks_);
    return true;
  }
  LabelsView labels() const override { return at_->first; }
  std::span<const ChunkView> chunks() const override { return chunks_; }

 private:
  const Model& model_;
  Model::const_iterator at_;
  bool started_ = false;
  Columns columns_;
  ChunkBuilder builder_;
  std::vector<ChunkView> chunks_;
};

// Writes a level 1 block of [min, max) and returns its directory.
inline std::string write_model(const std::string& dir, const Model& model, TimeMs min, TimeMs max) {
  BlockMeta meta;
  meta.ulid = make_ulid(max);
  meta.min_time = min;
  meta.max_time = max;
  meta.sources = {meta.ulid};
  ModelChunks series(model);
  write_block(dir, series, meta);
  return dir + "/" + meta.ulid.text();
}

inline std::vector<Sample> samples_of(const Columns& columns) {
  std::vector<Sample> samples;
  for (size_t i = 0; i < columns.t.size(); ++i) samples.push_back({columns.t[i], columns.v[i]});
  return samples;
}

// All that a querier answers, as a model.
inline Model read_model(Querier& querier, std::vector<Matcher> matchers = {},
                        TimeRange range = {}) {
  Budget budget(0);
  SelectHints hints;
  hints.range = range;
  const auto set = querier.select(matchers, hints, budget);
  Model model;
  Columns columns;
  for (size_t i = 0; i < set->size(); ++i) {
    set->read(i, range, columns);
    if (!columns.t.empty()) model[Labels(set->labels(i))] = samples_of(columns);
  }
  return model;
}

inline Model read_model(SeriesChunks& series) {
  Model model;
  while (series.next()) {
    Columns columns;
    for (const ChunkView& chunk : series.chunks())
      decode_chunk(chunk.encoding, chunk.bytes, {}, columns);
    model[Labels(series.labels())] = samples_of(columns);
  }
  return model;
}

// Equal to the bit, NaNs included; says the first difference, "" when there is none.
inline std::string difference(const Model& got, const Model& want) {
  for (const auto& [labels, samples] : want) {
    const auto found = got.find(labels);
    if (found == got.end()) return "missing: " + labels_text(labels);
    if (found->second.size() != samples.size())
      return labels_text(labels) + " has " + std::to_string(found->second.size()) +
             " samples, not " + std::to_string(samples.size());
    for (size_t i = 0; i < samples.size(); ++i) {
      const Sample& a = found->second[i];
      const Sample& b = samples[i];
      if (a.t != b.t || std::bit_cast<uint64_t>(a.v) != std::bit_cast<uint64_t>(b.v))
        return labels_text(labels) + ": sample " + std::to_string(i) + " differs, at " +
               std::to_string(a.t) + " and " + std::to_string(b.t);
    }
  }
  for (const auto& [labels, samples] : got) {
    if (want.count(labels) == 0) return "unexpected: " + labels_text(labels);
  }
  return "";
}

}  // namespace hearth::tsdb
