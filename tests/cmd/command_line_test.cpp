#include "cmd/tool/command_line.h"

#include <doctest/doctest.h>

#include "core/error.h"

using namespace hearth;

namespace {

int nothing(const CommandInput&) { return 0; }

const std::vector<Command> kCommands = {
    {"query one",
     "Runs one.",
     {{.name = "format",
       .value_name = "FORMAT",
       .fallback = "promql",
       .letter = 'o',
       .choices = "promql,json"},
      {.name = "match", .value_name = "MATCH", .repeatable = true},
      {.name = "deep"}},
     {{"server"}, {"expr"}},
     nothing},
    {"query two",
     "Runs two.",
     {{.name = "must", .value_name = "X", .required = true}},
     {},
     nothing},
    {"check", "Checks.", {}, {{.name = "files", .help = "Which.", .repeated = true}}, nothing},
    {"query", "Asks.", {{.name = "depth", .value_name = "N", .fallback = "1", .kind = CommandFlag::Kind::kInteger}}, {}, nullptr}};
const Program kProgram{"tool", "A tool.", "tool 1\n", {}, kCommands};

CommandChoice choose(std::vector<std::string> words) { return choose_command(kProgram, words); }
std::string refusal(std::vector<std::string> words) {
  try {
    choose_command(kProgram, words);
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("flags stand anywhere, in every form, and the command is found between them") {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"query", "one", "-o", "json", "--match=a", "--match", "b",
                                 "--deep", "s", "e"},
        {"query", "-ojson", "one", "s", "--match=a", "--match=b", "e", "--deep"},
        {"--format=json", "query", "--match", "a", "one", "--deep", "--match", "b", "s", "e"}}) {
    const CommandChoice choice = choose(words);
    REQUIRE(choice.command == &kCommands[0]);
    CHECK(choice.input.text("format") == "json");
    CHECK(choice.input.texts("match") == std::vector<std::string>{"a", "b"});
    CHECK(choice.input.on("deep"));
    CHECK(choice.input.arguments == std::vector<std::string>{"s", "e"});
  }
  CHECK(choose({"query", "one", "s", "e"}).input.text("format") == "promql");
  CHECK(!choose({"query", "one", "s", "e"}).input.on("deep"));
  CHECK(!choose({"query", "one", "s", "e", "--no-deep"}).input.on("deep"));
  CHECK(choose({"query", "one", "--", "s", "-e"}).input.arguments[1] == "-e");
  CHECK(choose({"check", "a", "b", "c"}).input.arguments.size() == 3);
}

TEST_CASE("a wrong command line is refused in kingpin's words") {
  CHECK(refusal({"bogus"}) == "expected command but got \"bogus\"");
  CHECK(refusal({"query", "bogus"}) == "expected command but got \"bogus\"");
  CHECK(refusal({"query"}) == "must select a subcommand of 'query'");
  CHECK(refusal({"query", "one", "s"}) == "required argument 'expr' not provided");
  CHECK(refusal({"query", "one", "s", "e", "x"}) == "unexpected x");
  CHECK(refusal({"query", "one", "--bogus", "s", "e"}) == "unknown long flag '--bogus'");
  CHECK(refusal({"query", "one", "-x", "s", "e"}) == "unknown short flag '-x'");
  CHECK(refusal({"query", "one", "--format=xml", "s", "e"}) ==
        "enum value must be one of promql,json, got 'xml'");
  CHECK(refusal({"query", "one", "s", "e", "-o"}) == "expected argument for flag '-o'");
  CHECK(refusal({"query", "one", "s", "e", "--deep=true"}) == "unexpected true");
  CHECK(refusal({"query", "one", "s", "e", "-ojson", "-ojson"}) ==
        "flag 'format' cannot be repeated");
  CHECK(refusal({"query", "two"}) == "required flag(s) '--must' not provided");
  CHECK(refusal({"check"}) == "required argument 'files' not provided");
}

TEST_CASE("help is about the program or the command, and the version is told") {
  CHECK(choose({}).answer.starts_with("usage: tool [<flags>] <command> [<args> ...]\n"));
  CHECK(choose({"--help"}).answer.find("query two --must=X\n") != std::string::npos);
  CHECK(choose({"help", "query", "one"})
            .answer.starts_with("usage: tool query one [<flags>] <server> <expr>\n"));
  CHECK(choose({"query", "one", "-h"}).answer.find("-o, --format=promql") != std::string::npos);
  CHECK(choose({"--version"}).answer == "tool 1\n");
}

TEST_CASE("a group's flags are those of its commands, and are checked by their kind") {
  CHECK(choose({"query", "one", "s", "e", "--depth=3"}).input.integer("depth") == 3);
  CHECK(refusal({"query", "one", "s", "e", "--depth=x"}) ==
        "strconv.ParseInt: parsing \"x\": invalid syntax");
  CHECK(choose({"query", "--help"}).answer.find("Subcommands:\nquery one") != std::string::npos);
}
