// Who answers requests. One object serves all connections of all loops at the same time.
#pragma once

#include "http/exchange.h"
#include "net/task.h"

namespace pabal::http {

class Handler {
 public:
  virtual ~Handler() = default;
  /// Answers one request; the exchange outlives the task.
  virtual net::Task<void> serve(Exchange& exchange) = 0;
};

}  // namespace pabal::http
