// What unit tests expected and got, as promtool prints it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/labels.h"

namespace hearth::rules {

struct TestAlert {
  std::map<std::string, std::string> labels, annotations;
  bool operator==(const TestAlert&) const = default;
  auto operator<=>(const TestAlert&) const = default;
};

struct TestSample {
  Labels labels;
  double value = 0;
  std::string histogram;  // {{...}}, "" for a float
};

// "[]", or a list with one alert below the other, all lines but the first indented.
std::string alerts_text(const std::vector<TestAlert>& alerts, const std::string& indent);

// {__name__="up"} 1E+00, {...} ...; "nil" where there are none.
std::string samples_text(const std::vector<TestSample>& samples);

// The two lists with what is only in one of them in colour, as JSON.
std::string alerts_difference(const std::vector<TestAlert>& expected,
                              const std::vector<TestAlert>& got, const std::string& indent);

}  // namespace hearth::rules
