#include "journey/journey_id.h"

#include <algorithm>

namespace pabal::journey {

namespace {

constexpr unsigned kChanceBits = 13;
constexpr WallTime kEpoch = std::chrono::sys_days(std::chrono::year(2020) / 1 / 1);

// No I, L, O, U: nobody reads one for another over the telephone.
constexpr std::string_view kDigits = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr std::size_t kTextDigits = 13;
constexpr unsigned kDigitBits = 5;

}  // namespace

std::optional<JourneyId> JourneyId::parse(std::string_view text) {
  if (text.size() != kTextDigits) return std::nullopt;
  std::uint64_t value = 0;
  for (char c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    const std::size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos || value >> (64 - kDigitBits) != 0) return std::nullopt;
    value = value << kDigitBits | digit;
  }
  return JourneyId(value);
}

std::optional<JourneyId> JourneyId::from_bytes(std::string_view bytes) {
  if (bytes.size() != sizeof(std::uint64_t)) return std::nullopt;
  std::uint64_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
  return JourneyId(value);
}

JourneyId JourneyId::first_at(WallTime time) {
  const auto since = std::max(time - kEpoch, WallTime::duration::zero());
  return JourneyId(static_cast<std::uint64_t>(since.count()) << kChanceBits);
}

WallTime JourneyId::time() const {
  return kEpoch + std::chrono::microseconds(static_cast<std::int64_t>(value_ >> kChanceBits));
}

std::string JourneyId::to_string() const {
  std::string text(kTextDigits, '0');
  std::uint64_t rest = value_;
  for (auto digit = text.rbegin(); digit != text.rend(); ++digit, rest >>= kDigitBits) {
    *digit = kDigits[rest & ((1U << kDigitBits) - 1)];
  }
  return text;
}

std::string JourneyId::bytes() const {
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(value_ >> shift & 0xff));
  return bytes;
}

JourneyId JourneyIds::next() {
  const std::uint64_t chance = random_.below(1U << kChanceBits);
  const std::uint64_t wanted = JourneyId::first_at(clock_.wall()).value() | chance;
  std::uint64_t last = last_.load(std::memory_order_relaxed);
  std::uint64_t next = 0;
  do {
    next = std::max(wanted, last + 1);
  } while (!last_.compare_exchange_weak(last, next, std::memory_order_relaxed));
  return JourneyId(next);
}

}  // namespace pabal::journey
