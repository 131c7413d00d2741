// COPY and MOVE (RFC 9051 §6.4.7, §6.4.8, RFC 6851), told with COPYUID (RFC 4315). No byte of a letter is
// copied: within an account the letter is the same, and another account's is another one of the same blob.
#include "imap/commands/families.h"
#include "imap/detail/folders.h"
#include "imap/detail/message_limit.h"
#include "imap/grammar/store_commands.h"

namespace pabal::imap::detail {
namespace {

using mailbox::Right;

/// Of one command to another account: all of them come or none, so what is told of them is held at once.
constexpr std::size_t kMaxLettersElsewhere = 5'000;

std::string copy_uid(const mailbox::Transferred& done) {
  std::string out = fmt::format("COPYUID {} ", done.uid_validity);
  append_sequence_set(out, done.source);
  out += ' ';
  append_sequence_set(out, done.target);
  return out;
}

/// One COPY or MOVE under way.
struct Transfer {
  const FoundFolder& target;
  bool move = false;
  mailbox::UidSet uids;
  account::QuotaLimit quota;
  mailbox::Flags kept;  ///< RFC 4314 §4: flags that the client may not set there are lost
};

mailbox::Arrival arrival_of(Session& session, const Transfer& transfer, mailbox::LetterRecord letter) {
  mailbox::Arrival out{.letter = std::move(letter)};
  out.letter.recipient = transfer.target.home.login;
  out.letter.journey = session.services().journal.new_id();
  out.entry.id = out.letter.journey;
  journey::Event stored{.at = session.connection().loop().clock().wall(), .stage = journey::Stage::kStored};
  stored.add(journey::FactName::kProtocol, "IMAP COPY");
  stored.add(journey::FactName::kLogin, session.login());
  stored.add(journey::FactName::kFolder, transfer.target.path);
  stored.add(journey::FactName::kSize, std::to_string(out.letter.size_bytes()));
  out.entry.events.push_back(std::move(stored));
  out.quota = transfer.quota;
  out.folder = transfer.target->id;
  return out;
}

struct Copies {
  mailbox::UidSet source;
  mailbox::AppendAll letters;
};

net::Task<Result<Copies>> make_copies(Session& session, const Transfer& transfer) {
  const Selected& view = *session.selected();
  mailbox::Mailboxes& mailboxes = session.mailboxes();
  PABAL_CO_TRY(const mailbox::Table table, co_await mailboxes.open(view.account, view.folder));
  PABAL_CO_TRY(const mailbox::Folders folders, co_await mailboxes.folders(view.account));
  const mailbox::Folder* from = folders->find(view.folder);
  std::vector<mailbox::Row> rows;
  std::vector<mailbox::LetterId> ids;
  table->for_each(transfer.uids, [&](std::size_t, const mailbox::Row& row) {
    rows.push_back(row);
    ids.push_back(row.letter);
  });
  if (rows.size() > kMaxLettersElsewhere) {
    co_return fail(ErrorKind::kOverLimit, "{} letters are as many as may go to another account at once",
                   kMaxLettersElsewhere);
  }
  PABAL_CO_TRY(const mailbox::FactsPage facts, co_await mailboxes.load_facts(view.account, ids));
  PABAL_CO_TRY(auto records, co_await mailboxes.find_all(view.account, std::move(ids)));
  Copies out;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!records[i] || from == nullptr) continue;  // expunged meanwhile
    mailbox::Arrival letter = arrival_of(session, transfer, *std::move(records[i]));
    letter.facts = message::encode_facts(facts[i]);
    letter.flags = from->keywords.names_of(only(rows[i].flags, transfer.kept));
    out.letters.letters.push_back(std::move(letter));
    out.source.add(rows[i].uid);
  }
  co_return out;
}

