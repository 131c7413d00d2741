// The directory's stored records: a damaged disk gives an error, never a crash; and what is read is written
// back the same.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "account/detail/records.h"
#include "base/check.h"

using namespace pabal::account;

namespace {

/// What was decoded must survive another round.
template <class Decoded, class Encode, class Decode>
void check_round(const Decoded& decoded, Encode encode, Decode decode) {
  if (!decoded) return;
  const std::string bytes = encode(*decoded);
  const auto again = decode(bytes);
  PABAL_CHECK(again && encode(*again) == bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto decode_account = [](std::string_view bytes) {
    return detail::decode_account(AccountId(1), bytes);
  };
  check_round(detail::decode_domain(input), detail::encode_domain, detail::decode_domain);
  check_round(decode_account(input), detail::encode_account, decode_account);
  check_round(detail::decode_name(input), detail::encode_name, detail::decode_name);
  check_round(detail::decode_credentials(input), detail::encode_credentials, detail::decode_credentials);
  check_round(detail::decode_number(input), detail::encode_number, detail::decode_number);
  check_round(detail::decode_bytes(input), detail::encode_bytes, detail::decode_bytes);
  return 0;
}
