// Whoever wants to read along: the journey, a debugging log. Sees each line of a session both ways as it
// was on the wire, credentials blanked, and of letters only how many bytes went by.
#pragma once

#include <cstdint>
#include <string_view>

namespace pabal::smtp {

/// What stands where a credential was.
inline constexpr std::string_view kBlanked = "[hidden]";

/// Called on the session's loop; must be quick and outlive the session. Lines come without their end.
class Dialogue {
 public:
  virtual ~Dialogue() = default;
  virtual void heard(std::string_view line) = 0;
  virtual void said(std::string_view line) = 0;
  virtual void letter_heard(std::uint64_t size_bytes) = 0;
  virtual void letter_said(std::uint64_t size_bytes) = 0;
};

}  // namespace pabal::smtp
