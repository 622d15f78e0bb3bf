// The command line tool's main function: promtool's verbs.
#include <cstdio>
#include <string>
#include <vector>

#include "cmd/tool/commands.h"

int main(int count, char** words) {
  using namespace hearth;
  std::string name = count > 0 ? words[0] : "hearthtool";
  name.erase(0, name.rfind('/') + 1);
  try {
    const std::vector<std::string> arguments(words + std::min(count, 1), words + count);
    const CommandChoice choice = choose_command(tool_program(name), arguments);
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
