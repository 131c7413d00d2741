// An exchange without a connection: the request is given, the answer is looked at. For tests of handlers.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "http/exchange.h"

namespace pabal::http {

class FakeExchange final : public Exchange {
 public:
  explicit FakeExchange(Request asked, std::string body = {}, std::size_t piece_bytes = SIZE_MAX)
      : request_(std::move(asked)), body_(std::move(body)), piece_bytes_(piece_bytes) {
    request_.has_body = !body_.empty();
    if (request_.has_body && !request_.content_length) request_.content_length = body_.size();
  }

  // What was answered.
  ResponseHead head;
  std::string body;
  std::vector<std::string> pieces;  ///< of a streamed answer, as they were written
  bool began = false;
  bool ended = false;
  /// The client goes away: writes fail from here on, and who waits under until() is woken.
  void leave() {
    gone_ = true;
    until_.cancel();
  }

  const Request& request() const override { return request_; }
  net::Task<Result<std::string_view>> read_some() override {
    if (gone_) co_return fail(ErrorKind::kClose, "the client went away");
    const std::string_view piece = std::string_view(body_).substr(read_, piece_bytes_);
    read_ += piece.size();
    co_return piece;
  }
  net::Task<Result<void>> respond(Response response) override {
    PABAL_CO_TRY_VOID(
        co_await begin({response.status, std::move(response.fields)}, response.body.view().size()));
    body = response.body.view();
    ended = true;
    co_return Result<void>();
  }
  net::Task<Result<void>> begin(ResponseHead answer, std::optional<std::uint64_t>) override {
    if (gone_) co_return fail(ErrorKind::kClose, "the client went away");
    PABAL_CHECK(!began);
    began = true;
    head = std::move(answer);
    co_return Result<void>();
  }
  net::Task<Result<void>> write(std::string_view piece) override {
    if (gone_) co_return fail(ErrorKind::kClose, "the client went away");
    pieces.emplace_back(piece);
    body += piece;
    co_return Result<void>();
  }
  net::Task<Result<void>> end() override {
    ended = true;
    co_return Result<void>();
  }
  bool answered() const override { return began; }
  net::CancelSource& until() override { return until_; }

 private:
  Request request_;
  const std::string body_;
  const std::size_t piece_bytes_;
  std::size_t read_ = 0;
  bool gone_ = false;
  net::CancelSource until_;
};

}  // namespace pabal::http
