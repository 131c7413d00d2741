// What a command prints: its result on standard output, faults on standard error, both for people or as JSON.
#pragma once

#include <string_view>

#include "app/admin.h"
#include "app/config.h"
#include "app/exit_code.h"

namespace pabal::app {

/// Prints items, progress and the result of one call as its row says. With --json a list is one array, an
/// item a line; a stream is an item a line, and anything else is one line.
class Printer final : public Reply {
 public:
  Printer(const Method& row, bool json) : row_(row), json_(json) {}

  net::Task<Result<void>> item(Json item) override;
  net::Task<Result<void>> flush() override;
  net::Task<Result<void>> progress(std::string text) override;

  /// Once, at the end.
  void print_result(const Json& result);

 private:
  void print_item(const Json& item);
  void print_streamed(const Json& item) const;
  static void print_bytes(const Json& item);
  void print_for_people(const Json& result);

  const Method& row_;
  const bool json_;
  std::vector<Json> items_;  // a table's widths are known when all are there
  std::size_t printed_ = 0;
};

/// One sentence, and the exit code that goes with it.
ExitCode print_error(const Error& error, bool json);
ExitCode print_error(ExitCode code, const Error& error, bool json);
ExitCode print_faults(const ConfigFaults& faults, bool json);

}  // namespace pabal::app
