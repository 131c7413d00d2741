// QUIT: the UPDATE state (RFC 1939 §6), the only place where something happens to the mailbox. What the
// client fetched and left here is \Seen then, as Dovecot has it: the person has it on another device. What it
// deleted goes in one change, all or nothing.
#include "pop3/commands/families.h"
#include "pop3/grammar/command.h"

namespace pabal::pop3::detail {
namespace {

struct Deleted {
  mailbox::UidSet uids;
  std::vector<mailbox::LetterId> letters;
};

/// Without those that somebody else deleted meanwhile, which is what was wanted.
Deleted still_there(Session& session) {
  OpenMaildrop& open = session.open();
  const auto now = session.mailboxes().find_open(open.login.account, open.letters.folder());
  Deleted out;
  for (const Position message : open.letters.deleted()) {
    if (open.letters.is_gone(message, now)) continue;
    out.uids.add(open.letters[message].uid);
    out.letters.push_back(open.letters[message].letter);
  }
  return out;
}

/// What journeys are told of the letters from `begin` on, as many as a batch takes.
net::Task<Result<std::vector<journey::Entry>>> entries_of(Session& session, const Deleted& deleted,
                                                          std::size_t begin, std::string_view how) {
  OpenMaildrop& open = session.open();
  const std::size_t end = std::min(deleted.letters.size(), begin + kMaxToldInBatch);
  const auto at = deleted.letters.begin();
  std::vector<mailbox::LetterId> ids(at + static_cast<std::ptrdiff_t>(begin),
                                     at + static_cast<std::ptrdiff_t>(end));
  PABAL_CO_TRY(const auto records, co_await session.mailboxes().find_all(open.login.account, std::move(ids)));
  const WallTime now = session.services().clock.wall();
  std::vector<journey::Entry> out;
  for (const auto& record : records) {
    if (!record) continue;
    if (auto entry = open.telling.deleted(*record, now, how)) out.push_back(*std::move(entry));
  }
  co_return out;
}

/// Where deleted letters go; nothing: nowhere.
net::Task<Result<std::optional<mailbox::FolderId>>> find_trash(Session& session) {
  if (session.options().deletion != Deletion::kTrash) co_return std::nullopt;
  OpenMaildrop& open = session.open();
  PABAL_CO_TRY(const auto folders, co_await session.mailboxes().folders(open.login.account));
  const mailbox::Folder* const trash = folders->find_use(mailbox::SpecialUse::kTrash);
  if (trash == nullptr || trash->id == open.letters.folder()) co_return std::nullopt;
  co_return trash->id;
}

Step remove(Session& session) {
  OpenMaildrop& open = session.open();
  const Deleted deleted = still_there(session);
  if (deleted.uids.empty()) co_return Result<void>();
  PABAL_CO_TRY(const auto trash, co_await find_trash(session));
  const std::string_view how = trash ? "It is in the trash now" : "";
  PABAL_CO_TRY(auto entries, co_await entries_of(session, deleted, 0, how));
  if (trash) {
    PABAL_CO_TRY_VOID(co_await session.mailboxes().change(open.login.account,
                                                          mailbox::Transfer{.from = open.letters.folder(),
                                                                            .uids = deleted.uids,
                                                                            .to = *trash,
                                                                            .move = true,
                                                                            .entries = std::move(entries)}));
  } else {
    PABAL_CO_TRY_VOID(co_await session.mailboxes().change(open.login.account,
                                                          mailbox::Remove{.folder = open.letters.folder(),
                                                                          .uids = deleted.uids,
                                                                          .only_deleted = false,
                                                                          .entries = std::move(entries)}));
  }
  session.summary().deleted = deleted.letters.size();
  // Of more than a batch tells, right behind it.
  for (std::size_t told = kMaxToldInBatch; told < deleted.letters.size(); told += kMaxToldInBatch) {
    auto more = co_await entries_of(session, deleted, told, how);
    if (more) co_await open.telling.write(*std::move(more));
  }
  co_return Result<void>();
}

net::Task<void> mark_seen(Session& session) {
  OpenMaildrop& open = session.open();
  mailbox::UidSet uids = std::move(open.to_be_seen);
  if (session.options().deletion == Deletion::kRemove) {
    mailbox::UidSet going;
    for (const Position message : open.letters.deleted()) going.add(open.letters[message].uid);
    uids = uids.subtract(going);
  }
  if (uids.empty()) co_return;
  const auto marked = co_await session.mailboxes().change(
      open.login.account, mailbox::SetFlags{.folder = open.letters.folder(),
                                            .uids = std::move(uids),
                                            .how = mailbox::SetFlags::How::kAdd,
                                            .flags = {.system = mailbox::kSeen}});
  if (!marked)
    session.services().log.warn("letters that were fetched stay unseen",
                                {{"login", session.summary().login}, {"error", marked.error()}});
}

}  // namespace

Answer run_quit(Session& session, std::string_view rest) {
  if (auto read = parse_nothing(rest); !read) co_return bad(read.error().detail);
  session.end(SessionSummary::End::kQuit);
  if (session.state() == State::kAuthorization) co_return ok("Goodbye");
  // What has begun is not broken off because the server drains.
  const net::Context context = co_await net::current_context();
  co_await mark_seen(session).in({context.loop, nullptr});
  if (session.options().deletion == Deletion::kIgnore) co_return ok("Goodbye; letters are kept here");
  const Result<void> removed = co_await remove(session).in({context.loop, nullptr});
  if (!removed) {
    session.services().log.warn("deleted letters could not be removed",
                                {{"login", session.summary().login}, {"error", removed.error()}});
    co_return err("SYS/TEMP", "The messages that you deleted could not be removed; all are still here");
  }
  const std::size_t count = session.summary().deleted;
  co_return ok(count == 0 ? "Goodbye" : fmt::format("Goodbye; {} messages are gone", count));
}

}  // namespace pabal::pop3::detail
