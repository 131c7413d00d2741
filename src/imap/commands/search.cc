// SEARCH and UID SEARCH (RFC 9051 §6.4.4, RFC 4731, RFC 5182, RFC 9394), their updates (RFC 5267), and
// ESEARCH, which looks into many mailboxes (RFC 7377).
#include "imap/grammar/search_command.h"

#include <algorithm>

#include "imap/commands/families.h"
#include "imap/detail/mailbox_filters.h"
#include "imap/detail/search_contexts.h"
#include "imap/detail/searching.h"
#include "imap/grammar/write_responses.h"

namespace pabal::imap::detail {
namespace {

Result<Reply> refused(const Error& error) {
  if (error.kind == ErrorKind::kRefuse) return bad(error.detail);
  return reply_or_end(error);
}

bool is_of_selected(const EsearchCommand& command) {
  return std::ranges::all_of(command.sources, &MailboxFilter::is_selected);
}

// RFC 7377 §2.2.
std::optional<Reply> objection(Session& session, const EsearchCommand& command, std::string_view tag) {
  const bool names_selected =
      command.sources.empty() || std::ranges::any_of(command.sources, &MailboxFilter::is_selected);
  if (names_selected && session.selected() == nullptr) return bad("Select a mailbox first");
  if (command.wanted.save && !is_of_selected(command))
    return bad("SAVE is for the selected mailbox alone (RFC 7377, section 2.2)");
  return objection(session, command.program, command.wanted, tag);
}

Step tell_found(Session& session, const Request& request, const EsearchCommand& command, const Found& found,
                const FilteredFolder& place) {
  std::vector<std::uint32_t> uids;
  uids.reserve(found.positions.size());
  for (const std::uint32_t position : found.positions) uids.push_back((*found.table)[position].uid.value());
  answer_extended(session, {.tag = request.tag,
                            .by_uid = true,
                            .wanted = command.wanted,
                            .found = found,
                            .numbers = uids,
                            .tells_mod_seq = command.program.uses_mod_seq,
                            .mailbox = place.path,
                            .uid_validity = place.folder->uid_validity});
  co_return co_await session.flush();
}

}  // namespace

Answer run_search(Session& session, Request request) {
  Cursor in = request.arguments();
  auto command = parse_search(in, session.dialect());
  if (!command) co_return refused_command(command.error());
  SearchReturn& wanted = command->wanted;
  // RFC 5182 §2.1: whatever goes wrong, "$" is empty then.
  if (wanted.save && !command->program.charset_known) session.selected()->found = {};
  if (auto refusal = objection(session, command->program, wanted, request.tag)) co_return *std::move(refusal);
  if (command->program.uses_mod_seq) session.enabled().condstore = true;
  const auto found = co_await find_letters(session, command->program);
  if (!found) {
    if (wanted.save) session.selected()->found = {};
    co_return refused(found.error());
  }
  const std::vector<std::uint32_t> numbers = numbers_of(session, *found, request.by_uid);
  if (!wanted.given && session.enabled().imap4rev2) wanted.all = true;  // RFC 9051 §6.4.4
  if (wanted.given || session.enabled().imap4rev2) {
    answer_extended(session, {.tag = request.tag,
                              .by_uid = request.by_uid,
                              .wanted = wanted,
                              .found = *found,
                              .numbers = numbers,
                              .tells_mod_seq = command->program.uses_mod_seq});
  } else {
    const bool tells_mod_seq = command->program.uses_mod_seq && !numbers.empty();
    append_search(session.out(), numbers,
                  tells_mod_seq ? std::optional(highest_mod_seq(*found)) : std::nullopt);
  }
  if (wanted.update) {
    watch_result(
        session,
        {.tag = std::string(request.tag), .by_uid = request.by_uid, .program = std::move(command->program)},
        *found);
  }
  co_return ok("Those are all");
}

Answer run_esearch(Session& session, Request request) {
  Cursor in = request.arguments();
  auto command = parse_esearch(in, session.dialect());
  if (!command) co_return refused_command(command.error());
  SearchReturn& wanted = command->wanted;
  if (auto refusal = objection(session, *command, request.tag)) co_return *std::move(refusal);
  if (command->program.uses_mod_seq) session.enabled().condstore = true;
  if (!wanted.given) wanted.all = true;  // RFC 7377 §2.1
  if (wanted.save) session.selected()->found = {};
  const bool shared = command->sources.empty() || may_be_shared(command->sources);
  const auto homes = co_await find_homes(session, shared);
  if (!homes) co_return reply_for(homes.error());
  for (const FilteredFolder& place : find_filtered(session, command->sources, *homes)) {
    const auto found = co_await find_letters_in(session, command->program, place.account, place.folder->id);
    if (!found && found.error().kind == ErrorKind::kRefuse) continue;  // it is gone meanwhile
    if (!found) co_return reply_or_end(found.error());
    if (found->positions.empty()) continue;
    PABAL_CO_TRY_VOID(co_await tell_found(session, request, *command, *found, place));
  }
  if (wanted.update) {
    const auto found = co_await find_letters(session, command->program);
    if (!found) co_return refused(found.error());
    watch_result(session,
                 {.tag = std::string(request.tag), .by_uid = true, .program = std::move(command->program)},
                 *found);
  }
  co_return ok("Those are all");
}

Answer run_cancelupdate(Session& session, Request request) {
  Cursor in = request.arguments();
  const auto tags = parse_cancelupdate(in, session.dialect());
  if (!tags) co_return bad(tags.error().detail);
  for (const std::string& tag : *tags) cancel_context(session, tag);
  co_return ok("No further updates");
}

}  // namespace pabal::imap::detail
