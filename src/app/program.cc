#include "app/program.h"

#include <cstdio>

#include "app/command_line.h"
#include "app/commands.h"

namespace pabal::app {

int run_program(const std::vector<std::string>& args) {
  const std::vector<Command> commands = local_commands();
  std::vector<Method> rows;
  for (const Command& command : commands) rows.push_back(command.row);
  for (Method& method : admin_methods()) rows.push_back(std::move(method));
  const CommandLine command_line(std::move(rows));

  // What the completion scripts call: `complete-words -- WORD...`
  if (args.size() >= 2 && args[0] == "complete-words" && args[1] == "--") {
    for (const std::string& offer : command_line.complete(std::span(args).subspan(2)))
      std::printf("%s\n", offer.c_str());
    return 0;
  }

  const auto invocation = command_line.parse(args);
  if (!invocation) {
    const Printout& printout = invocation.error();
    std::fputs(printout.text.c_str(), printout.code == ExitCode::kOk ? stdout : stderr);
    return static_cast<int>(printout.code);
  }
  const Method& row = command_line.row(invocation->method);
  for (const Command& command : commands) {
    if (command.row.name == row.name) return static_cast<int>(command.run(*invocation, row));
  }
  return static_cast<int>(run_admin_command(*invocation, row));
}

}  // namespace pabal::app
