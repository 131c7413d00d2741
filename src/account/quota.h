// How much an account may keep. The limit is the account's own, else its domain's, else the server's
// (Directory::load_quota_limit); what is in use is counted by the mailbox.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>

namespace pabal::account {

class QuotaLimit {
 public:
  static constexpr QuotaLimit unlimited() { return {}; }
  /// Zero bytes is a limit too: nothing may be kept.
  static constexpr QuotaLimit of_bytes(std::uint64_t bytes) {
    QuotaLimit limit;
    limit.bytes_ = bytes;
    return limit;
  }

  constexpr std::optional<std::uint64_t> bytes() const { return bytes_; }
  /// Whether `more` bytes fit beside `used`; safe for any two numbers.
  constexpr bool admits(std::uint64_t used, std::uint64_t more) const {
    return !bytes_ || (used <= *bytes_ && more <= *bytes_ - used);
  }

  bool operator==(const QuotaLimit&) const = default;

 private:
  std::optional<std::uint64_t> bytes_;
};

}  // namespace pabal::account
