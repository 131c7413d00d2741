// Opens connections.
#pragma once

#include <memory>
#include <optional>

#include "net/stream.h"

namespace pabal::net {

/// Connects to `to`, from `source` if given (its port may be 0). Runs on the caller's loop. kRetryLater
/// when nobody answers there now, kDeadline, kCancelled, kRefuse when the system can't even try.
Task<Result<std::unique_ptr<Stream>>> connect(Endpoint to, Deadline deadline,
                                              std::optional<IpAddress> source = std::nullopt);

}  // namespace pabal::net
