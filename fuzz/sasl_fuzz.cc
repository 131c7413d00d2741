// Every SASL mechanism with a hostile client. The input's first byte chooses the mechanism and whether there
// is TLS; the rest is its messages, separated by 0xFE, which no UTF-8 holds. No client may be proven, since
// none knows the password.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "account/sasl.h"
#include "base/check.h"

using namespace pabal;

namespace {

const account::ScramKeys& keys() {
  static const account::ScramKeys made = account::make_scram_keys("pencil", "0123456789abcdef", 4096);
  return made;
}

std::string_view next_message(std::string_view& rest) {
  const std::size_t end = std::min(rest.find('\xfe'), rest.size());
  const std::string_view message = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return message;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto name = static_cast<account::SaslName>(data[0] % 4);
  const bool tls = (data[0] & 4) != 0;
  account::SaslOptions options{.bindings = {}, .plus_was_offered = tls, .server_nonce = "servernonce"};
  if (tls) options.bindings = {{"tls-exporter", "EXPORTED"}};
  const auto mechanism = account::make_sasl(name, std::move(options));

  const bool has_initial_response = (data[0] & 8) != 0;
  auto step = mechanism->start(has_initial_response ? std::optional(next_message(rest)) : std::nullopt);
  constexpr int kMostSteps = 8;
  for (int i = 0; i < kMostSteps; ++i) {
    PABAL_CHECK(!std::holds_alternative<account::SaslProven>(step));
    if (std::holds_alternative<account::SaslKeysWanted>(step)) {
      step = mechanism->use_keys(keys());
      continue;
    }
    if (const auto* claim = std::get_if<account::SaslPasswordClaim>(&step)) {
      PABAL_CHECK(!claim->name.empty() && claim->name.size() <= account::kMaxSaslNameBytes);
      PABAL_CHECK(!claim->password.empty());
    }
    step = mechanism->step(next_message(rest));
  }
  return 0;
}
