// STORE, EXPUNGE and UID EXPUNGE (RFC 9051 §6.4.3, §6.4.6, §6.4.9, RFC 4315, RFC 7162 §3.1.3).
#include "imap/grammar/store_commands.h"

#include "imap/commands/families.h"
#include "imap/detail/message_limit.h"
#include "imap/grammar/session_commands.h"
#include "mailbox/view.h"

namespace pabal::imap::detail {
namespace {

Reply may_not(const Selected& view) {
  return view.read_only ? no("NOPERM", "The mailbox is open read-only: SELECT it to change it")
                        : no("NOPERM", "You have no right to do that in this mailbox");
}

// RFC 4314 §4: a STORE does what it may, and fails only if that is nothing.
bool may_store(const StoreCommand& command, mailbox::Flags changeable) {
  const mailbox::FlagNames allowed = only(command.flags, changeable);
  const bool names_none = command.flags == mailbox::FlagNames();
  const bool some_allowed = allowed != mailbox::FlagNames();
  if (names_none || command.how == StoreCommand::How::kReplace) return changeable != mailbox::Flags();
  return some_allowed;
}

mailbox::SetFlags::How how_of(StoreCommand::How how) {
  switch (how) {
    case StoreCommand::How::kAdd:
      return mailbox::SetFlags::How::kAdd;
    case StoreCommand::How::kRemove:
      return mailbox::SetFlags::How::kRemove;
    case StoreCommand::How::kReplace:
      break;
  }
  return mailbox::SetFlags::How::kReplace;
}

/// What the client makes of the flags that it knows; then it need not be told.
class Expectation {
 public:
  Expectation(const StoreCommand& command, const mailbox::KeywordTable& keywords)
      : how_(command.how), flags_(with(command.flags.system, keywords.find(command.flags))) {}
  mailbox::Flags after(mailbox::Flags before) const {
    switch (how_) {
      case StoreCommand::How::kAdd:
        return with(before, flags_);
      case StoreCommand::How::kRemove:
        return without(before, flags_);
      case StoreCommand::How::kReplace:
        break;
    }
    return flags_;
  }

