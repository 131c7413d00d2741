// The stored entries of journeys: a damaged disk gives an error, never a crash; and what is read is written
// back the same.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "journey/entry_codec.h"

using namespace pabal::journey;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto entry = decode_entry(JourneyId(1), input);
  if (!entry) return 0;
  const std::string bytes = encode_entry(*entry);
  const auto again = decode_entry(JourneyId(1), bytes);
  // Nothing is lost but what has no room, and that is said once.
  PABAL_CHECK(again && encode_entry(*again) == bytes);
  return 0;
}
