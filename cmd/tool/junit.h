// JUnit's XML of test results, as promtool writes it.
#pragma once

#include <deque>
#include <string>
#include <vector>

namespace hearth {

// One file of tests. One thread.
class JunitSuite {
 public:
  explicit JunitSuite(std::string name) : name_(std::move(name)) {}
  void add(const std::string& name, const std::vector<std::string>& failures);
  void abort(const std::string& error);  // the file could not be run
  std::string xml() const;

 private:
  struct Case {
    std::string name;
    std::vector<std::string> failures;
    std::string error;
  };
  std::string name_;
  std::vector<Case> cases_;
};

// One thread.
class JunitReport {
 public:
  JunitSuite& suite(const std::string& name) { return suites_.emplace_back(name); }
  std::string xml() const;

 private:
  std::deque<JunitSuite> suites_;
};

}  // namespace hearth
