// Server-sent events (the `text/event-stream` of the HTML standard), which browsers read as EventSource and
// JMAP as push (RFC 8620 §7.3). Every call sends at once, and fails when the client is gone. Wait for news
// under Exchange::until().
#pragma once

#include <chrono>
#include <string_view>

#include "base/result.h"
#include "http/exchange.h"
#include "net/task.h"

namespace pabal::http {

class EventStream {
 public:
  /// The exchange outlives it.
  explicit EventStream(Exchange& exchange) : exchange_(exchange) {}

  /// The head, and after how long a client whose connection broke comes again.
  net::Task<Result<void>> begin(std::chrono::milliseconds retry);
  /// `id` comes back as Last-Event-ID; empty sends none. `type` and `id` hold no line end; `data` may.
  net::Task<Result<void>> send(std::string_view type, std::string_view data, std::string_view id = {});
  /// A comment: keeps proxies from closing, and tells whether the client is there.
  net::Task<Result<void>> ping();
  net::Task<Result<void>> end() { return exchange_.end(); }

 private:
  Exchange& exchange_;
};

}  // namespace pabal::http
