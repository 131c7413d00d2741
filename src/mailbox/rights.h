// Who may do what with a folder: rights and access control lists (RFC 4314 §2). A list is part of its
// folder's record. It names accounts by their ids, so that a right outlives a change of address and never
// falls to whoever is given the address later. The owner is in no list: he has all rights, for good.
//
// Pure; any thread.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "account/ids.h"
#include "base/result.h"
#include "mailbox/flags.h"

namespace pabal::mailbox {

/// In the order in which they are written and stored.
enum class Right : std::uint8_t {
  kLookup,         ///< l: it is there, in lists
  kRead,           ///< r: SELECT, STATUS
  kKeepSeen,       ///< s: \Seen
  kWrite,          ///< w: flags but \Seen and \Deleted
  kInsert,         ///< i: APPEND, COPY
  kPost,           ///< p: not enforced (RFC 4314 §2.1)
  kCreateFolders,  ///< k: folders below it
  kDeleteFolder,   ///< x: DELETE, RENAME
  kDeleteLetters,  ///< t: \Deleted
  kExpunge,        ///< e
  kAdminister,     ///< a: its access control list
};

class Rights {
 public:
  constexpr Rights() = default;
  constexpr Rights(std::initializer_list<Right> rights) {
    for (const Right right : rights) bits_ |= bit(right);
  }
  static constexpr Rights all() { return from_bits(kAllBits); }
  static constexpr Rights from_bits(std::uint16_t bits) {
    Rights out;
    out.bits_ = bits;
    return out;
  }
  /// "lrs"; "c" is "kx" and "d" is "et" (RFC 4314 §2.1.1). kRefuse: a letter that is no right here.
  static Result<Rights> parse(std::string_view letters);

  /// With "c" and "d" where any right of theirs is there, for clients of RFC 2086.
  std::string to_string() const;
  constexpr std::uint16_t bits() const { return bits_; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr bool has(Right right) const { return (bits_ & bit(right)) != 0; }
  constexpr bool has_all(Rights rights) const { return (bits_ & rights.bits_) == rights.bits_; }
  constexpr bool has_any(Rights rights) const { return (bits_ & rights.bits_) != 0; }
  constexpr Rights with(Rights more) const { return from_bits(bits_ | more.bits_); }
  constexpr Rights without(Rights less) const {
    return from_bits(static_cast<std::uint16_t>(bits_ & ~less.bits_));
  }
  constexpr bool operator==(const Rights&) const = default;

  static constexpr std::uint16_t kAllBits = 0x7ff;

 private:
  static constexpr std::uint16_t bit(Right right) {
    return static_cast<std::uint16_t>(1u << static_cast<unsigned>(right));
  }
  std::uint16_t bits_ = 0;
};

/// The flags that somebody with those rights sets and clears.
Flags changeable_flags(Rights rights);

/// Whoever holds this is everybody who is logged in: "anyone".
inline constexpr account::AccountId kAnyone{};

inline constexpr std::size_t kMaxAclEntries = 100;  ///< each change of the folder writes them all

struct AclEntry {
  account::AccountId who;  ///< or kAnyone
  bool negative = false;   ///< takes rights from those that other entries give
  Rights rights;
  bool operator==(const AclEntry&) const = default;
};

class Acl {
 public:
  Acl() = default;
  explicit Acl(std::vector<AclEntry> entries) : entries_(std::move(entries)) {}

  std::span<const AclEntry> entries() const { return entries_; }
  /// What all entries that mean the account give together, less what the negative ones take.
  Rights rights_of(account::AccountId account) const;
  /// What the one entry says; none if it is not there.
  Rights find(account::AccountId who, bool negative) const;
  /// In place of what the entry said; one without rights is not kept. kOverLimit: too many entries.
  Result<void> set(const AclEntry& entry);

  bool operator==(const Acl&) const = default;

 private:
  std::vector<AclEntry> entries_;
};

}  // namespace pabal::mailbox