// Two accounts are never changed together. The copy is durable before anything leaves, so that a crash
// between the two leaves a letter in both, and never in none.
net::Task<Result<mailbox::Transferred>> transfer_elsewhere(Session& session, const Transfer& transfer) {
  const Selected& view = *session.selected();
  PABAL_CO_TRY(Copies copies, co_await make_copies(session, transfer));
  if (copies.source.empty()) co_return mailbox::Transferred{};
  PABAL_CO_TRY(const mailbox::AppendedAll placed,
               co_await session.mailboxes().change(transfer.target.account(), std::move(copies.letters)));
  mailbox::Transferred out{.uid_validity = placed.uid_validity, .source = std::move(copies.source)};
  for (const mailbox::Placed& each : placed.placed) out.target.add(each.uid);
  if (transfer.move) {
    PABAL_CO_TRY(
        const mailbox::Removed removed,
        co_await session.mailboxes().change(
            view.account, mailbox::Remove{.folder = view.folder, .uids = out.source, .only_deleted = false}));
    out.mod_seq = removed.mod_seq;
  }
  co_return out;
}

net::Task<Result<mailbox::Transferred>> run(Session& session, const Transfer& transfer) {
  const Selected& view = *session.selected();
  if (transfer.target.account() != view.account) return transfer_elsewhere(session, transfer);
  return session.mailboxes().change(view.account, mailbox::Transfer{.from = view.folder,
                                                                    .uids = transfer.uids,
                                                                    .to = transfer.target->id,
                                                                    .move = transfer.move,
                                                                    .quota = transfer.quota,
                                                                    .kept = transfer.kept});
}

Answer transfer(Session& session, Request request, bool move) {
  Cursor in = request.arguments();
  const auto command = parse_transfer(in, session.dialect());
  if (!command) co_return bad(command.error().detail);
  const Selected& view = *session.selected();
  if (move && view.read_only) co_return no("NOPERM", "The mailbox is open read-only: SELECT it to change it");
  // RFC 6851 §4.2.
  if (move && !view.rights.has_all({Right::kDeleteLetters, Right::kExpunge})) co_return no_permission();
  auto positions = find_positions(view, command->set, request.by_uid);
  if (!positions) co_return bad(positions.error().detail);
  const Limited limited = limit_letters(session, *view.told, *std::move(positions));
  if (!move && !limited.code.empty()) co_return too_many_letters(session, limited.code);
  const auto target = co_await find_folder(session, command->mailbox);
  if (!target) co_return reply_for(target.error());
  if (auto refused = refusal(*target, {Right::kInsert}, "TRYCREATE")) co_return *std::move(refused);
  mailbox::UidSet uids = uids_of(*view.told, limited.positions);
  if (uids.empty()) co_return ok("There are none of those");
  const auto quota = co_await session.services().directory.load_quota_limit(target->account());
  if (!quota) co_return reply_for(quota.error());
  const Transfer transfer{.target = *target,
                          .move = move,
                          .uids = std::move(uids),
                          .quota = *quota,
                          .kept = mailbox::changeable_flags(target->rights)};
  const auto done = co_await run(session, transfer);
  if (!done) co_return reply_for(done.error(), "OVERQUOTA");
  if (done->source.empty()) co_return ok("They are gone already");
  Reply reply = ok(move ? "Moved" : "Copied");
  if (!move) {
    reply.code = copy_uid(*done);
    co_return reply;
  }
  // RFC 6851 §4.3: in an untagged OK, in front of the EXPUNGEs.
  session.out() += fmt::format("* OK [{}] Moved\r\n", copy_uid(*done));
  if (session.enabled().qresync) reply.code = fmt::format("HIGHESTMODSEQ {}", done->mod_seq);
  co_return with_limit(session, std::move(reply), limited.code);
}

}  // namespace

Answer run_copy(Session& session, Request request) { co_return co_await transfer(session, request, false); }
Answer run_move(Session& session, Request request) { co_return co_await transfer(session, request, true); }

}  // namespace pabal::imap::detail
