#include "mailbox/rights.h"

#include <algorithm>

namespace pabal::mailbox {

namespace {

constexpr std::string_view kLetters = "lrswipkxtea";
constexpr Rights kCreate{Right::kCreateFolders, Right::kDeleteFolder};
constexpr Rights kDelete{Right::kExpunge, Right::kDeleteLetters};

auto same(account::AccountId who, bool negative) {
  return [=](const AclEntry& entry) { return entry.who == who && entry.negative == negative; };
}

}  // namespace

Result<Rights> Rights::parse(std::string_view letters) {
  Rights out;
  for (const char letter : letters) {
    const std::size_t place = kLetters.find(letter);
    if (place != std::string_view::npos) {
      out = out.with({static_cast<Right>(place)});
    } else if (letter == 'c') {
      out = out.with(kCreate);
    } else if (letter == 'd') {
      out = out.with(kDelete);
    } else {
      return fail(ErrorKind::kRefuse, "\"{}\" is no right; there are {}", letter, kLetters);
    }
  }
  return out;
}

std::string Rights::to_string() const {
  std::string out;
  for (std::size_t i = 0; i < kLetters.size(); ++i) {
    if (has(static_cast<Right>(i))) out.push_back(kLetters[i]);
  }
  if (has_any(kCreate)) out.push_back('c');
  if (has_any(kDelete)) out.push_back('d');
  return out;
}

Flags changeable_flags(Rights rights) {
  Flags out;
  if (rights.has(Right::kKeepSeen)) out = with(out, kSeen);
  if (rights.has(Right::kDeleteLetters)) out = with(out, kDeleted);
  if (rights.has(Right::kWrite)) out = with(out, without(kAllFlags, with(kSeen, kDeleted)));
  return out;
}

Rights Acl::rights_of(account::AccountId account) const {
  Rights given;
  Rights taken;
  for (const AclEntry& entry : entries_) {
    if (entry.who != account && entry.who != kAnyone) continue;
    Rights& sum = entry.negative ? taken : given;
    sum = sum.with(entry.rights);
  }
  return given.without(taken);
}

Rights Acl::find(account::AccountId who, bool negative) const {
  const auto entry = std::ranges::find_if(entries_, same(who, negative));
  return entry == entries_.end() ? Rights() : entry->rights;
}

Result<void> Acl::set(const AclEntry& entry) {
  const auto there = std::ranges::find_if(entries_, same(entry.who, entry.negative));
  if (there != entries_.end()) {
    there->rights = entry.rights;
    if (entry.rights.empty()) entries_.erase(there);
  } else if (!entry.rights.empty()) {
    if (entries_.size() == kMaxAclEntries) {
      return fail(ErrorKind::kOverLimit, "a folder is shared with {} accounts at most", kMaxAclEntries);
    }
    entries_.push_back(entry);
  }
  return {};
}

}  // namespace pabal::mailbox
