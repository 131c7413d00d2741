// STAT, LIST, UIDL: what is in the maildrop. DELE, RSET: what of it is to go (RFC 1939 §5, §7).
#include "pop3/commands/families.h"
#include "pop3/grammar/command.h"

namespace pabal::pop3::detail {
namespace {

// Lines of a long list that are written between two looks at how much waits to be sent.
constexpr std::size_t kSomeLines = 256;

void append_size(std::string& out, const Maildrop& letters, Position message) {
  fmt::format_to(std::back_inserter(out), "{} {}", message + 1, letters[message].size_bytes);
}
void append_id(std::string& out, const Maildrop& letters, Position message) {
  fmt::format_to(std::back_inserter(out), "{} ", message + 1);
  letters.append_unique_id(out, message);
}

/// Of one message, or a line each of all.
template <class Append>
Answer tell_list(Session& session, std::string_view rest, std::string_view title, Append append) {
  const auto number = parse_optional_number(rest);
  if (!number) co_return bad(number.error().detail);
  const Maildrop& letters = session.open().letters;
  std::string& out = session.out();
  if (*number) {
    const auto message = find_message(session, **number);
    if (!message) co_return message.error();
    out += "+OK ";
    append(out, letters, *message);
    out += "\r\n";
    co_return said();
  }
  fmt::format_to(std::back_inserter(out), "+OK {} ({} messages)\r\n", title, letters.count());
  for (Position message = 0; message < letters.size(); ++message) {
    if (letters.is_deleted(message)) continue;
    append(out, letters, message);
    out += "\r\n";
    if (message % kSomeLines == 0) PABAL_CO_TRY_VOID(co_await session.flush());
  }
  out += ".\r\n";
  co_return said();
}

}  // namespace

std::expected<Position, Reply> find_message(Session& session, std::uint32_t number) {
  const Maildrop& letters = session.open().letters;
  if (number > letters.size())
    return std::unexpected(
        err("", fmt::format("There is no message {}; there are {}", number, letters.size())));
  if (letters.is_deleted(number - 1))
    return std::unexpected(err("", fmt::format("You deleted message {}; RSET brings it back", number)));
  return number - 1;
}

Answer run_stat(Session& session, std::string_view rest) {
  if (auto read = parse_nothing(rest); !read) co_return bad(read.error().detail);
  const Maildrop& letters = session.open().letters;
  co_return ok(fmt::format("{} {}", letters.count(), letters.bytes()));
}

Answer run_list(Session& session, std::string_view rest) {
  return tell_list(session, rest, "Messages with their sizes", append_size);
}

Answer run_uidl(Session& session, std::string_view rest) {
  return tell_list(session, rest, "Messages with their names", append_id);
}

Answer run_dele(Session& session, std::string_view rest) {
  const auto number = parse_message_number(rest);
  if (!number) co_return bad(number.error().detail);
  const auto message = find_message(session, *number);
  if (!message) co_return message.error();
  session.open().letters.mark_deleted(*message);
  co_return ok(fmt::format("Message {} goes when you QUIT", *number));
}

Answer run_rset(Session& session, std::string_view rest) {
  if (auto read = parse_nothing(rest); !read) co_return bad(read.error().detail);
  Maildrop& letters = session.open().letters;
  letters.unmark_all();
  co_return ok(fmt::format("The maildrop has {} messages ({} octets)", letters.count(), letters.bytes()));
}

Answer run_noop(Session&, std::string_view rest) {
  if (auto read = parse_nothing(rest); !read) co_return bad(read.error().detail);
  co_return ok("");
}

}  // namespace pabal::pop3::detail