 private:
  StoreCommand::How how_;
  mailbox::Flags flags_;
};

/// A letter as the client knows it.
struct Known {
  mailbox::Uid uid;
  std::uint32_t position;
  mailbox::Flags flags;
};

std::vector<Known> known_letters(const Selected& view, const mailbox::UidSet& uids) {
  std::vector<Known> out;
  view.told->for_each(uids, [&](std::size_t position, const mailbox::Row& row) {
    out.push_back({row.uid, static_cast<std::uint32_t>(position), view.row_now(row).flags});
  });
  return out;
}

/// How many letters are told between two looks at the output.
constexpr std::size_t kBatchLetters = 1024;

// The letters that the command named are told by it: all of them, or, where the client wants silence, those
// that are not what it expects. So are the changes of others, since from here on all flags are told.
Step tell_stored(Session& session, const StoreCommand& command, const mailbox::UidSet& stored) {
  Selected& view = *session.selected();
  PABAL_CO_TRY(const auto now, co_await session.mailboxes().open(view.account, view.folder));
  PABAL_CO_TRY(const RowStyle style, co_await session.row_style());
  session.tell_keywords(style);
  const mailbox::Folder* folder = style.folders->find(view.folder);
  const Expectation expected(command, folder != nullptr ? folder->keywords : mailbox::KeywordTable());
  std::string& out = session.out();
  const std::vector<Known> all = known_letters(view, stored);
  for (std::span<const Known> rest = all; !rest.empty();) {
    const std::span<const Known> some = rest.subspan(0, std::min(rest.size(), kBatchLetters));
    rest = rest.subspan(some.size());
    auto known = some.begin();
    const auto tell = [&](std::size_t, const mailbox::Row& row) {
      while (known != some.end() && known->uid < row.uid) ++known;
      if (known == some.end() || known->uid != row.uid) return;
      const bool as_expected = row.flags == expected.after(known->flags);
      if (!command.silent || !as_expected) {
        append_row(out, style, known->position, row, bit_of(FetchItem::kFlags));
      } else if (style.with_mod_seq && row.mod_seq > view.flags_told) {
        append_row(out, style, known->position, row, bit_of(FetchItem::kModSeq));
      }
    };
    now->for_each(mailbox::UidSet({some.front().uid, some.back().uid}), tell);
    PABAL_CO_TRY_VOID(co_await session.flush());
  }
  for (const auto& changed : mailbox::compare(*view.told, *now, view.flags_told).changed) {
    const mailbox::Row& row = (*now)[changed.now];
    if (!stored.contains(row.uid)) append_row(out, style, changed.told, row, bit_of(FetchItem::kFlags));
  }
  view.flags_told = now->mod_seq();
  view.see_flags_of(now);
  co_return co_await session.flush();
}

}  // namespace

Answer run_store(Session& session, Request request) {
  Cursor in = request.arguments();
  auto command = parse_store(in, session.dialect());
  if (!command) co_return bad(command.error().detail);
  Selected& view = *session.selected();
  if (!may_store(*command, view.changeable())) co_return may_not(view);
  if (command->unchanged_since) session.enabled().condstore = true;
  auto positions = find_positions(view, command->set, request.by_uid);
  if (!positions) co_return bad(positions.error().detail);
  const Limited limited = limit_letters(session, *view.told, *std::move(positions));
  mailbox::UidSet uids = uids_of(*view.told, limited.positions);
  if (uids.empty()) co_return ok("There are none of those");
  const auto stored = co_await session.mailboxes().change(
      view.account, mailbox::SetFlags{.folder = view.folder,
                                      .uids = uids,
                                      .how = how_of(command->how),
                                      .flags = command->flags,
                                      .unchanged_since = command->unchanged_since,
                                      .changeable = view.changeable()});
  if (!stored) co_return reply_for(stored.error());
  const auto told = co_await tell_stored(session, *command, uids.subtract(stored->stale));
  if (!told) co_return reply_or_end(told.error());
  if (stored->stale.empty()) co_return with_limit(session, ok("Stored"), limited.code);
  // RFC 7162 §3.1.3: by the numbers that the command speaks in.
  Reply reply = ok("Others changed those first");
  reply.code = "MODIFIED ";
  SequenceWriter numbers(reply.code);
  for (const auto& range : stored->stale.ranges()) {
    for (std::size_t at = view.told->lower_bound(range.first);
         at < view.told->size() && (*view.told)[at].uid <= range.last; ++at) {
      numbers.add(request.by_uid ? (*view.told)[at].uid.value() : static_cast<std::uint32_t>(at + 1));
    }
  }
  numbers.finish();
  co_return with_limit(session, std::move(reply), limited.code);
}

namespace {

Answer expunge(Session& session, std::optional<mailbox::UidSet> uids) {
  Selected& view = *session.selected();
  if (!view.may(mailbox::Right::kExpunge)) co_return may_not(view);
  const auto removed = co_await session.mailboxes().change(
      view.account, mailbox::Remove{.folder = view.folder, .uids = std::move(uids)});
  if (!removed) co_return reply_for(removed.error());
  Reply reply = ok("They are gone");
  // RFC 7162 §3.2.8.
  if (session.enabled().qresync && !removed->gone.empty())
    reply.code = fmt::format("HIGHESTMODSEQ {}", removed->mod_seq);
  co_return reply;
}

/// Those that are flagged \Deleted, which alone a UID EXPUNGE works on.
Positions deleted_of(const Selected& view, const Positions& positions) {
  Positions out;
  for (const NumberRange& range : positions) {
    for_each_row(*view.told, range, [&](std::size_t position, const mailbox::Row& row) {
      const auto at = static_cast<std::uint32_t>(position);
      if (has(view.row_now(row).flags, mailbox::kDeleted)) out.push_back({at, at});
    });
  }
  return out;
}

}  // namespace

Answer run_expunge(Session& session, Request request) {
  Cursor in = request.arguments();
  if (auto read = parse_no_arguments(in, session.dialect()); !read) co_return bad(read.error().detail);
  // Letters that came in flagged \Deleted, and that the client does not know of yet, stay.
  co_return co_await expunge(session, session.selected()->told->uids());
}

Answer run_uid_expunge(Session& session, Request request) {
  Cursor in = request.arguments();
  const auto set = parse_uid_expunge(in, session.dialect());
  if (!set) co_return bad(set.error().detail);
  const Selected& view = *session.selected();
  const auto positions = find_positions(view, *set, true);
  if (!positions) co_return bad(positions.error().detail);
  const Limited limited = limit_letters(session, *view.told, deleted_of(view, *positions));
  mailbox::UidSet uids = uids_of(*view.told, limited.positions);
  if (uids.empty()) co_return ok("There are none of those");
  PABAL_CO_TRY(Reply reply, co_await expunge(session, std::move(uids)));
  co_return with_limit(session, std::move(reply), limited.code);
}

}  // namespace pabal::imap::detail
