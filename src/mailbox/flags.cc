#include "mailbox/flags.h"

#include <algorithm>

#include "base/ascii.h"

namespace pabal::mailbox {

namespace {

Flags bit_of(std::size_t keyword) { return Flags(std::uint64_t{1} << (kSystemFlags + keyword)); }

}  // namespace

std::optional<Flags> KeywordTable::find_keyword(std::string_view name) const {
  const auto found = std::ranges::find_if(
      names_, [&](const std::string& known) { return equals_ignoring_case(known, name); });
  if (found == names_.end()) return std::nullopt;
  return bit_of(static_cast<std::size_t>(found - names_.begin()));
}

Flags KeywordTable::find(const FlagNames& names) const {
  Flags flags = names.system;
  for (const std::string& keyword : names.keywords)
    flags = with(flags, find_keyword(keyword).value_or(Flags()));
  return flags;
}

Result<Flags> KeywordTable::find_or_add(const FlagNames& names) {
  // All or none: what is refused must not leave half of its keywords behind.
  const std::size_t before = names_.size();
  Flags flags = names.system;
  for (const std::string& keyword : names.keywords) {
    std::optional<Flags> bit = find_keyword(keyword);
    if (!bit) {
      if (names_.size() == kMaxKeywords || keyword.size() > kMaxKeywordBytes) {
        names_.resize(before);
        return fail(ErrorKind::kOverLimit, "a folder holds {} keywords of {} bytes each at most",
                    kMaxKeywords, kMaxKeywordBytes);
      }
      bit = bit_of(names_.size());
      names_.push_back(keyword);
    }
    flags = with(flags, *bit);
  }
  return flags;
}

FlagNames only(FlagNames names, Flags allowed) {
  names.system = only(names.system, allowed);
  if (!has(allowed, without(kAllFlags, kAllSystemFlags))) names.keywords.clear();
  return names;
}

FlagNames KeywordTable::names_of(Flags flags) const {
  FlagNames names{.system = Flags(flags.value() & kAllSystemFlags.value())};
  for (std::size_t i = 0; i < names_.size(); ++i) {
    if (has(flags, bit_of(i))) names.keywords.push_back(names_[i]);
  }
  return names;
}

}  // namespace pabal::mailbox
