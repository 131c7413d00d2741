// SELECT, EXAMINE, CLOSE, UNSELECT (RFC 9051 §6.3.2, §6.3.3, §6.4.1, §6.4.2), with CONDSTORE and QRESYNC
// (RFC 7162).
#include <algorithm>

#include "imap/commands/families.h"
#include "imap/detail/folders.h"
#include "imap/detail/rows.h"
#include "imap/grammar/mailbox_commands.h"
#include "imap/grammar/object_id.h"
#include "imap/grammar/session_commands.h"
#include "imap/grammar/write_responses.h"

namespace pabal::imap::detail {
namespace {

std::optional<std::size_t> first_unseen(const mailbox::FolderTable& table) {
  for (std::size_t page = 0; page < table.page_count(); ++page) {
    const auto& rows = table.page(page).rows;
    const auto found =
        std::ranges::find_if(rows, [](const mailbox::Row& row) { return !has(row.flags, mailbox::kSeen); });
    if (found != rows.end()) return table.first_of(page) + static_cast<std::size_t>(found - rows.begin());
  }
  return {};
}

void describe(Session& session, const FoundFolder& found) {
  const mailbox::Folder& folder = *found;
  const Selected& view = *session.selected();
  const mailbox::FolderTable& table = *view.told;
  std::string& out = session.out();
  append_flags_here(out, folder.keywords.names(), view.changeable());
  out += fmt::format("* {} EXISTS\r\n", table.size());
  const bool old_client = !session.enabled().imap4rev2;
  if (old_client) {
    out += "* 0 RECENT\r\n";
    const auto unseen = folder.unseen > 0 ? first_unseen(table) : std::nullopt;
    if (unseen && !session.enabled().uid_only)
      out += fmt::format("* OK [UNSEEN {}] The first that is not seen\r\n", *unseen + 1);
  } else {
    const std::string path = found.home.prefix + found.home.folders->path_of(folder);
    ListEntry entry{.mailbox = path, .attributes = {}};
    if (found.home.own() && folder.use != mailbox::SpecialUse::kNone)
      entry.attributes.push_back(special_use_attribute(folder.use));
    append_list(out, entry, session.dialect());
  }
  // The list may be a moment older than the table.
  std::uint32_t uid_next = folder.uid_next.value();
  if (!table.empty()) uid_next = std::max(uid_next, table[table.size() - 1].uid.value() + 1);
  out += fmt::format("* OK [UIDVALIDITY {}] These UIDs are good\r\n", folder.uid_validity);
  out += fmt::format("* OK [UIDNEXT {}] The next one\r\n", uid_next);
  out += fmt::format("* OK [HIGHESTMODSEQ {}] The last change\r\n",
                     std::max<std::uint64_t>(folder.mod_seq.value(), 1));
  out += "* OK [MAILBOXID (";
  append_mailbox_id(out, folder.id, found.home.other());
  out += ")] Its name for good\r\n";
}

/// UIDs that the client says it knows.
mailbox::UidSet known_uids(const Qresync& back, std::uint32_t largest) {
  mailbox::UidSet out;
  if (!back.known_uids) return mailbox::UidSet({mailbox::Uid(1), mailbox::Uid(largest)});
  for (const NumberRange& range : back.known_uids->resolve(largest))
    out.add({mailbox::Uid(range.first), mailbox::Uid(range.last)});
  return out;
}

// RFC 7162 §3.2.5.2: numbers that stand where the client thinks they do are known to be there, so that less
// must be told of what is gone when the log does not go back so far. From the first that differ on, all is.
mailbox::Uid surely_known_below(const Qresync& back, const mailbox::FolderTable& table) {
  if (!back.match) return mailbox::Uid(1);
  const auto numbers = back.match->numbers.resolve(UINT32_MAX - 1);
  const auto uids = back.match->uids.resolve(UINT32_MAX - 1);
  mailbox::Uid out(1);
  std::size_t in_uids = 0;
  std::uint32_t uid = uids.empty() ? 0 : uids.front().first;
  for (const NumberRange& range : numbers) {
    for (std::uint32_t number = range.first;; ++number) {
      if (in_uids == uids.size() || number > table.size() || table[number - 1].uid.value() != uid) return out;
      out = mailbox::Uid(uid + 1);
      if (uid < uids[in_uids].last) {
        ++uid;
      } else if (++in_uids < uids.size()) {
        uid = uids[in_uids].first;
      }
      if (number == range.last) break;
    }
  }
  return out;
}

// What happened while the client was away (RFC 7162 §3.2.5.1).
Step catch_up(Session& session, const Qresync& back) {
  const Selected& view = *session.selected();
  if (back.uid_validity != view.uid_validity) co_return Result<void>();
  const mailbox::FolderTable& table = *view.told;
  PABAL_CO_TRY(const auto gone,
               co_await session.mailboxes().vanished_since(view.account, view.folder, back.mod_seq));
  std::uint32_t largest = table.empty() ? 0 : table[table.size() - 1].uid.value();
  if (!gone.uids.empty()) largest = std::max(largest, gone.uids.ranges().back().last.value());
  if (largest == 0) co_return Result<void>();
  const mailbox::UidSet known = known_uids(back, largest);
  mailbox::UidSet vanished = gone.uids.intersect(known);
  if (!gone.complete) {
    const mailbox::Uid sure = surely_known_below(back, table);
    if (sure > mailbox::Uid(1))
      vanished = vanished.subtract(mailbox::UidSet({mailbox::Uid(1), mailbox::Uid(sure.value() - 1)}));
  }
  append_vanished(session.out(), vanished, true);
  PABAL_CO_TRY(RowStyle style, co_await session.row_style());
  style.with_uid = true;
  for (std::size_t page = 0; page < table.page_count(); ++page) {
    if (table.page(page).changed <= back.mod_seq) continue;
    std::size_t position = table.first_of(page);
    for (const mailbox::Row& row : table.page(page).rows) {
      if (row.mod_seq > back.mod_seq && known.contains(row.uid))
        append_row(session.out(), style, position, row, bit_of(FetchItem::kFlags));
      ++position;
    }
    PABAL_CO_TRY_VOID(co_await session.flush());
  }
  co_return Result<void>();
}

Answer open_folder(Session& session, Request request, bool read_only) {
  Cursor in = request.arguments();
  const auto command = parse_select(in, session.dialect());
  if (!command) co_return bad(command.error().detail);
  if (command->qresync && !session.enabled().qresync) co_return bad("Enable QRESYNC first");
  if (command->qresync && command->qresync->match && session.enabled().uid_only)
    co_return Reply{Reply::Status::kBad, "UIDREQUIRED", "You enabled UIDONLY: name letters by their UIDs"};
  if (session.selected() != nullptr) {
    session.unselect();
    session.out() += "* OK [CLOSED] The mailbox before is closed\r\n";
  }
  if (command->condstore) session.enabled().condstore = true;
  // The list first: of two moments a client must be told the earlier modification sequence.
  const auto found = co_await find_folder(session, command->mailbox);
  if (!found) co_return reply_for(found.error());
  if (auto refused = refusal(*found, {mailbox::Right::kRead})) co_return *std::move(refused);
  const mailbox::Folder& folder = **found;
  auto table = co_await session.mailboxes().open(found->account(), folder.id);
  if (!table) co_return reply_for(table.error());

  auto view = std::make_unique<Selected>();
  view->account = found->account();
  view->folder = folder.id;
  view->uid_validity = folder.uid_validity;
  view->read_only = read_only;
  view->rights = found->rights;
  view->flags_told = (*table)->mod_seq();
  view->told = *std::move(table);
  view->keywords_told = folder.keywords.names().size();
  session.select(std::move(view));
  describe(session, *found);
  if (command->qresync) {
    const auto caught_up = co_await catch_up(session, *command->qresync);
    if (!caught_up) {
      session.unselect();
      co_return reply_for(caught_up.error());
    }
  }
  // RFC 4314 §5.2. All flags are shared by all.
  constexpr mailbox::Rights kWriting{mailbox::Right::kInsert, mailbox::Right::kExpunge,
                                     mailbox::Right::kKeepSeen, mailbox::Right::kWrite,
                                     mailbox::Right::kDeleteLetters};
  const bool writes = !read_only && found->rights.has_any(kWriting);
  co_return Reply{Reply::Status::kOk, writes ? "READ-WRITE" : "READ-ONLY", "It is open"};
}

}  // namespace

Answer run_select(Session& session, Request request) {
  co_return co_await open_folder(session, request, false);
}

Answer run_examine(Session& session, Request request) {
  co_return co_await open_folder(session, request, true);
}

// RFC 9051 §6.4.1: what is flagged \Deleted goes, and nobody is told of it. Whoever may not expunge closes
// all the same (RFC 4314 §4).
Answer run_close(Session& session, Request request) {
  Cursor in = request.arguments();
  if (auto read = parse_no_arguments(in, session.dialect()); !read) co_return bad(read.error().detail);
  const bool expunges = session.selected()->may(mailbox::Right::kExpunge);
  const account::AccountId account = session.selected()->account;
  const mailbox::FolderId folder = session.selected()->folder;
  session.unselect();
  if (expunges) {
    const auto removed = co_await session.mailboxes().change(account, mailbox::Remove{.folder = folder});
    if (!removed) co_return reply_for(removed.error());
  }
  co_return ok("It is closed");
}

Answer run_unselect(Session& session, Request request) {
  Cursor in = request.arguments();
  if (auto read = parse_no_arguments(in, session.dialect()); !read) co_return bad(read.error().detail);
  session.unselect();
  co_return ok("It is closed");
}

}  // namespace pabal::imap::detail
