#include "smtp/reply.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/cursor.h"
#include "base/utf8.h"

namespace pabal::smtp {
namespace {

/// "250-2.1.0 " and CRLF leave so much for text; the longest enhanced code is 9 bytes.
constexpr std::size_t kMaxReplyTextBytes = kMaxReplyLineBytes - 4 - 10 - 2;

/// One line of text, made harmless.
std::string cleaned(std::string_view text, ReplyText charset) {
  std::string out = charset == ReplyText::kUtf8 ? repair_utf8(text) : std::string(text);
  for (char& c : out) {
    const bool is_text = charset == ReplyText::kUtf8 ? !is_control(c) : (is_vchar(c) || c == ' ');
    if (!is_text) c = '?';
  }
  return out;
}

/// Where to fold: after the last space that fits, or where a word longer than the line must break.
std::string_view take_fold(std::string_view& text) {
  std::string_view head = utf8_prefix(text, kMaxReplyTextBytes);
  if (head.size() < text.size()) {
    const std::size_t space = head.rfind(' ');
    if (space != std::string_view::npos && space > 0) head = head.substr(0, space);
  }
  text.remove_prefix(head.size());
  if (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  return head;
}

void append_line(std::string& out, const Reply& reply, std::string_view text, bool is_last) {
  out += std::to_string(reply.code);
  out += is_last ? ' ' : '-';
  if (reply.enhanced) {
    out += reply.enhanced->to_string();
    out += ' ';
  }
  out += text;
  out += "\r\n";
}

}  // namespace

std::string EnhancedCode::to_string() const { return fmt::format("{}.{}.{}", status_class, subject, detail); }

std::optional<EnhancedCode> take_enhanced_code(std::string_view& text) {
  Cursor in(text);
  const auto status_class = in.take_number(5);
  if (!status_class || (*status_class != 2 && *status_class != 4 && *status_class != 5)) return {};
  if (in.position() != 1 || !in.take_char('.')) return {};
  const auto subject = in.take_number(999);
  if (!subject || !in.take_char('.')) return {};
  const auto detail = in.take_number(999);
  if (!detail || !(in.at_end() || in.take_char(' '))) return {};
  text = in.rest();
  return EnhancedCode{static_cast<std::uint16_t>(*status_class), static_cast<std::uint16_t>(*subject),
                      static_cast<std::uint16_t>(*detail)};
}

std::string Reply::to_string() const {
  std::string out = std::to_string(code);
  if (enhanced) out += " " + enhanced->to_string();
  if (!text.empty()) out += " " + text;
  std::ranges::replace(out, '\n', ' ');
  return out;
}

std::string format_reply(const Reply& reply, ReplyText charset) {
  std::string out;
  std::string_view rest = reply.text;
  bool is_last_line = false;
  while (!is_last_line) {
    const std::size_t end = rest.find('\n');
    is_last_line = end == std::string_view::npos;
    const std::string line = cleaned(rest.substr(0, end), charset);
    if (!is_last_line) rest.remove_prefix(end + 1);
    std::string_view unfolded = line;
    do {
      const std::string_view piece = take_fold(unfolded);
      append_line(out, reply, piece, is_last_line && unfolded.empty());
    } while (!unfolded.empty());
  }
  return out;
}

Result<bool> ReplyParser::add_line(std::string_view line) {
  if (lines_ == kMaxPeerReplyLines || line.size() > kMaxPeerReplyLineBytes ||
      reply_.text.size() > kMaxPeerReplyBytes - std::min(line.size(), kMaxPeerReplyBytes)) {
    return fail(ErrorKind::kClose, "the reply is longer than any server needs ({} lines, {} bytes)", lines_,
                reply_.text.size());
  }
  Cursor in(line);
  const auto code = in.take_number(599);
  if (!code || in.position() != 3 || *code < 200) {
    return fail(ErrorKind::kClose, "'{}' is not a reply", repair_utf8(utf8_prefix(line, 80)));
  }
  // A bare code is a last line (RFC 5321 §4.2.1: "SHOULD be prepared").
  const bool is_last = in.at_end() || in.peek_is(' ');
  if (!is_last && !in.peek_is('-')) {
    return fail(ErrorKind::kClose, "'{}' is not a reply", repair_utf8(utf8_prefix(line, 80)));
  }
  in.take();
  if (lines_ > 0 && static_cast<int>(*code) != reply_.code) {
    return fail(ErrorKind::kClose, "a reply that began with {} goes on with {}", reply_.code, *code);
  }
  reply_.code = static_cast<int>(*code);

  std::string_view text = in.rest();
  std::string_view after_code = text;
  const auto enhanced = take_enhanced_code(after_code);
  // RFC 2034 §4: its class must be the reply's; otherwise these are only words.
  if (enhanced && enhanced->status_class == reply_.severity()) {
    if (!reply_.enhanced) reply_.enhanced = enhanced;
    if (*enhanced == *reply_.enhanced) text = after_code;
  }
  if (lines_ > 0) reply_.text += '\n';
  reply_.text += text;
  ++lines_;
  return is_last;
}

Reply ReplyParser::take() {
  lines_ = 0;
  return std::exchange(reply_, {});
}

}  // namespace pabal::smtp
