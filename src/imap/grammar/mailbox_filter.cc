#include "imap/grammar/mailbox_filter.h"

#include "imap/grammar/mailbox_name.h"

namespace pabal::imap {
namespace {

using Kind = MailboxFilter::Kind;

struct Row {
  std::string_view name;
  Kind kind;
  bool takes_mailboxes;
};
constexpr Row kRows[] = {
    {"selected", Kind::kSelected, false},     {"selected-delayed", Kind::kSelectedDelayed, false},
    {"inboxes", Kind::kInboxes, false},       {"personal", Kind::kPersonal, false},
    {"subscribed", Kind::kSubscribed, false}, {"subtree", Kind::kSubtree, true},
    {"subtree-one", Kind::kSubtreeOne, true}, {"mailboxes", Kind::kMailboxes, true},
};

/// one-or-more-mailbox = mailbox / many-mailboxes
Result<std::vector<std::string>> parse_one_or_more_mailbox(Cursor& in, const Dialect& dialect) {
  std::vector<std::string> out;
  const auto parse_one = [&]() -> Result<void> {
    PABAL_TRY(std::string mailbox, parse_mailbox(in, dialect));
    if (out.size() == kMaxFilterMailboxes) {
      return fail(ErrorKind::kOverLimit, "More than {} mailboxes in one command", kMaxFilterMailboxes);
    }
    out.push_back(std::move(mailbox));
    return {};
  };
  const Cursor before = in;
  if (!in.peek_is('(')) {
    PABAL_TRY_VOID(parse_one());
  } else {
    PABAL_TRY_VOID(parse_parenthesized(in, dialect, parse_one));
  }
  if (out.empty()) return expected(before, "at least one mailbox");
  return out;
}

}  // namespace

Result<MailboxFilter> parse_filter_mailboxes(Cursor& in, const Dialect& dialect) {
  for (const Row& row : kRows) {
    if (!take_keyword(in, row.name)) continue;
    MailboxFilter out{.kind = row.kind};
    if (row.takes_mailboxes) {
      PABAL_TRY_VOID(parse_space(in, dialect));
      PABAL_TRY(out.mailboxes, parse_one_or_more_mailbox(in, dialect));
    }
    return out;
  }
  return expected(in, "selected, inboxes, personal, subscribed, subtree or mailboxes");
}

}  // namespace pabal::imap
