// COPY and MOVE (RFC 9051 §6.4.7, §6.4.8, RFC 6851), told with COPYUID (RFC 4315). Within the account no byte
// of a letter is copied.
#include "imap/commands/families.h"
#include "imap/detail/folders.h"
#include "imap/grammar/store_commands.h"

namespace pabal::imap::detail {
namespace {

std::string copy_uid(const mailbox::Transferred& done) {
  std::string out = fmt::format("COPYUID {} ", done.uid_validity);
  append_sequence_set(out, done.source);
  out += ' ';
  append_sequence_set(out, done.target);
  return out;
}

Answer transfer(Session& session, Request request, bool move) {
  Cursor in = request.arguments();
  const auto command = parse_transfer(in, session.dialect());
  if (!command) co_return bad(command.error().detail);
  Selected& view = *session.selected();
  if (move && view.read_only) co_return no("NOPERM", "The mailbox is open read-only: SELECT it to change it");
  const auto positions = find_positions(view, command->set, request.by_uid);
  if (!positions) co_return bad(positions.error().detail);
  const auto target = co_await find_folder(session, command->mailbox);
  if (!target) co_return reply_for(target.error());
  if (!*target) co_return no("TRYCREATE", "There is no mailbox of that name; CREATE it first");
  mailbox::UidSet uids = uids_of(*view.told, *positions);
  if (uids.empty()) co_return ok("There are none of those");
  const auto quota = co_await session.services().directory.load_quota_limit(session.account());
  if (!quota) co_return reply_for(quota.error());
  const auto done = co_await session.mailboxes().change(
      session.account(),
      mailbox::Transfer{
          .from = view.folder, .uids = std::move(uids), .to = (*target)->id, .move = move, .quota = *quota});
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
  co_return reply;
}

}  // namespace

Answer run_copy(Session& session, Request request) { co_return co_await transfer(session, request, false); }
Answer run_move(Session& session, Request request) { co_return co_await transfer(session, request, true); }

}  // namespace pabal::imap::detail
