#include "imap/detail/message_limit.h"

#include <algorithm>

namespace pabal::imap::detail {
namespace {

constexpr std::string_view kWords = "That was the last of them; go on with the others";

}  // namespace

Limited limit_letters(const Session& session, const mailbox::FolderTable& table, Positions positions) {
  const std::size_t most = session.options().max_letters_of_command;
  if (most == 0 || count_numbers(positions) <= most) return {.positions = std::move(positions)};
  Limited out;
  for (std::size_t left = most; left > 0; positions.pop_back()) {
    NumberRange last = positions.back();
    const auto size = static_cast<std::uint32_t>(std::min<std::size_t>(last.last - last.first + 1, left));
    last.first = last.last - size + 1;
    left -= size;
    out.positions.push_back(last);
  }
  std::ranges::reverse(out.positions);
  out.code = fmt::format("MESSAGELIMIT {} {}", most, table[out.positions.front().first].uid);
  return out;
}

Reply too_many_letters(const Session& session, std::string code) {
  return no(code,
            fmt::format("One command may take {} letters here", session.options().max_letters_of_command));
}

Reply with_limit(Session& session, Reply reply, const std::string& code) {
  if (code.empty()) return reply;
  if (reply.code.empty() && reply.status == Reply::Status::kOk) {
    reply.code = code;
    reply.text = kWords;
  } else {
    session.out() += fmt::format("* NO [{}] {}\r\n", code, kWords);
  }
  return reply;
}

}  // namespace pabal::imap::detail
