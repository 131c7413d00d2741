// APPEND (RFC 9051 §6.3.12), of several letters too (RFC 3502) and of pieces of others (RFC 4469), and
// REPLACE (RFC 8508); both told with APPENDUID (RFC 4315).
#include "imap/commands/families.h"
#include "imap/detail/intake.h"
#include "imap/grammar/append_command.h"

namespace pabal::imap::detail {
namespace {

/// In one command: a program that carries a mailbox over sends some hundred at a time.
constexpr std::size_t kMaxLetters = 5'000;

std::string append_uid(const mailbox::AppendedAll& stored) {
  std::string out = fmt::format("APPENDUID {} ", stored.uid_validity);
  SequenceWriter uids(out);
  for (const mailbox::Placed& placed : stored.placed) uids.add(placed.uid.value());
  uids.finish();
  return out;
}

/// The row that goes; nothing if the client does not know such a one.
std::optional<mailbox::Row> find_row(const Selected& view, std::uint32_t number, bool by_uid) {
  const mailbox::FolderTable& table = *view.told;
  if (table.empty()) return {};
  if (number == SequenceSet::kStar) return table[table.size() - 1];
  if (!by_uid) return number <= table.size() ? std::optional(table[number - 1]) : std::nullopt;
  const auto position = table.find(mailbox::Uid(number));
  return position ? std::optional(table[*position]) : std::nullopt;
}

// In another account the new letter is durable before the old one goes, so that a crash between the two
// leaves both.
net::Task<Result<mailbox::AppendedAll>> replace(Session& session, const Selected& view, Intake intake,
                                                mailbox::Uid old) {
  mailbox::Mailboxes& mailboxes = session.mailboxes();
  const account::AccountId account = intake.account();
  std::vector<mailbox::Arrival> letters = std::move(intake).letters();
  if (account == view.account) {
    co_return co_await mailboxes.change(
        account, mailbox::Replace{.arrival = std::move(letters.front()), .folder = view.folder, .uid = old});
  }
  PABAL_CO_TRY(mailbox::AppendedAll stored,
               co_await mailboxes.change(account, mailbox::AppendAll{std::move(letters)}));
  PABAL_CO_TRY(const mailbox::Removed removed,
               co_await mailboxes.change(view.account, mailbox::Remove{.folder = view.folder,
                                                                       .uids = mailbox::UidSet({old, old}),
                                                                       .only_deleted = false}));
  stored.mod_seq = removed.mod_seq;
  co_return stored;
}

}  // namespace

Answer run_append(Session& session, Request request) {
  Cursor in = request.arguments();
  auto path = parse_append(in, session.dialect());
  if (!path) co_return bad(path.error().detail);
  PABAL_CO_TRY(auto target, co_await find_target(session, *std::move(path)));
  if (auto* refused = std::get_if<Reply>(&target)) co_return std::move(*refused);
  std::get<Intake::Target>(target).most_letters = kMaxLetters;
  Intake intake(session, std::get<Intake::Target>(std::move(target)));
  auto refusal = co_await intake.take(in);
  if (!refusal) co_return reply_or_end(refusal.error());
  if (*refusal) co_return **std::move(refusal);
  const auto stored =
      co_await session.mailboxes().change(intake.account(), mailbox::AppendAll{std::move(intake).letters()});
  if (!stored) co_return reply_for(stored.error(), "OVERQUOTA");
  co_return Reply{Reply::Status::kOk, append_uid(*stored), "Stored"};
}

Answer run_replace(Session& session, Request request) {
  Cursor in = request.arguments();
  auto command = parse_replace(in, session.dialect());
  if (!command) co_return bad(command.error().detail);
  const Selected& view = *session.selected();
  if (view.read_only) co_return no("NOPERM", "The mailbox is open read-only: SELECT it to change it");
  // RFC 8508 §4.1.
  if (!view.rights.has_all({mailbox::Right::kDeleteLetters, mailbox::Right::kExpunge}))
    co_return no_permission();
  const auto old = find_row(view, command->number, request.by_uid);
  if (!old && !request.by_uid) co_return bad("There is no letter of that number here");
  if (!old) co_return no("NONEXISTENT", "There is no letter of that UID here");
  PABAL_CO_TRY(auto target, co_await find_target(session, std::move(command->mailbox)));
  if (auto* refused = std::get_if<Reply>(&target)) co_return std::move(*refused);
  if (std::get<Intake::Target>(target).account == view.account)
    std::get<Intake::Target>(target).freed_bytes = old->size_bytes;
  Intake intake(session, std::get<Intake::Target>(std::move(target)));
  auto refusal = co_await intake.take(in);
  if (!refusal) co_return reply_or_end(refusal.error());
  if (*refusal) co_return **std::move(refusal);
  const auto stored = co_await replace(session, view, std::move(intake), old->uid);
  if (!stored) co_return reply_for(stored.error(), "OVERQUOTA");
  // RFC 8508 §4.3: in an untagged OK, in front of the EXPUNGE.
  session.out() += fmt::format("* OK [{}] Its replacement is there\r\n", append_uid(*stored));
  Reply reply = ok("Replaced");
  if (session.enabled().qresync) reply.code = fmt::format("HIGHESTMODSEQ {}", stored->mod_seq);
  co_return reply;
}

}  // namespace pabal::imap::detail
