// What may be said at any time (RFC 9051 §6.1), and what is about the session itself: ID (RFC 2971), ENABLE
// (RFC 5161), NAMESPACE (RFC 2342).
#include <algorithm>

#include "imap/commands/families.h"
#include "imap/detail/metadata.h"
#include "imap/grammar/session_commands.h"
#include "imap/grammar/write_string.h"

namespace pabal::imap::detail {
namespace {

/// Only what is wholly there.
constexpr std::string_view kBeforeLogin = "IMAP4rev1 IMAP4rev2 LITERAL+ SASL-IR ENABLE ID IDLE";
constexpr std::string_view kInside =
    " NAMESPACE CHILDREN UNSELECT UIDPLUS MOVE CONDSTORE QRESYNC ESEARCH SEARCHRES MULTISEARCH WITHIN CONTEXT=SEARCH CONTEXT=SORT INPROGRESS"
    " SORT SORT=DISPLAY ESORT THREAD=ORDEREDSUBJECT THREAD=REFERENCES I18NLEVEL=1 PARTIAL UIDONLY"
    " LIST-EXTENDED LIST-STATUS SPECIAL-USE CREATE-SPECIAL-USE STATUS=SIZE BINARY MULTIAPPEND CATENATE"
    " REPLACE OBJECTID SAVEDATE PREVIEW QUOTA QUOTA=RES-STORAGE METADATA LIST-METADATA UTF8=ACCEPT ACL RIGHTS=texk"
    " LIST-MYRIGHTS NOTIFY";

/// That there is a binding is all that matters here; the exporter's would cost key derivations in each
/// greeting.
account::ClientInfo brief_client_info(net::Connection& connection) {
  const net::Stream& stream = connection.stream();
  account::ClientInfo client{
      .protocol = account::Protocol::kImap, .peer = stream.peer(), .tls = stream.encrypted()};
  if (auto hash = stream.channel_binding(net::ChannelBinding::kTlsServerEndPoint))
    client.bindings.push_back({"tls-server-end-point", *std::move(hash)});
  return client;
}

}  // namespace

std::string capabilities(Session& session) {
  std::string out(kBeforeLogin);
  if (session.state() != State::kGreeted) {
    out += kInside;
    if (!session.enabled().compressed) out += " COMPRESS=DEFLATE";
    out += fmt::format(" APPENDLIMIT={}", session.options().max_letter_bytes);
    const std::size_t letters = session.options().max_letters_of_command;
    if (letters > 0) out += fmt::format(" MESSAGELIMIT={}", letters);
    return out;
  }
  net::Connection& connection = session.connection();
  if (session.options().tls != nullptr && !connection.encrypted()) out += " STARTTLS";
  const auto mechanisms = session.services().authenticator.mechanisms(brief_client_info(connection));
  for (const account::SaslName name : mechanisms) out += fmt::format(" AUTH={}", account::to_string(name));
  if (mechanisms.empty()) out += " LOGINDISABLED";
  return out;
}

Answer run_capability(Session& session, Request request) {
  Cursor in = request.arguments();
  if (auto read = parse_no_arguments(in, session.dialect()); !read) co_return bad(read.error().detail);
  session.out() += fmt::format("* CAPABILITY {}\r\n", capabilities(session));
  co_return ok("That is what we speak");
}

Answer run_noop(Session& session, Request request) {
  Cursor in = request.arguments();
  if (auto read = parse_no_arguments(in, session.dialect()); !read) co_return bad(read.error().detail);
  co_return ok("Done");
}

Answer run_logout(Session& session, Request request) {
  Cursor in = request.arguments();
  if (auto read = parse_no_arguments(in, session.dialect()); !read) co_return bad(read.error().detail);
  session.out() += "* BYE See you\r\n";
  session.end(SessionSummary::End::kLogout);
  co_return ok("Logged out");
}

Answer run_id(Session& session, Request request) {
  Cursor in = request.arguments();
  const auto command = parse_id(in, session.dialect());
  if (!command) co_return bad(command.error().detail);
  std::string client;
  for (const auto& [name, value] : command->fields) {
    if (name == "name" || name == "version") client += value.value_or("") + " ";
  }
  session.services().log.debug("client names itself", {{"client", client}});
  session.out() += "* ID (\"name\" \"Pabal\")\r\n";
  co_return ok("Pleased to meet you");
}

Answer run_enable(Session& session, Request request) {
  Cursor in = request.arguments();
  const auto command = parse_enable(in, session.dialect());
  if (!command) co_return bad(command.error().detail);
  Enabled& enabled = session.enabled();
  const std::pair<std::string_view, bool Enabled::*> known[] = {
      {"IMAP4REV2", &Enabled::imap4rev2}, {"UTF8=ACCEPT", &Enabled::utf8}, {"CONDSTORE", &Enabled::condstore},
      {"QRESYNC", &Enabled::qresync},     {"UIDONLY", &Enabled::uid_only}, {"METADATA", &Enabled::metadata},
  };
  const bool had_metadata = enabled.metadata;
  std::string now;
  for (const auto& [name, flag] : known) {
    if (std::ranges::find(command->capabilities, name) == command->capabilities.end()) continue;
    if (enabled.*flag) continue;
    enabled.*flag = true;
    now += ' ';
    now += name == "IMAP4REV2" ? "IMAP4rev2" : name;
  }
  // RFC 7162 §3.2.3: whoever has QRESYNC has CONDSTORE.
  if (enabled.qresync) enabled.condstore = true;
  session.renew_dialect();
  // What is there by now is no news.
  if (!had_metadata && enabled.metadata) {
    mailbox::Metadata metadata(session.services().engine, session.account());
    const auto latest = co_await metadata.changes_since(UINT64_MAX);
    if (!latest) co_return reply_for(latest.error());
    session.metadata_told() = latest->last;
  }
  session.out() += fmt::format("* ENABLED{}\r\n", now);
  co_return ok("Enabled");
}

Answer run_namespace(Session& session, Request request) {
  Cursor in = request.arguments();
  if (auto read = parse_no_arguments(in, session.dialect()); !read) co_return bad(read.error().detail);
  session.out() += fmt::format("* NAMESPACE ((\"\" \"{0}\")) ((\"{1}{0}\" \"{0}\")) NIL\r\n",
                               mailbox::kPathSeparator, mailbox::kSharedName);
  co_return ok("Those are all");
}

}  // namespace pabal::imap::detail
