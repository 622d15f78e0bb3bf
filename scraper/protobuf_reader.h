// Reads a protobuf body into a sink: delimited io.prometheus.client.MetricFamily, as Prometheus reads it
// (model/textparse/protobufparse.go of 3.14).
//
// Labels of a metric are recognised by the fingerprint of their bytes, so those of a metric that was in the
// last body are not looked at.
#pragma once

#include <string>
#include <vector>

#include "scraper/classic_histogram.h"
#include "scraper/client_model.h"
#include "scraper/sample_sink.h"

namespace hearth {

// One body. One thread.
class ProtobufReader {
 public:
  ProtobufReader(const Body& body, SampleSink& sink) : sink_(sink), rest_(body.text()) {}

  // Throws Error(kBadData) where the body is malformed.
  void run();

 private:
  // What stands behind the family's name, and which label comes with it.
  enum class Part : uint8_t { kWhole, kCount, kSum, kBucket, kQuantile };
  friend struct ProtobufSample;

  void family();
  void check_family() const;
  void metric(std::string_view message);
  void summary();
  void histogram();
  void classic_histogram();
  void converted_histogram();
  TakenSample sample(Part part, double bound, double value, std::string_view exemplar = {});
  void sample(FloatHistogram& histogram);
  std::vector<Exemplar> native_exemplars() const;
  const std::vector<Label>& labels(Part part, double bound);

  SampleSink& sink_;
  std::string_view rest_;
  ClientFamily family_;
  MetricType type_ = MetricType::kUnknown;
  uint64_t seed_ = 0;  // of the fingerprints of this family
  ClientMetric metric_;
  ClientSummary summary_;
  ClientHistogram histogram_;
  ClassicHistogram classic_;
  // Of the labels that were asked for last.
  std::vector<Label> labels_;
  std::string name_, bound_;
};

// The families that a body names and that have metrics, in its order.
std::vector<std::string> protobuf_families(const Body& body);

}  // namespace hearth
