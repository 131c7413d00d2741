// RETR and TOP: letters, in pieces (RFC 1939 §5, §7).
#include "message/header.h"
#include "message/surrogate.h"
#include "pop3/commands/families.h"
#include "pop3/grammar/command.h"
#include "pop3/grammar/dot_stuffing.h"

namespace pabal::pop3::detail {
namespace {

/// Few reads for large letters, little memory for a thousand sessions. TOP wants headers.
constexpr std::size_t kPieceBytes = 64 * 1024;
constexpr std::size_t kTopPieceBytes = 16 * 1024;

Reply gone(Position message) {
  return err("", fmt::format("Message {} was deleted by another client meanwhile", message + 1));
}

// Without a way out of the loop, so that it is done many bytes at a time.
bool has_8bit(std::string_view text) {
  unsigned char all = 0;
  for (const char c : text) all |= static_cast<unsigned char>(c);
  return all >= 0x80;
}

/// A letter on its way out.
class Sending {
 public:
  Sending(Session& session, const mailbox::LetterRecord& letter, std::optional<std::uint64_t> top_lines)
      : session_(session), letter_(letter), piece_bytes_(top_lines ? kTopPieceBytes : kPieceBytes) {
    if (top_lines) cutter_.emplace(*top_lines);
  }

  /// Failures before the first byte was said are replies; later ones end the connection, since there is no
  /// word left to say.
  Answer run() {
    auto first = co_await read(0);
    if (!first && first.error().kind == ErrorKind::kCancelled) co_return std::unexpected(first.error());
    if (!first) {
      session_.services().log.error("a letter can't be read",
                                    {{"login", session_.summary().login}, {"error", first.error()}});
      co_return reply_or_end(first.error());
    }
    begin();
    if (session_.utf8() || is_ascii_letter(*first)) {
      put(letter_.preamble);
      put(*first);
    } else {
      put_surrogate(*first);
    }
    for (std::uint64_t at = first->size(); at < letter_.blob_bytes && !all_told(); at += piece_bytes_) {
      PABAL_CO_TRY_VOID(co_await session_.flush());
      const auto piece = co_await read(at);
      if (!piece) co_return fail(ErrorKind::kClose, "a letter broke off: {}", piece.error().detail);
      put(*piece);
    }
    stuffer_.finish(session_.out());
    PABAL_CO_TRY_VOID(co_await session_.flush());
    co_return said();
  }

 private:
  void begin() {
    if (cutter_) {
      session_.out() += "+OK\r\n";
    } else {
      fmt::format_to(std::back_inserter(session_.out()), "+OK {} octets\r\n", letter_.size_bytes());
    }
  }
  void put(std::string_view bytes) {
    stuffer_.append(session_.out(), cutter_ ? cutter_->take(bytes) : bytes);
  }
  /// As far as the header goes, which is where it matters.
  bool is_ascii_letter(std::string_view first) const {
    return !has_8bit(letter_.preamble) && !has_8bit(first.substr(0, first.find("\r\n\r\n")));
  }
  // RFC 6856 §2.1: a client that did not say UTF8 gets a header that it can read.
  void put_surrogate(std::string_view first) {
    const std::string text = letter_.preamble + std::string(first);
    const std::size_t header = message::header_size(text);
    put(message::surrogate_header(std::string_view(text).substr(0, header)));
    put(std::string_view(text).substr(header));
  }
  bool all_told() const { return cutter_ && cutter_->done(); }

  net::Task<Result<std::string>> read(std::uint64_t offset) {
    const std::uint64_t size = std::min<std::uint64_t>(letter_.blob_bytes - offset, piece_bytes_);
    if (size == 0) co_return std::string();
    PABAL_CO_TRY(std::string bytes,
                 co_await session_.services().engine.read_blob(letter_.blob, offset, size));
    if (bytes.size() < size) {
      co_return fail(ErrorKind::kCorrupt, "a letter ends {} bytes before it should", size - bytes.size());
    }
    co_return std::move(bytes);
  }

  Session& session_;
  const mailbox::LetterRecord& letter_;
  const std::size_t piece_bytes_;
  DotStuffer stuffer_;
  std::optional<TopCutter> cutter_;
};

Answer tell_letter(Session& session, std::uint32_t number, std::optional<std::uint64_t> top_lines) {
  const auto message = find_message(session, number);
  if (!message) co_return message.error();
  OpenMaildrop& open = session.open();
  const auto now = session.mailboxes().find_open(open.login.account, open.letters.folder());
  if (open.letters.is_gone(*message, now)) co_return gone(*message);
  const auto letter = co_await open.records.load(open.letters, *message);
  if (!letter) co_return reply_or_end(letter.error());
  if (*letter == nullptr) co_return gone(*message);

  Sending sending(session, **letter, top_lines);
  PABAL_CO_TRY(Reply reply, co_await sending.run());
  if (!top_lines && reply.status == Reply::Status::kSaid) {
    ++session.summary().fetched;
    const mailbox::Row& row = open.letters[*message];
    if (!has(row.flags, mailbox::kSeen)) open.to_be_seen.add(row.uid);
    open.telling.fetched(**letter, session.services().clock.wall());
    if (open.telling.is_full()) co_await open.telling.write();
  }
  co_return reply;
}

}  // namespace

Answer run_retr(Session& session, std::string_view rest) {
  const auto number = parse_message_number(rest);
  if (!number) co_return bad(number.error().detail);
  co_return co_await tell_letter(session, *number, std::nullopt);
}

Answer run_top(Session& session, std::string_view rest) {
  const auto arguments = parse_top(rest);
  if (!arguments) co_return bad(arguments.error().detail);
  co_return co_await tell_letter(session, arguments->message, arguments->lines);
}

}  // namespace pabal::pop3::detail
