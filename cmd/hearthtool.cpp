// The command line tool's main function: promtool's verbs.
#include <cstdio>
#include <string>
#include <vector>

#include "cmd/build_info.h"
#include "cmd/check_command.h"
#include "cmd/command_line.h"
#include "cmd/query_command.h"
#include "cmd/tsdb_command.h"

int main(int count, char** words) {
  using namespace hearth;
  std::string name = count > 0 ? words[0] : "hearthtool";
  name.erase(0, name.rfind('/') + 1);

  std::vector<Command> commands = check_commands();
  for (Command& command : query_commands()) commands.push_back(std::move(command));
  for (Command& command : tsdb_commands()) commands.push_back(std::move(command));
  const Program program{name, "Tooling for Hearth and the Prometheus monitoring system.",
                        version_text(name), commands};
  try {
    const std::vector<std::string> arguments(words + 1, words + count);
    const CommandChoice choice = choose_command(program, arguments);
    if (choice.command == nullptr) {
      std::fputs(choice.answer.c_str(), stdout);
      return 0;
    }
    return choice.command->run(choice.input);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: error: %s, try --help\n", name.c_str(), error.what());
    return 1;
  }
}
