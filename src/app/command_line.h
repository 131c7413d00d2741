// argv as an Invocation. The commands are rows of the admin table and of the program's own table; this makes
// a command tree with help, checks and completion of them. The door to the command line library.
//
// Pure, apart from reading argv; any thread.
#pragma once

#include <expected>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/admin.h"
#include "app/exit_code.h"
#include "base/json.h"

namespace pabal::app {

struct GlobalOptions {
  std::filesystem::path config;  ///< empty: the usual place, if a file is there
  std::filesystem::path data;    ///< empty: what the configuration says
  std::filesystem::path socket;  ///< empty: what the configuration says
  bool json = false;
};

struct Invocation {
  GlobalOptions global;
  std::string method;  ///< a row's name
  Json params;
  bool password_from_stdin = false;
};

/// What there is to print instead of a command to run: help, the version, a fault.
struct Printout {
  ExitCode code = ExitCode::kOk;
  std::string text;  ///< goes to standard error if the code is not kOk
};

class CommandLine {
 public:
  /// Where two rows have one name, the first counts.
  explicit CommandLine(std::vector<Method> rows);

  /// `args` without the program's own name.
  std::expected<Invocation, Printout> parse(std::span<const std::string> args) const;
  /// The row that an invocation names.
  const Method& row(std::string_view name) const;

  /// What may stand in place of the last of `words`, one a line; ":files" asks the shell for file names.
  std::vector<std::string> complete(std::span<const std::string> words) const;

 private:
  const std::vector<Method> rows_;
};

/// A script for the shell's start-up file: bash, zsh or fish.
Result<std::string> completion_script(std::string_view shell);

}  // namespace pabal::app
