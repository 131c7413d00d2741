// Runs the real program: once to its end, or as a server that a test starts, signals and kills. A server
// tells that it is up as it tells systemd, on a socket that the test reads; nothing sleeps.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"

namespace pabal::cli_test {

/// A directory that goes away with the test.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }
  /// Writes a file there and returns its path.
  std::string write(const std::string& name, const std::string& text) const;

 private:
  std::filesystem::path path_;
};

struct Outcome {
  int exit_code = -1;  ///< minus the signal, if one ended it
  std::string out;
  std::string err;
};

/// Runs `pabal ARGS...` to its end with that standard input; kills it after a minute.
Outcome run(const std::vector<std::string>& args, const std::string& input = "");

/// The output as JSON; a failure of the test if it is none.
Json json_of(const Outcome& outcome);

class ServerProcess {
 public:
  /// Starts `pabal ARGS... serve`.
  explicit ServerProcess(std::vector<std::string> args);
  /// Kills it, if it still runs.
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  /// Until it tells systemd something with that in it; false if it ended, or a minute passed, before.
  bool wait_for(const std::string& word);
  bool wait_until_ready() { return wait_for("READY=1"); }
  void send(int signal) const;
  /// Its exit code, or minus the signal that ended it.
  int wait_for_end();
  pid_t pid() const { return pid_; }
  /// What it wrote to standard error so far.
  std::string log() const;

 private:
  TemporaryDirectory directory_;
  int notices_ = -1;
  pid_t pid_ = -1;
  std::optional<int> exit_code_;
};

}  // namespace pabal::cli_test
