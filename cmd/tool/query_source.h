// Where queries are answered: by a server, or from a data directory without one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cmd/tool/command_line.h"

namespace hearth {

// Its functions throw Error: kUnavailable in promtool's words, kCanceled after Ctrl-C. One thread.
class QuerySource {
 public:
  virtual ~QuerySource() = default;

  // The body of the API's answer. Times in seconds.
  virtual std::string instant(const std::string& query, double time) = 0;
  virtual std::string range(const std::string& query, double start, double end, double step) = 0;

  // For completion: of the series of `metric`, "" = of all.
  virtual std::vector<std::string> label_names(const std::string& metric) = 0;
  virtual std::vector<std::string> label_values(const std::string& label,
                                                const std::string& metric) = 0;
};

// The data directory of --data-dir, or the server of the first argument, "" = the one on this
// machine.
std::unique_ptr<QuerySource> make_query_source(const CommandInput& input);

std::unique_ptr<QuerySource> make_server_source(const std::string& server,
                                                const std::string& http_config_file,
                                                std::vector<std::string> headers = {});

CommandFlag data_dir_flag();

}  // namespace hearth
