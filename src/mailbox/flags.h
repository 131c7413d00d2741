// What is marked on a letter in a folder (RFC 9051 §2.3.2): five flags that every mailbox has, and keywords
// that people and programs make up. In a folder's table they are bits of one word; which keyword a bit is,
// the folder's KeywordTable says. Names have no case.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/strong.h"

namespace pabal::mailbox {

/// Bits 0 to 4 are the system's flags, the rest the folder's keywords.
using Flags = Strong<struct FlagsTag, std::uint64_t>;

inline constexpr Flags kSeen{1};
inline constexpr Flags kAnswered{2};
inline constexpr Flags kFlagged{4};
inline constexpr Flags kDeleted{8};
inline constexpr Flags kDraft{16};
inline constexpr std::size_t kSystemFlags = 5;
inline constexpr Flags kAllSystemFlags{31};
inline constexpr Flags kAllFlags{UINT64_MAX};
/// More keywords in one folder than this are refused (NO [LIMIT]). People use a dozen.
inline constexpr std::size_t kMaxKeywords = 64 - kSystemFlags;
inline constexpr std::size_t kMaxKeywordBytes = 100;

constexpr bool has(Flags flags, Flags wanted) { return (flags.value() & wanted.value()) == wanted.value(); }
constexpr Flags with(Flags flags, Flags more) { return Flags(flags.value() | more.value()); }
constexpr Flags without(Flags flags, Flags less) { return Flags(flags.value() & ~less.value()); }

/// Those of `flags` that are in `allowed`.
constexpr Flags only(Flags flags, Flags allowed) { return Flags(flags.value() & allowed.value()); }

/// What STORE does with the flags that it names (RFC 9051 §6.4.6).
enum class FlagEdit : std::uint8_t { kAdd, kRemove, kReplace };
constexpr Flags edit(Flags flags, FlagEdit how, Flags named) {
  switch (how) {
    case FlagEdit::kAdd:
      return with(flags, named);
    case FlagEdit::kRemove:
      return without(flags, named);
    case FlagEdit::kReplace:
      break;
  }
  return named;
}

/// Flags by name, as a client gives them and before a folder is known.
struct FlagNames {
  Flags system;                         ///< of kAllSystemFlags
  std::vector<std::string> keywords{};  ///< `$Forwarded`, `Later`; no `\Seen`
  bool operator==(const FlagNames&) const = default;
};

/// Those that are in `allowed`, in which keywords are all or none.
FlagNames only(FlagNames names, Flags allowed);

/// The keywords of one folder, by their bits. Only grows.
class KeywordTable {
 public:
  KeywordTable() = default;
  explicit KeywordTable(std::vector<std::string> names) : names_(std::move(names)) {}

  const std::vector<std::string>& names() const { return names_; }
  /// The bits of those that are known here.
  Flags find(const FlagNames& names) const;
  std::optional<Flags> find_keyword(std::string_view name) const;
  /// The bits of all, new ones added. kOverLimit: they do not fit (kMaxKeywords, kMaxKeywordBytes).
  Result<Flags> find_or_add(const FlagNames& names);
  FlagNames names_of(Flags flags) const;

  bool operator==(const KeywordTable&) const = default;

 private:
  std::vector<std::string> names_;
};

}  // namespace pabal::mailbox
