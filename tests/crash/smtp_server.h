// The real server of the crash test, as a process on a data directory that outlives it, and the port and the
// control socket by which it is reached. Blocks; on the harness' thread.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "net/endpoint.h"
#include "net/task.h"

namespace pabal::crash {

class Server {
 public:
  /// Writes its configuration and moves the accounts in. `sink_port`: where all other domains' hosts listen.
  static Result<std::unique_ptr<Server>> prepare(std::filesystem::path program, std::filesystem::path home,
                                                 std::uint16_t sink_port);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  net::Endpoint endpoint() const { return net::TcpEndpoint{net::IpAddress::loopback_v4(), port_}; }
  /// Which of its lives this is, from 1 on.
  std::uint64_t life() const { return life_; }
  bool running() const { return pid_ > 0; }

  void start();
  /// SIGKILL. A failure if it ended by itself before.
  Result<void> kill();
  /// SIGTERM, as an operator stops it. A failure if it does not end well.
  Result<void> stop();
  /// Runs `pabal ARGS...` beside it or without it. A failure unless it exits with 0.
  Result<void> run(const std::vector<std::string>& args) const;

  struct Answer {
    Json result;
    std::vector<Json> items;
  };
  /// A method of the control socket.
  net::Task<Result<Answer>> ask(std::string method, Json params = {}) const;

  std::string log_file() const { return home_ / "log"; }

 private:
  Server(std::filesystem::path program, std::filesystem::path home);

  Result<void> reserve_port();
  Result<void> write_files(std::uint16_t sink_port) const;
  Result<void> add_accounts() const;
  pid_t spawn(const std::vector<std::string>& args) const;
  int wait(pid_t pid) const;

  const std::filesystem::path program_;
  const std::filesystem::path home_;
  int reserved_ = -1;
  std::uint16_t port_ = 0;
  pid_t pid_ = -1;
  std::uint64_t life_ = 0;
};

}  // namespace pabal::crash
