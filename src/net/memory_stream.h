// Two ends of a stream in memory, for tests and for parts of one program that speak a protocol to
// each other. Both ends live on one loop. Deadlines and cancellation hold as on a socket.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "net/stream.h"

namespace pabal::net {

struct MemoryStreamOptions {
  std::size_t capacity_bytes = 64 * 1024;  ///< a direction; a writer waits when it is full
  std::size_t max_read_bytes = SIZE_MAX;   ///< 1 makes a peer that sends byte by byte
  Endpoint first = TcpEndpoint{IpAddress::loopback_v4(), 1};
  Endpoint second = TcpEndpoint{IpAddress::loopback_v4(), 2};
};

/// Destroying or closing one end without shut_down() breaks the stream as a reset connection would: the
/// other end reads what was sent before, then fails with kClose.
std::pair<std::unique_ptr<Stream>, std::unique_ptr<Stream>> make_memory_streams(
    MemoryStreamOptions options = {});

}  // namespace pabal::net
