// CREATE, DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE (RFC 9051 §6.3.4 to §6.3.8, RFC 6154 §3, RFC 8474 §4).
#include "imap/detail/folders.h"

#include "imap/commands/families.h"
#include "imap/detail/notify.h"
#include "imap/grammar/mailbox_commands.h"
#include "imap/grammar/object_id.h"
#include "mailbox/metadata.h"

namespace pabal::imap::detail {

Answer run_create(Session& session, Request request) {
  Cursor in = request.arguments();
  const auto command = parse_create(in, session.dialect());
  if (!command) co_return bad(command.error().detail);
  if (command->unknown_use || command->uses.size() > 1) {
    co_return no("USEATTR", command->unknown_use ? "There is no special use of that name"
                                                 : "A mailbox has one special use here");
  }
  const auto there = co_await find_folder(session, command->mailbox);
  if (!there) co_return reply_for(there.error());
  if (!rights_above(session, *there).has(mailbox::Right::kCreateFolders)) co_return no_permission();
  if (*there) co_return no("ALREADYEXISTS", "There is a mailbox of that name already");
  if (!there->home.own() && !command->uses.empty())
    co_return no("USEATTR", "Only its owner says what a mailbox is for");
  const auto use = command->uses.empty() ? mailbox::SpecialUse::kNone : command->uses.front();
  if (use != mailbox::SpecialUse::kNone && there->home.folders->find_use(use) != nullptr)
    co_return no("USEATTR", "Another mailbox has that special use");
  const auto made =
      co_await session.mailboxes().change(there->account(), mailbox::CreateFolder{there->path, use});
  if (!made && made.error().kind == ErrorKind::kRefuse) co_return no("CANNOT", made.error().detail);
  if (!made) co_return reply_for(made.error());
  Reply reply = ok("It is there");
  reply.code = "MAILBOXID (";
  append_mailbox_id(reply.code, made->folder, there->home.other());
  reply.code += ')';
  co_return reply;
}

Answer run_delete(Session& session, Request request) {
  Cursor in = request.arguments();
  const auto path = parse_one_mailbox(in, session.dialect());
  if (!path) co_return bad(path.error().detail);
  const auto folder = co_await find_any_folder(session, *path);
  if (!folder) co_return reply_for(folder.error());
  if (auto refused = refusal(*folder, {mailbox::Right::kDeleteFolder})) co_return *std::move(refused);
  if ((*folder)->id == mailbox::kInbox) co_return no("CANNOT", "INBOX can't be deleted");
  if ((*folder)->placeholder) co_return no("HASCHILDREN", "Delete what is below it first");
  const mailbox::FolderId id = (*folder)->id;
  const auto gone = co_await session.mailboxes().change(folder->account(), mailbox::DeleteFolder{id});
  if (!gone) co_return reply_for(gone.error());
  const Selected* open = session.selected();
  if (open != nullptr && open->account == folder->account() && open->folder == id) {
    session.unselect();
    session.out() += "* OK [CLOSED] You deleted what was open\r\n";
  }
  co_return ok("It is gone");
}

Answer run_rename(Session& session, Request request) {
  Cursor in = request.arguments();
  const auto command = parse_rename(in, session.dialect());
  if (!command) co_return bad(command.error().detail);
  const auto from = co_await find_any_folder(session, command->from);
  if (!from) co_return reply_for(from.error());
  if (auto refused = refusal(*from, {mailbox::Right::kDeleteFolder})) co_return *std::move(refused);
  if (!from->home.own() && (*from)->id == mailbox::kInbox) co_return no_permission();
  const auto to = co_await find_folder(session, command->to);
  if (!to) co_return reply_for(to.error());
  if (!rights_above(session, *to).has(mailbox::Right::kCreateFolders)) co_return no_permission();
  if (to->account() != from->account()) co_return no("CANNOT", "Mailboxes stay with their owner");
  if (*to) co_return no("ALREADYEXISTS", "There is a mailbox of that name already");
  const auto renamed =
      co_await session.mailboxes().change(from->account(), mailbox::RenameFolder{(*from)->id, to->path});
  if (!renamed && renamed.error().kind == ErrorKind::kRefuse) co_return no("CANNOT", renamed.error().detail);
  if (!renamed) co_return reply_for(renamed.error());
  // RFC 5464 §4.1: the inbox keeps its notes, and its letters take them along.
  if ((*from)->id == mailbox::kInbox) {
    mailbox::Metadata metadata(session.services().engine, session.account());
    auto notes = co_await metadata.load(mailbox::kInbox);
    if (notes && !notes->empty()) {
      mailbox::MetadataEdits copy(notes->begin(), notes->end());
      std::ignore = co_await metadata.set(renamed->folder, std::move(copy));
    }
  }
  co_return ok("It has its new name");
}

namespace {

Answer set_subscribed(Session& session, Request request, bool subscribed) {
  Cursor in = request.arguments();
  const auto path = parse_one_mailbox(in, session.dialect());
  if (!path) co_return bad(path.error().detail);
  const auto folder = co_await find_any_folder(session, *path);
  if (!folder) co_return reply_for(folder.error());
  if (!*folder && !subscribed) co_return ok("It was not there");
  if (subscribed) {
    if (auto refused = refusal(*folder, {mailbox::Right::kLookup})) co_return *std::move(refused);
  }
  if (!folder->home.own()) {
    mailbox::Shares shares = shares_of(session);
    const auto changed =
        co_await shares.set_subscribed(session.account(), folder->account(), (*folder)->id, subscribed);
    if (!changed) co_return reply_for(changed.error());
    if (session.notifier() != nullptr)
      session.notifier()->set_subscribed(folder->account(), (*folder)->id, subscribed);
    co_return ok("Done");
  }
  if ((*folder)->subscribed == subscribed) co_return ok("So it was already");
  const auto changed = co_await session.mailboxes().change(session.account(),
                                                           mailbox::SetSubscribed{(*folder)->id, subscribed});
  if (!changed) co_return reply_for(changed.error());
  co_return ok("Done");
}

}  // namespace

Answer run_subscribe(Session& session, Request request) {
  co_return co_await set_subscribed(session, request, true);
}

Answer run_unsubscribe(Session& session, Request request) {
  co_return co_await set_subscribed(session, request, false);
}

}  // namespace pabal::imap::detail
