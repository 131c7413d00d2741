// JMAP over HTTP (RFC 8620 §2, §3.1, §6, §7.3):
//
//     GET  /.well-known/jmap, /jmap/session                            the Session object
//     POST /jmap/api                                                   method calls
//     POST /jmap/upload/{accountId}/                                   a blob comes, and is kept for a day
//     GET  /jmap/download/{accountId}/{blobId}/{name}?accept={type}    one goes, in ranges too
//     GET  /jmap/eventsource?types={types}&closeafter={closeafter}&ping={ping}
//
// Serves all connections of all loops. Who asks is found by Callers; what an account may do at once is
// counted here (maxConcurrentRequests, maxConcurrentUpload).
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "http/handler.h"
#include "http/router.h"
#include "jmap/api.h"
#include "jmap/detail/turns.h"

namespace pabal::jmap {

/// Who asks. The door declares it; whoever keeps sessions and passwords implements it.
class Callers {
 public:
  virtual ~Callers() = default;
  /// Or what is answered to nobody: 401, and how to log in.
  virtual net::Task<std::expected<Caller, http::Response>> find(const http::Request& request) = 0;
};

struct DoorOptions {
  std::size_t max_event_streams = 16;  ///< of one account
  std::chrono::seconds default_ping{300};
  std::chrono::seconds shortest_ping{5};
};

class Door final : public http::Handler {
 public:
  /// Both outlive the door.
  Door(Api& api, Callers& callers, DoorOptions options = {})
      : api_(api), callers_(callers), options_(options) {}

  void add_routes(http::Router& router);
  net::Task<void> serve(http::Exchange& exchange) override;

 private:
  net::Task<Result<void>> answer(http::Exchange& exchange, Caller caller);
  net::Task<Result<void>> serve_session(http::Exchange& exchange, const Caller& caller);
  net::Task<Result<void>> serve_api(http::Exchange& exchange, const Caller& caller);
  net::Task<Result<void>> serve_upload(http::Exchange& exchange, const Caller& caller);
  net::Task<Result<void>> serve_download(http::Exchange& exchange, const Caller& caller);
  net::Task<Result<void>> serve_events(http::Exchange& exchange, const Caller& caller);

  Api& api_;
  Callers& callers_;
  const DoorOptions options_;
  detail::Turns requests_, uploads_, event_streams_;
};

}  // namespace pabal::jmap
