#include "app/control_session.h"

#include "app/control_protocol.h"

namespace pabal::app {
namespace {

using net::Task;

constexpr net::LineLimits kRequestLines{
    .max_bytes = kMaxRequestBytes,
    .max_dropped_bytes = 4 * kMaxRequestBytes,
    .accept_bare_lf = true,
};

Task<Result<void>> send(net::Connection& connection, ControlAnswer answer) {
  const std::string line = to_line(answer);
  const net::Deadline deadline = connection.loop().in(kControlPatience);
  PABAL_CO_TRY_VOID(co_await connection.write(line, deadline));
  co_return co_await connection.flush(deadline);
}

class ConnectionReply final : public Reply {
 public:
  explicit ConnectionReply(net::Connection& connection) : connection_(connection) {}

  Task<Result<void>> item(Json item) override {
    // Not flushed one by one: a list of thousands would be as many packets.
    const std::string line = to_line(ControlItem{std::move(item)});
    co_return co_await connection_.write(line, connection_.loop().in(kControlPatience));
  }
  Task<Result<void>> flush() override {
    co_return co_await connection_.flush(connection_.loop().in(kControlPatience));
  }
  Task<Result<void>> progress(std::string text) override {
    co_return co_await send(connection_, ControlProgress{std::move(text)});
  }

 private:
  net::Connection& connection_;
};

Task<Result<void>> answer(net::Connection& connection, Admin& admin, const Logger& log,
                          ControlRequest request) {
  ConnectionReply reply(connection);
  Result<Json> result = co_await admin.execute(request.method, std::move(request.params), reply);
  if (result) {
    log.info("control request done", {{"method", request.method}});
  } else {
    log.info("control request refused", {{"method", request.method}, {"error", result.error()}});
  }
  co_return co_await send(connection, std::move(result));
}

Task<Result<void>> serve_one(net::Connection& connection, Admin& admin, const Logger& log,
                             net::CancelSource& draining) {
  net::Loop& loop = connection.loop();
  const auto line =
      co_await connection.read_line(kRequestLines, loop.in(kControlPatience)).in({&loop, &draining});
  if (!line) {
    const ErrorKind kind = line.error().kind;
    const bool goes_on = kind == ErrorKind::kOverLimit || kind == ErrorKind::kRefuse;
    if (!goes_on) co_return std::unexpected(line.error());
    co_return co_await send(connection, ControlEnd(std::unexpected(line.error())));
  }
  Result<ControlRequest> request = parse_request(*line);
  if (!request) co_return co_await send(connection, ControlEnd(std::unexpected(request.error())));
  co_return co_await answer(connection, admin, log, *std::move(request));
}

}  // namespace

Task<void> serve_control(net::Connection& connection, Admin& admin, Logger log, net::CancelSource& draining) {
  for (;;) {
    const Result<void> served = co_await serve_one(connection, admin, log, draining);
    if (served) continue;
    const ErrorKind kind = served.error().kind;
    if (kind != ErrorKind::kClose && kind != ErrorKind::kCancelled)
      log.debug("control connection ended", {{"error", served.error()}});
    break;
  }
  connection.close();
}

}  // namespace pabal::app
