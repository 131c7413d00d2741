#include "imap/detail/command_reader.h"

#include <algorithm>

#include "base/ascii.h"

namespace pabal::imap::detail {
namespace {

/// RFC 9051 sets no bound; programs number their commands.
constexpr std::size_t kMaxTagBytes = 64;

std::string_view take_word(std::string_view& text) {
  const std::size_t space = std::min(text.find(' '), text.size());
  const std::string_view word = text.substr(0, space);
  text.remove_prefix(std::min(space + 1, text.size()));
  return word;
}

/// Whether a URL of CATENATE comes next (RFC 4469 §5); a mailbox may be called URL too.
bool is_behind_url(std::string_view text) {
  constexpr std::string_view kUrl = "URL ";
  if (text.size() <= kUrl.size()) return false;
  const char before = text[text.size() - kUrl.size() - 1];
  return (before == ' ' || before == '(') &&
         equals_ignoring_case(text.substr(text.size() - kUrl.size()), kUrl);
}

}  // namespace

net::Task<Result<CommandText>> CommandReader::read(const CommandLimits& limits, Patience patience) {
  buffer_.clear();
  tag_.clear();
  message_.reset();
  after_message_ = false;
  if (connection_.buffered_input().empty()) {
    PABAL_CO_TRY_VOID(co_await connection_.take_input(patience.first_byte));
  }
  note_tag(connection_.buffered_input());
  co_return co_await collect(limits, connection_.loop().in(patience.rest));
}

net::Task<Result<CommandText>> CommandReader::read_on(const CommandLimits& limits, net::Deadline deadline) {
  buffer_.clear();
  after_message_ = true;
  co_return co_await collect(limits, deadline);
}

// The tag is known as soon as the first bytes are there, so that even a line that is far too long is
// answered under its own tag.
void CommandReader::note_tag(std::string_view bytes) {
  const std::string_view tag = bytes.substr(0, bytes.substr(0, kMaxTagBytes + 1).find(' '));
  if (tag.empty() || tag.size() > kMaxTagBytes) return;
  if (std::ranges::all_of(tag, [](char c) { return is_astring_char(c) && c != '+'; })) tag_ = tag;
}

net::Task<Result<CommandText>> CommandReader::collect(const CommandLimits& limits, net::Deadline deadline) {
  for (;;) {
    const net::LineLimits line_limits{.max_bytes = limits.max_line_bytes,
                                      .max_dropped_bytes = limits.max_dropped_bytes,
                                      .accept_bare_lf = true,  // for people who type
                                      .accept_bare_cr = true};
    auto read = co_await connection_.read_line(line_limits, deadline);
    // What the line announced at its end is not known: its bytes must not become commands.
    if (!read && read.error().kind == ErrorKind::kOverLimit) lost_ = true;
    PABAL_CO_TRY(const std::string_view line, std::move(read));
    std::size_t text_size = 0;
    const auto literal = find_literal_at_end(line, &text_size);
    if (!literal) {
      if (buffer_.empty()) co_return CommandText{line, {}};
      buffer_ += line;
      co_return CommandText{buffer_, {}};
    }
    const bool too_large = literal->size_bytes > limits.max_literal_bytes ||
                           buffer_.size() + line.size() + literal->size_bytes > limits.max_command_bytes;
    const std::size_t before = buffer_.size();
    buffer_ += line;
    if (is_message(std::string_view(buffer_).substr(0, before + text_size))) {
      buffer_.resize(before + text_size);
      message_ = literal;
      co_return CommandText{buffer_, literal};
    }
    if (too_large) {
      const std::uint64_t size = literal->size_bytes;
      message_ = literal;
      PABAL_CO_TRY_VOID(co_await skip_rest(limits, deadline));
      co_return fail(ErrorKind::kOverLimit, "A string of {} bytes is more than a command may have here",
                     size);
    }
    buffer_ += "\r\n";
    PABAL_CO_TRY_VOID(co_await take_literal(*literal, deadline));
  }
}

net::Task<Result<void>> CommandReader::take_literal(LiteralHeader literal, net::Deadline deadline) {
  if (literal.synchronizing) PABAL_CO_TRY_VOID(co_await connection_.write("+ OK\r\n", deadline));
  const std::size_t before = buffer_.size();
  buffer_.resize(before + literal.size_bytes);
  co_return co_await connection_.read_exactly(std::span(buffer_).subspan(before), deadline);
}

// Whether the literal behind what was read is a letter's text: in APPEND and REPLACE all are, but for the
// mailbox's name and for URLs.
bool CommandReader::is_message(std::string_view text) const {
  if (after_message_) return !is_behind_url(text);
  take_word(text);
  std::string_view name = take_word(text);
  if (equals_ignoring_case(name, "UID")) name = take_word(text);
  const bool replaces = equals_ignoring_case(name, "REPLACE");
  if (!replaces && !equals_ignoring_case(name, "APPEND")) return false;
  if (replaces) take_word(text);
  return !text.empty() && !is_behind_url(text);
}

net::Task<Result<void>> CommandReader::take_message(net::Deadline deadline) {
  const bool waits = message_ && message_->synchronizing;
  message_.reset();
  if (waits) PABAL_CO_TRY_VOID(co_await connection_.write("+ OK\r\n", deadline));
  co_return Result<void>();
}

// A client that waits for our word gets the answer in its place, and the command ends there.
net::Task<Result<void>> CommandReader::skip_rest(const CommandLimits& limits, net::Deadline deadline,
                                                 std::uint64_t left) {
  std::uint64_t dropped = 0;
  for (auto literal = std::exchange(message_, std::nullopt);;) {
    if (literal && literal->synchronizing) co_return Result<void>();
    if (literal) left = literal->size_bytes;
    if (left > limits.max_dropped_bytes || dropped > limits.max_dropped_bytes - left) {
      lost_ = true;
      co_return Result<void>();
    }
    dropped += left;
    PABAL_CO_TRY_VOID(co_await drop(left, deadline));
    left = 0;
    const net::LineLimits any{.max_bytes = limits.max_line_bytes,
                              .max_dropped_bytes = limits.max_dropped_bytes,
                              .accept_bare_lf = true,
                              .accept_bare_cr = true};
    const auto line = co_await connection_.read_line(any, deadline);
    lost_ = !line && line.error().kind == ErrorKind::kOverLimit;
    if (lost_) co_return Result<void>();
    if (!line) co_return std::unexpected(line.error());
    literal = find_literal_at_end(*line);
    if (!literal) co_return Result<void>();
  }
}

net::Task<Result<void>> CommandReader::drop(std::uint64_t size_bytes, net::Deadline deadline) {
  while (size_bytes > 0) {
    PABAL_CO_TRY(const std::string_view bytes, co_await connection_.peek(deadline));
    const std::size_t size = std::min<std::uint64_t>(bytes.size(), size_bytes);
    connection_.consume(size);
    size_bytes -= size;
  }
  co_return Result<void>();
}

}  // namespace pabal::imap::detail
