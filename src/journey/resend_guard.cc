#include "journey/resend_guard.h"

#include <fmt/chrono.h>

#include "base/digest.h"

namespace pabal::journey {

namespace {

constexpr std::string_view kPrefix = "sent/";
constexpr std::size_t kTokenBytes = 16;

// "sent/20261121/" and the token.
std::string day_prefix(WallTime day) {
  return fmt::format("{}{:%Y%m%d}/", kPrefix, std::chrono::floor<std::chrono::days>(day));
}
std::string key_of(WallTime day, const ResendToken& token) { return day_prefix(day) + token.value(); }

}  // namespace

ResendToken make_resend_token(std::string_view what) {
  return ResendToken(std::string(store::BlobId::of(what).bytes().substr(0, kTokenBytes)));
}

void guard(store::Batch& batch, const ResendToken& token, JourneyId id, WallTime now) {
  batch.expect_absent(key_of(now - std::chrono::days(1), token));
  std::string today = key_of(now, token);
  batch.expect_absent(today);
  batch.put(std::move(today), id.bytes());
}

net::Task<Result<std::optional<JourneyId>>> find_sent_before(store::Engine& engine,
                                                             store::PartitionId partition, ResendToken token,
                                                             WallTime now) {
  const std::string keys[] = {key_of(now, token), key_of(now - std::chrono::days(1), token)};
  PABAL_CO_TRY(const auto values, co_await engine.get(partition, keys));
  for (const auto& value : values) {
    if (value) co_return JourneyId::from_bytes(value->bytes);
  }
  co_return std::nullopt;
}

store::KeyRange outdated_tokens(WallTime now) {
  return {std::string(kPrefix), day_prefix(now - std::chrono::days(1))};
}

}  // namespace pabal::journey
