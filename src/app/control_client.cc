#include "app/control_client.h"

#include "app/control_protocol.h"
#include "net/dialer.h"

namespace pabal::app {
namespace {

using net::Task;

constexpr net::LineLimits kAnswerLines{
    .max_bytes = kMaxAnswerBytes, .max_dropped_bytes = kMaxAnswerBytes, .accept_bare_lf = true};

}  // namespace

Task<Result<std::unique_ptr<ControlClient>>> ControlClient::connect(std::filesystem::path socket) {
  const net::Context context = co_await net::current_context();
  PABAL_CO_TRY(auto stream,
               co_await net::connect(net::UnixEndpoint{socket.string()}, context.loop->in(kConnectPatience)));
  co_return std::make_unique<ControlClient>(*context.loop, std::move(stream));
}

Task<Result<Json>> ControlClient::call(std::string method, Json params, Reply& reply) {
  const std::string request = to_line(ControlRequest{std::move(method), std::move(params)});
  if (request.size() > kMaxRequestBytes)
    co_return fail(ErrorKind::kOverLimit, "the request is larger than {} bytes", kMaxRequestBytes);
  const net::Deadline sent_by = connection_.loop().in(kConnectPatience);
  PABAL_CO_TRY_VOID(co_await connection_.write(request, sent_by));
  PABAL_CO_TRY_VOID(co_await connection_.flush(sent_by));
  for (;;) {
    const auto line = co_await connection_.read_line(kAnswerLines, connection_.loop().in(kAnswerPatience));
    if (!line) co_return failure_of(Result<std::string_view>(line), "the server gave no answer");
    Result<ControlAnswer> answer = parse_answer(*line);
    if (!answer) co_return failure_of(std::move(answer), "the server's answer was not understood");
    if (auto* item = std::get_if<ControlItem>(&*answer)) {
      PABAL_CO_TRY_VOID(co_await reply.item(std::move(item->item)));
    } else if (auto* progress = std::get_if<ControlProgress>(&*answer)) {
      PABAL_CO_TRY_VOID(co_await reply.progress(std::move(progress->text)));
    } else {
      co_return std::get<ControlEnd>(std::move(*answer));
    }
  }
}

}  // namespace pabal::app
