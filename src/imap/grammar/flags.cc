#include "imap/grammar/flags.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"

namespace pabal::imap {
namespace {

struct SystemFlag {
  std::string_view name;
  mailbox::Flags flag;
};
/// In the order of their bits.
constexpr std::array<SystemFlag, mailbox::kSystemFlags> kSystem = {{
    {"\\Seen", mailbox::kSeen},
    {"\\Answered", mailbox::kAnswered},
    {"\\Flagged", mailbox::kFlagged},
    {"\\Deleted", mailbox::kDeleted},
    {"\\Draft", mailbox::kDraft},
}};

/// Writes words with a space between.
class Words {
 public:
  explicit Words(std::string& out) : out_(out) { out_.push_back('('); }
  void add(std::string_view word) {
    if (!first_) out_.push_back(' ');
    first_ = false;
    out_.append(word);
  }
  void add_system(mailbox::Flags flags) {
    for (const SystemFlag& known : kSystem) {
      if (mailbox::has(flags, known.flag)) add(known.name);
    }
  }
  void finish() { out_.push_back(')'); }

 private:
  std::string& out_;
  bool first_ = true;
};

}  // namespace

Result<std::string> parse_flag_keyword(Cursor& in) {
  PABAL_TRY(const std::string_view word, parse_atom(in, "a keyword"));
  if (word.size() > mailbox::kMaxKeywordBytes) {
    return fail(ErrorKind::kOverLimit, "A keyword is longer than {} characters", mailbox::kMaxKeywordBytes);
  }
  return std::string(word);
}

Result<void> parse_flag(Cursor& in, const Dialect& dialect, mailbox::FlagNames& flags) {
  if (in.peek_is('\\')) {
    for (const SystemFlag& known : kSystem) {
      if (!take_keyword(in, known.name)) continue;
      flags.system = mailbox::with(flags.system, known.flag);
      return {};
    }
    if (dialect.leniency.recent_flag && take_keyword(in, "\\Recent")) return {};
    return expected(in, "\\Seen, \\Answered, \\Flagged, \\Deleted, \\Draft or a keyword");
  }
  PABAL_TRY(std::string word, parse_flag_keyword(in));
  const bool known = std::ranges::any_of(
      flags.keywords, [&](const auto& other) { return equals_ignoring_case(other, word); });
  if (known) return {};
  if (flags.keywords.size() == mailbox::kMaxKeywords) {
    return fail(ErrorKind::kOverLimit, "More than {} keywords", mailbox::kMaxKeywords);
  }
  flags.keywords.push_back(std::move(word));
  return {};
}

Result<mailbox::FlagNames> parse_flag_list(Cursor& in, const Dialect& dialect) {
  mailbox::FlagNames flags;
  PABAL_TRY_VOID(parse_parenthesized(in, dialect, [&] { return parse_flag(in, dialect, flags); }));
  return flags;
}

std::string_view system_flag_name(mailbox::Flags one) {
  for (const SystemFlag& known : kSystem) {
    if (known.flag == one) return known.name;
  }
  return {};
}

void append_flag_list(std::string& out, mailbox::Flags flags, std::span<const std::string> keywords) {
  Words words(out);
  words.add_system(flags);
  std::uint64_t bits = flags.value() >> mailbox::kSystemFlags;
  for (std::size_t i = 0; bits != 0 && i < keywords.size(); ++i, bits >>= 1) {
    if ((bits & 1) != 0) words.add(keywords[i]);
  }
  words.finish();
}

void append_flag_list(std::string& out, const mailbox::FlagNames& flags) {
  Words words(out);
  words.add_system(flags.system);
  for (const std::string& keyword : flags.keywords) words.add(keyword);
  words.finish();
}

}  // namespace pabal::imap
