// One request over HTTP/1.1.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "http/detail/session.h"
#include "http/exchange.h"
#include "http/grammar/chunked.h"
#include "net/cancel.h"
#include "net/scope.h"

namespace pabal::http {

class Http1Exchange final : public Exchange {
 public:
  /// `context` is the session's own.
  Http1Exchange(Session& session, RequestHead head, net::Context context);

  const Request& request() const override { return head_.request; }
  net::Task<Result<std::string_view>> read_some() override;
  net::Task<Result<void>> respond(Response response) override;
  net::Task<Result<void>> begin(ResponseHead head, std::optional<std::uint64_t> size_bytes) override;
  net::Task<Result<void>> write(std::string_view piece) override;
  net::Task<Result<void>> end() override;
  bool answered() const override { return phase_ != Phase::kUnanswered; }
  net::CancelSource& until() override { return until_; }

  net::CancelSource& gone() { return gone_; }
  /// After the handler. Answers what it left unanswered and reads what it left unread; true if another
  /// request can follow.
  net::Task<bool> finish(bool failed);

 private:
  enum class Phase : std::uint8_t { kUnanswered, kStreaming, kAnswered, kBroken };

  net::Task<Result<void>> send_head(Status status, Fields fields, std::optional<std::uint64_t> size,
                                    std::string_view body);
  net::Task<Result<std::string_view>> read_sized();
  net::Task<Result<std::string_view>> read_chunked();
  net::Task<bool> drop_body();
  void watch_client();
  net::Task<void> watch();
  net::Task<void> end_watch();
  std::unexpected<Error> broken(Error error);

  Session& session_;
  RequestHead head_;
  net::CancelSource* const stop_;
  net::CancelSource gone_;
  net::CancelSource until_;
  std::optional<net::Scope> watching_;

  std::uint64_t body_left_ = 0;
  ChunkedDecoder chunked_;
  bool body_done_;
  bool body_faulty_ = false;
  bool continue_due_;
  BodyClock body_clock_;

  Phase phase_ = Phase::kUnanswered;
  bool keep_alive_;
  bool writes_chunks_ = false;
  std::optional<std::uint64_t> to_write_;
};

/// Status line and fields of an answer, with Date, framing and the empty line.
std::string format_response_head(Status status, const Fields& fields, std::string_view date);

}  // namespace pabal::http
