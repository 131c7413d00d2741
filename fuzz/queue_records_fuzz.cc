// The queue's stored records and keys: a damaged disk gives an error, never a crash; and what is read is
// written back the same.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "queue/records.h"

using namespace pabal::queue;
using pabal::account::DomainName;
using pabal::journey::JourneyId;

namespace {

/// What was decoded must survive another round.
template <class Decoded, class Encode, class Decode>
void check_round(const Decoded& decoded, Encode encode, Decode decode) {
  if (!decoded) return;
  const std::string bytes = encode(*decoded);
  const auto again = decode(bytes);
  PABAL_CHECK(again && encode(*again) == bytes);
}

void check_keys(std::string_view input) {
  if (const auto key = parse_line_key(input)) {
    const auto domain = DomainName::parse(key->domain);
    PABAL_CHECK(!domain || domain->ascii() != key->domain || line_key(*domain, key->place) == input);
  }
  if (const auto key = parse_place_key(input)) {
    const auto domain = DomainName::parse(key->domain);
    PABAL_CHECK(!domain || domain->ascii() != key->domain || place_key(*domain, key->name) == input);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const DomainName domain = *DomainName::parse("hamburger.edu");
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto decode_letter = [](std::string_view bytes) { return decode_envelope(JourneyId(1), bytes); };
  const auto encode_letter = [](const Envelope& envelope) {
    return encode_envelope(envelope.letter, envelope.ways);
  };
  const auto decode_one = [](std::string_view bytes) { return decode_task(domain, {}, bytes); };
  check_round(decode_letter(input), encode_letter, decode_letter);
  check_round(decode_one(input), encode_task, decode_one);
  check_round(decode_time(input), encode_time, decode_time);
  check_round(decode_count(input), encode_count, decode_count);
  check_round(decode_suspension(input), encode_suspension, decode_suspension);
  check_keys(input);
  return 0;
}
