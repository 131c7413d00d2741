// The two processes of the bench, and what both know.
#pragma once

#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace pabal::net::bench {

struct Plan {
  bool tls = false;
  bool deflate = false;
  std::size_t idle = 10'000;
  std::size_t busy = 50;
  std::size_t bulk_mib = 1024;
  std::chrono::seconds seconds{5};
  std::size_t server_loops = 1;
};

/// The lines that a client says: anything is answered with "250 ok"; these are more.
inline constexpr std::string_view kIdle = "IDLE";         ///< waits as IMAP's IDLE does
inline constexpr std::string_view kCompress = "DEFLATE";  ///< what comes behind is compressed
inline constexpr std::string_view kBulk = "BULK ";        ///< total and size of a piece, in bytes

[[noreturn]] inline void die(std::string_view what) {
  fmt::print(stderr, "net_bench: {}\n", what);
  std::_Exit(1);
}

template <class T>
T or_die(Result<T> result) {
  if (!result) die(result.error().detail);
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

/// One byte each way keeps the two processes in step.
inline void tell(int fd) {
  if (::write(fd, "x", 1) != 1) die("the other process is gone");
}
inline void hear(int fd) {
  char byte;
  if (::read(fd, &byte, 1) != 1) die("the other process is gone");
}

void run_server(const Plan& plan, int to_client, int from_client);
void run_client(const Plan& plan, int to_server, int from_server);

}  // namespace pabal::net::bench
