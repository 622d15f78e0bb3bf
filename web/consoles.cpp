#include "web/consoles.h"

namespace hearth::web {

void no_console(Exchange& exchange) {
  const auto flag = exchange.services.flags.find("web.console.templates");
  std::string folder = flag == exchange.services.flags.end() ? "consoles" : flag->second;
  if (!exchange.name.empty()) folder.append("/").append(exchange.name);
  exchange.answer_error_text(404, "open " + folder + ": no such file or directory");
}

}  // namespace hearth::web
