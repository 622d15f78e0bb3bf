#include "tsdb/block_meta.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <type_traits>
#include <utility>

#include "core/error.h"
#include "core/file.h"

namespace hearth::tsdb {
namespace {

using Json = nlohmann::ordered_json;

Ulid ulid_of(const Json& json) {
  const auto text = json.get<std::string>();
  const auto ulid = parse_ulid(text);
  if (!ulid) throw Error(ErrorKind::kCorrupt, fmt::format("\"{}\" is not a ULID", text));
  return *ulid;
}

// As Go reads it: no fraction, and within the bounds of T.
template <class T>
T whole_number(const Json& json) {
  if (json.is_number_unsigned() && std::in_range<T>(json.get<uint64_t>())) return json.get<T>();
  if (json.is_number_integer() && !json.is_number_unsigned() &&
      std::in_range<T>(json.get<int64_t>())) {
    return json.get<T>();
  }
  throw Error(ErrorKind::kCorrupt,
              fmt::format("{} in meta.json is no whole number that fits", json.dump()));
}

template <class T>
void read_key(const Json& object, const char* key, T& value) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return;
  if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
    value = whole_number<T>(*found);
  } else {
    value = found->get<T>();
  }
}

// The object at `key`; an empty one where there is none.
Json object_at(const Json& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end() || found->is_null()) return Json::object();
  if (!found->is_object())
    throw Error(ErrorKind::kCorrupt, fmt::format("\"{}\" in meta.json is no object", key));
  return *found;
}

BlockMeta from_json(const Json& json) {
  int version = 0;
  read_key(json, "version", version);
  if (version != 1)
    throw Error(ErrorKind::kCorrupt, fmt::format("unexpected meta file version {}", version));
  BlockMeta meta;
  meta.ulid = ulid_of(json.at("ulid"));
  meta.min_time = whole_number<TimeMs>(json.at("minTime"));
  meta.max_time = whole_number<TimeMs>(json.at("maxTime"));
  if (meta.max_time < meta.min_time) throw Error(ErrorKind::kCorrupt, "maxTime is before minTime");
  const Json stats = object_at(json, "stats");
  read_key(stats, "numSamples", meta.stats.samples);
  read_key(stats, "numFloatSamples", meta.stats.float_samples);
  read_key(stats, "numHistogramSamples", meta.stats.histogram_samples);
  read_key(stats, "numSeries", meta.stats.series);
  read_key(stats, "numChunks", meta.stats.chunks);
  read_key(stats, "numTombstones", meta.stats.tombstones);
  const Json compaction = object_at(json, "compaction");
  read_key(compaction, "level", meta.level);
  read_key(compaction, "deletable", meta.deletable);
  read_key(compaction, "failed", meta.failed);
  read_key(compaction, "hints", meta.hints);
  if (const auto list = compaction.find("sources"); list != compaction.end()) {
    for (const Json& source : *list) meta.sources.push_back(ulid_of(source));
  }
  if (const auto list = compaction.find("parents"); list != compaction.end()) {
    for (const Json& parent : *list) {
      meta.parents.push_back({ulid_of(parent.at("ulid")),
                              whole_number<TimeMs>(parent.at("minTime")),
                              whole_number<TimeMs>(parent.at("maxTime"))});
    }
  }
  return meta;
}

// As Go's omitempty: zero is written as no key.
template <class T>
void set_or_erase(Json& object, const char* key, const T& value) {
  if (value == T{}) {
    object.erase(key);
  } else {
    object[key] = value;
  }
}

}  // namespace

bool is_from_out_of_order(const BlockMeta& meta) {
  return std::find(meta.hints.begin(), meta.hints.end(), kFromOutOfOrder) != meta.hints.end();
}

BlockMeta parse_block_meta(std::string_view text) {
  try {
    BlockMeta meta = from_json(Json::parse(text));
    meta.original = text;
    return meta;
  } catch (const Json::exception& e) {
    throw Error(ErrorKind::kCorrupt, std::string("malformed meta.json: ") + e.what());
  }
}

