// One request over HTTP/2: a stream (RFC 9113 §5). What goes over the wire is its session's matter.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/detail/session.h"
#include "http/exchange.h"
#include "net/cancel.h"
#include "net/signal.h"

namespace pabal::http {

/// What a stream asks of its connection. Nothing here waits: it is put on the way, and the stream is called
/// back.
class Http2Wire {
 public:
  virtual void send_head(std::int32_t stream, Status status, const Fields& fields, bool has_body) = 0;
  /// There is something to be taken with take_output() again.
  virtual void resume(std::int32_t stream) = 0;
  /// So much of the body was used: the client may send as much again.
  virtual void consume(std::int32_t stream, std::size_t size_bytes) = 0;
  virtual void reset(std::int32_t stream) = 0;

 protected:
  ~Http2Wire() = default;
};

class Http2Exchange final : public Exchange {
 public:
  Http2Exchange(Session& session, Http2Wire& wire, std::int32_t stream);

  const Request& request() const override { return request_; }
  net::Task<Result<std::string_view>> read_some() override;
  net::Task<Result<void>> respond(Response response) override;
  net::Task<Result<void>> begin(ResponseHead head, std::optional<std::uint64_t> size_bytes) override;
  net::Task<Result<void>> write(std::string_view piece) override;
  net::Task<Result<void>> end() override;
  bool answered() const override { return answered_; }
  net::CancelSource& until() override { return until_; }

  /// Runs the handler, and sees to it that there is an answer. The exchange outlives it.
  net::Task<void> serve();
  bool served() const { return served_; }
  /// Its head came whole, so it has a handler, or soon will.
  bool begun() const { return begun_; }
  void begin_serving() { begun_ = true; }

  // What the session hears of the stream:
  std::int32_t stream() const { return stream_; }
  /// A field of the head. Nothing is kept beyond the limits; the request is refused then.
  void take_field(std::string_view name, std::string_view value);
  void take_body(std::string_view piece);
  void end_body();
  bool body_ended() const { return body_ended_; }
  /// Fills `into` with what is to be sent, from what a handler waits to be rid of.
  struct Output {
    std::size_t size = 0;
    bool ended = false;
  };
  Output take_output(char* into, std::size_t capacity);
  /// The stream is over; `whole` if it ended in order. Nothing of it is touched after.
  void close(bool whole);
  bool closed() const { return closed_; }

 private:
  std::optional<Response> judge();
  net::Task<void> run_handler();
  net::Task<Result<void>> hand_over(std::string_view piece);
  Result<void> send_head(ResponseHead head, std::optional<std::uint64_t> size_bytes);

  Session& session_;
  Http2Wire& wire_;
  const std::int32_t stream_;
  Request request_;
  std::string cookies_;
  std::size_t head_bytes_ = 0;
  std::optional<HeadFault> fault_;

  std::string received_;
  std::string reading_;
  bool body_ended_ = false;
  bool continue_due_ = false;
  BodyClock body_clock_;

  std::string_view output_;
  bool output_ended_ = false;
  bool drops_output_ = false;
  bool answered_ = false;
  bool closed_ = false;
  bool begun_ = false;
  bool served_ = false;
  net::Signal changed_;
  std::optional<net::CancelSource> gone_;
  net::CancelSource until_;
};

}  // namespace pabal::http
