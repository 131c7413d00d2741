#include "http/event_stream.h"

#include <fmt/format.h>

#include "base/check.h"

namespace pabal::http {

net::Task<Result<void>> EventStream::begin(std::chrono::milliseconds retry) {
  // The last is for nginx, which would gather events otherwise.
  const Fields fields{
      {"content-type", "text/event-stream"}, {"cache-control", "no-store"}, {"x-accel-buffering", "no"}};
  PABAL_CO_TRY_VOID(co_await exchange_.begin({Status::kOk, fields}, std::nullopt));
  const std::string first = fmt::format("retry: {}\n\n", retry.count());
  co_return co_await exchange_.write(first);
}

net::Task<Result<void>> EventStream::send(std::string_view type, std::string_view data, std::string_view id) {
  PABAL_CHECK(type.find_first_of("\r\n") == type.npos && id.find_first_of("\r\n") == id.npos);
  std::string event;
  event.reserve(type.size() + id.size() + data.size() + 32);
  if (!id.empty()) event.append("id: ").append(id).append("\n");
  event.append("event: ").append(type).append("\n");
  for (;;) {
    const std::size_t end = data.find_first_of("\r\n");
    event.append("data: ").append(data.substr(0, end)).append("\n");
    if (end == data.npos) break;
    data.remove_prefix(end + (data.substr(end).starts_with("\r\n") ? 2 : 1));
  }
  event += '\n';
  co_return co_await exchange_.write(event);
}

net::Task<Result<void>> EventStream::ping() {
  static constexpr std::string_view kPing = ": ping\n\n";
  co_return co_await exchange_.write(kPing);
}

}  // namespace pabal::http
