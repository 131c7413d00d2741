// The PROXY protocol's header (versions 1 and 2), by which a load balancer says who its client is. A pure
// parser that asks for exactly the bytes it needs, so that none of the session's are taken.
//
//   v1: "PROXY TCP4 192.0.2.1 198.51.100.2 56324 25" CR LF, at most 107 bytes
//   v2: twelve fixed bytes, version and command, family, length (2 bytes), addresses, then extras that we
//   skip
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "net/endpoint.h"

namespace pabal::net {

/// 16 bytes and what a v2 length may announce that we are ready to read. Addresses of Unix sockets take
/// 216 bytes; the extras (a TLS name, an id) a few hundred. Nobody honest sends more.
inline constexpr std::size_t kMaxProxyHeaderBytes = 16 + 4096;

struct ProxyHeader {
  struct Endpoints {
    Endpoint source;
    Endpoint destination;
  };
  /// Nothing for LOCAL (the balancer's own health check) and UNKNOWN: the connection's own endpoints hold.
  std::optional<Endpoints> endpoints;
};

/// What is known after the bytes so far: the header, or how many more bytes are certainly needed.
struct ProxyHeaderProgress {
  std::optional<ProxyHeader> header;
  std::size_t needed_bytes = 0;  ///< zero once the header is there
};

/// `bytes` is all that came, and never more than was asked for. kRefuse for what is no PROXY header.
Result<ProxyHeaderProgress> parse_proxy_header(std::string_view bytes);

}  // namespace pabal::net
