// SETACL, DELETEACL, GETACL, LISTRIGHTS and MYRIGHTS (RFC 4314 §3). An identifier is the address of an
// account here, or "anyone", which is everybody who is logged in; one with "-" in front takes rights away.
// Whoever owns the folder has all rights, and shows in lists as if an entry said so.
#include <algorithm>

#include "imap/commands/families.h"
#include "imap/detail/folders.h"
#include "imap/grammar/admin_commands.h"
#include "imap/grammar/mailbox_commands.h"
#include "imap/grammar/mailbox_name.h"
#include "imap/grammar/write_responses.h"
#include "imap/grammar/write_string.h"

namespace pabal::imap::detail {
namespace {

using mailbox::Right;
using mailbox::Rights;

constexpr std::string_view kAnyoneName = "anyone";

struct Identifier {
  account::AccountId who;
  bool negative = false;
};

/// kRefuse: it is nobody.
net::Task<Result<Identifier>> find_identifier(Session& session, std::string_view text) {
  Identifier out;
  out.negative = text.starts_with('-');
  if (out.negative) text.remove_prefix(1);
  if (text == kAnyoneName) co_return out;
  if (auto address = account::Address::parse(text)) {
    PABAL_CO_TRY(const auto found,
                 co_await session.services().directory.find_account_by_address(*std::move(address)));
    if (found) {
      out.who = found->id;
      co_return out;
    }
  }
  co_return fail(ErrorKind::kRefuse, "An identifier is the address of an account here, or anyone");
}

/// The folder, if the client may see and change who has which rights.
net::Task<Result<FoundFolder>> find_administered(Session& session, const std::string& path,
                                                 std::optional<Reply>& refused) {
  PABAL_CO_TRY(FoundFolder found, co_await find_folder(session, path));
  refused = refusal(found, {Right::kAdminister});
  co_return found;
}

struct Change {
  std::string mailbox;
  std::string identifier;
  mailbox::SetAcl::How how = mailbox::SetAcl::How::kReplace;
  Rights rights = {};
};

Answer set_acl(Session& session, Change change) {
  using How = mailbox::SetAcl::How;
  if (change.identifier.empty() || change.identifier == "-") co_return bad("An identifier is not empty");
  std::optional<Reply> refused;
  const auto found = co_await find_administered(session, change.mailbox, refused);
  if (!found) co_return reply_for(found.error());
  if (refused) co_return *std::move(refused);
  const auto identifier = co_await find_identifier(session, change.identifier);
  if (!identifier) co_return reply_for(identifier.error());
  if (identifier->who == found->account())
    co_return no("CANNOT", "Whoever owns a mailbox has all rights, for good");
  // What may give rights is noted before it does (mailbox/shares.h).
  if (!identifier->negative && change.how != How::kRemove && !change.rights.empty()) {
    mailbox::Shares shares = shares_of(session);
    const auto noted = co_await shares.note(identifier->who, found->account());
    if (!noted) co_return reply_for(noted.error());
  }
  const auto changed = co_await session.mailboxes().change(
      found->account(),
      mailbox::SetAcl{
          .folder = (*found)->id,
          .entry = {.who = identifier->who, .negative = identifier->negative, .rights = change.rights},
          .how = change.how});
  if (!changed) co_return reply_for(changed.error());
  co_return ok("So it is from now on");
}

mailbox::SetAcl::How how_of(SetAclCommand::How how) {
  switch (how) {
    case SetAclCommand::How::kAdd:
      return mailbox::SetAcl::How::kAdd;
    case SetAclCommand::How::kRemove:
      return mailbox::SetAcl::How::kRemove;
    case SetAclCommand::How::kReplace:
      break;
  }
  return mailbox::SetAcl::How::kReplace;
}

}  // namespace

Answer run_setacl(Session& session, Request request) {
  Cursor in = request.arguments();
  auto command = parse_setacl(in, session.dialect());
  if (!command) co_return bad(command.error().detail);
  const auto rights = Rights::parse(command->rights);
  if (!rights) co_return bad(rights.error().detail);
  co_return co_await set_acl(session, {.mailbox = std::move(command->mailbox),
                                       .identifier = std::move(command->identifier),
                                       .how = how_of(command->how),
                                       .rights = *rights});
}

Answer run_deleteacl(Session& session, Request request) {
  Cursor in = request.arguments();
  auto command = parse_acl_subject(in, session.dialect());
  if (!command) co_return bad(command.error().detail);
  co_return co_await set_acl(
      session, {.mailbox = std::move(command->mailbox), .identifier = std::move(command->identifier)});
}

Answer run_getacl(Session& session, Request request) {
  Cursor in = request.arguments();
  const auto path = parse_one_mailbox(in, session.dialect());
  if (!path) co_return bad(path.error().detail);
  std::optional<Reply> refused;
  const auto found = co_await find_administered(session, *path, refused);
  if (!found) co_return reply_for(found.error());
  if (refused) co_return *std::move(refused);
  std::string line = "* ACL ";
  append_mailbox(line, *path, session.dialect());
  const auto add = [&](const std::string& identifier, Rights rights) {
    line += ' ';
    append_astring(line, identifier, session.dialect());
    line += ' ' + rights.to_string();
  };
  add(found->home.login, Rights::all());
  for (const mailbox::AclEntry& entry : (*found)->acl.entries()) {
    std::string identifier(entry.negative ? "-" : "");
    if (entry.who == mailbox::kAnyone) {
      identifier += kAnyoneName;
    } else {
      const auto who = co_await session.services().directory.find_account(entry.who);
      if (!who) co_return reply_for(who.error());
      if (!*who) continue;  // the account was removed, and nobody gets its number again
      identifier += (*who)->login().to_string();
    }
    add(identifier, entry.rights);
  }
  session.out() += line + "\r\n";
  co_return ok("Those are all");
}

Answer run_listrights(Session& session, Request request) {
  Cursor in = request.arguments();
  const auto command = parse_acl_subject(in, session.dialect());
  if (!command) co_return bad(command.error().detail);
  if (command->identifier.empty() || command->identifier == "-") co_return bad("An identifier is not empty");
  std::optional<Reply> refused;
  const auto found = co_await find_administered(session, command->mailbox, refused);
  if (!found) co_return reply_for(found.error());
  if (refused) co_return *std::move(refused);
  const auto identifier = co_await find_identifier(session, command->identifier);
  if (!identifier) co_return reply_for(identifier.error());
  std::string& out = session.out();
  out += "* LISTRIGHTS ";
  append_mailbox(out, command->mailbox, session.dialect());
  out += ' ';
  append_astring(out, command->identifier, session.dialect());
  // No right is tied to another one.
  out += identifier->who == found->account() && !identifier->negative
             ? fmt::format(" {}\r\n", Rights::all().to_string())
             : std::string(" \"\" l r s w i p k x t e a c d\r\n");
  co_return ok("Those are all");
}

Answer run_myrights(Session& session, Request request) {
  Cursor in = request.arguments();
  const auto path = parse_one_mailbox(in, session.dialect());
  if (!path) co_return bad(path.error().detail);
  const auto found = co_await find_folder(session, *path);
  if (!found) co_return reply_for(found.error());
  if (!*found || !found->rights.has_any(kRightsToKnow)) co_return no_such_folder();
  append_my_rights(session.out(), *path, found->rights, session.dialect());
  co_return ok("Those are all");
}

}  // namespace pabal::imap::detail