BlockMeta read_block_meta(const std::string& block_dir) {
  const std::string path = block_dir + "/meta.json";
  const std::string text = read_file(path);
  try {
    return parse_block_meta(text);
  } catch (const Error& e) {
    throw Error(e.kind(), fmt::format("{}: {}", path, e.what()));
  }
}

std::string block_meta_json(const BlockMeta& meta, int indent) {
  Json json = meta.original.empty() ? Json::object() : Json::parse(meta.original);
  json["ulid"] = meta.ulid.text();
  json["minTime"] = meta.min_time;
  json["maxTime"] = meta.max_time;
  Json& stats = json["stats"];
  if (!stats.is_object()) stats = Json::object();
  set_or_erase(stats, "numSamples", meta.stats.samples);
  set_or_erase(stats, "numFloatSamples", meta.stats.float_samples);
  set_or_erase(stats, "numHistogramSamples", meta.stats.histogram_samples);
  set_or_erase(stats, "numSeries", meta.stats.series);
  set_or_erase(stats, "numChunks", meta.stats.chunks);
  set_or_erase(stats, "numTombstones", meta.stats.tombstones);
  Json& compaction = json["compaction"];
  if (!compaction.is_object()) compaction = Json::object();
  compaction["level"] = meta.level;
  std::vector<std::string> sources;
  for (const Ulid& source : meta.sources) sources.push_back(source.text());
  set_or_erase(compaction, "sources", sources);
  set_or_erase(compaction, "deletable", meta.deletable);
  Json parents = Json::array();
  for (const BlockParent& parent : meta.parents) {
    parents.push_back(Json::object({{"ulid", parent.ulid.text()},
                                    {"minTime", parent.min_time},
                                    {"maxTime", parent.max_time}}));
  }
  if (parents.empty()) {
    compaction.erase("parents");
  } else {
    compaction["parents"] = parents;
  }
  set_or_erase(compaction, "failed", meta.failed);
  set_or_erase(compaction, "hints", meta.hints);
  json["version"] = 1;
  return json.dump(indent, '\t');
}

void write_block_meta(const std::string& block_dir, const BlockMeta& meta) {
  const std::string path = block_dir + "/meta.json";
  const std::string text = block_meta_json(meta);
  {
    File file(path + ".tmp", File::Mode::kCreate);
    file.write(text);
    file.sync();
  }
  rename_path(path + ".tmp", path);
  sync_dir(block_dir);
}

BlockMeta merged_meta(const Ulid& ulid, const std::vector<BlockMeta>& blocks) {
  BlockMeta merged;
  merged.ulid = ulid;
  merged.min_time = blocks.front().min_time;
  merged.max_time = blocks.front().max_time;
  std::set<Ulid> sources;
  for (const BlockMeta& block : blocks) {
    merged.min_time = std::min(merged.min_time, block.min_time);
    merged.max_time = std::max(merged.max_time, block.max_time);
    merged.level = std::max(merged.level, block.level);
    sources.insert(block.sources.begin(), block.sources.end());
    merged.parents.push_back({block.ulid, block.min_time, block.max_time});
  }
  if (std::all_of(blocks.begin(), blocks.end(), is_from_out_of_order))
    merged.hints = {std::string(kFromOutOfOrder)};
  ++merged.level;
  merged.sources.assign(sources.begin(), sources.end());
  return merged;
}

BlockMeta cleaned_meta(const Ulid& ulid, const BlockMeta& block) {
  BlockMeta cleaned;
  cleaned.ulid = ulid;
  cleaned.min_time = block.min_time;
  cleaned.max_time = block.max_time;
  cleaned.sources = {ulid};
  cleaned.parents = {{block.ulid, block.min_time, block.max_time}};
  cleaned.hints = block.hints;
  return cleaned;
}

}  // namespace hearth::tsdb
