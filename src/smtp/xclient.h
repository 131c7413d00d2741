// XCLIENT, by which a proxy or filter of our own tells whom it speaks for (Postfix's extension; no RFC).
// Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "net/endpoint.h"
#include "smtp/path.h"

namespace pabal::smtp {

/// What was said; nothing for what was not, or is unavailable.
struct XclientFacts {
  std::optional<std::string> name;
  std::optional<net::IpAddress> address;
  std::optional<std::uint16_t> port;
  std::optional<std::string> login;
  std::optional<net::IpAddress> local_address;
  std::optional<std::uint16_t> local_port;
};

Parsed<XclientFacts> parse_xclient(std::string_view args);

}  // namespace pabal::smtp
