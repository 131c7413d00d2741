// SEARCH and UID SEARCH (RFC 9051 §6.4.4, RFC 4731, RFC 5182, RFC 9394).
#include "imap/grammar/search_command.h"

#include "imap/commands/families.h"
#include "imap/detail/searching.h"
#include "imap/grammar/write_responses.h"

namespace pabal::imap::detail {

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
    co_return found.error().kind == ErrorKind::kRefuse ? Result<Reply>(bad(found.error().detail))
                                                       : reply_or_end(found.error());
  }
  const std::vector<std::uint32_t> numbers = numbers_of(session, *found, request.by_uid);
  if (!wanted.given && session.enabled().imap4rev2) wanted.all = true;  // RFC 9051 §6.4.4
  if (wanted.given || session.enabled().imap4rev2) {
    answer_extended(session, request, wanted, *found, numbers, command->program.uses_mod_seq);
  } else {
    const bool tells_mod_seq = command->program.uses_mod_seq && !numbers.empty();
    append_search(session.out(), numbers,
                  tells_mod_seq ? std::optional(highest_mod_seq(*found)) : std::nullopt);
  }
  co_return ok("Those are all");
}

}  // namespace pabal::imap::detail
