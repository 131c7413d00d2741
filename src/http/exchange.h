// One request and its answer, as a handler sees them, the same over HTTP/1.1 and HTTP/2.
//
// Lives on its connection's loop, and as long as Handler::serve runs. Deadlines are inside: a client that
// reads or writes too slowly ends the wait with kDeadline, one that went away with kClose; after that there
// is nobody to answer. The task that serves runs under a cancellation of its own, which comes when the client
// is known to be gone (a reset; over HTTP/1.1 it is noticed while a response streams) or the server stops for
// good.
//
// A handler answers once: respond(), or begin() with any number of write() and one end(). One that returns
// without an answer makes it a 500; one that returns amid a stream breaks it off, so that the client does not
// take half for the whole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/request.h"
#include "http/response.h"
#include "net/cancel.h"
#include "net/task.h"

namespace pabal::http {

class Exchange {
 public:
  virtual ~Exchange() = default;

  virtual const Request& request() const = 0;

  /// The next piece of the body, waiting for it; empty at its end. The view holds until the next call. What a
  /// handler leaves unread is dropped, or the connection closed if that is much. kRefuse: its framing is
  /// broken. The first call says `100 Continue` to a client who asked for that.
  virtual net::Task<Result<std::string_view>> read_some() = 0;

  /// The whole answer; returns when it is handed over.
  virtual net::Task<Result<void>> respond(Response response) = 0;

  /// The head of an answer whose body comes in pieces, with its size if that is known. `HEAD` is answered by
  /// the same calls: what is written is dropped.
  virtual net::Task<Result<void>> begin(ResponseHead head, std::optional<std::uint64_t> size_bytes) = 0;
  /// Sends the piece at once, and waits until the client has made room for it. The caller keeps it.
  virtual net::Task<Result<void>> write(std::string_view piece) = 0;
  virtual net::Task<Result<void>> end() = 0;

  /// begin() was called, or respond().
  virtual bool answered() const = 0;

  /// What waits for news (an event stream) waits under this: it is cancelled when the client is gone, and
  /// when the server wants to stop. `co_await std::move(wait).in({&loop, &exchange.until()})`
  virtual net::CancelSource& until() = 0;

  /// The whole body. kOverLimit if it is larger, and then at once if its size was told.
  net::Task<Result<std::string>> read_all(std::size_t max_bytes);
};

}  // namespace pabal::http
