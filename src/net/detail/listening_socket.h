// Sockets that listen.
#pragma once

#include "net/detail/unique_fd.h"
#include "net/endpoint.h"

namespace pabal::net {

/// Bound and listening, non-blocking. The error says what an operator can do.
Result<UniqueFd> open_listening_socket(const Endpoint& endpoint, int backlog, unsigned unix_mode);

}  // namespace pabal::net
