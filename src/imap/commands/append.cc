// APPEND, of several letters too (RFC 9051 §6.3.12, RFC 3502), told with APPENDUID (RFC 4315). A letter goes
// from the connection to the store in pieces, and is read for its facts as it passes.
#include <algorithm>
#include <variant>

#include "imap/commands/families.h"
#include "imap/detail/folders.h"
#include "imap/grammar/append_command.h"
#include "message/letter.h"

namespace pabal::imap::detail {
namespace {

/// In one command: a program that carries a mailbox over sends some hundred at a time.
constexpr std::size_t kMaxLetters = 5'000;

/// One APPEND under way.
struct Append {
  std::string path;
  mailbox::FolderId folder;
  account::QuotaLimit quota;
  net::Deadline deadline;
  std::uint64_t bytes = 0;
  std::vector<mailbox::Arrival> letters = {};
};

struct Received {
  store::StagedBlob blob;
  std::string facts;
};

/// Nothing of the letter was taken yet.
std::optional<Reply> objection(const Session& session, const Append& append, const LiteralHeader& literal) {
  const std::uint64_t most = session.options().max_letter_bytes;
  if (literal.size_bytes > most) return no("TOOBIG", fmt::format("A letter may have {} bytes here", most));
  // RFC 3502 §6.3.11: how a client gives up.
  if (literal.size_bytes == 0) return no("", "A letter of no bytes: nothing was stored");
  if (append.letters.size() == kMaxLetters)
    return no("LIMIT", fmt::format("{} letters are as many as one command may bring", kMaxLetters));
  return {};
}

// What the store refuses is read to its end, so that none of it becomes a command.
net::Task<Result<std::variant<Received, Reply>>> receive(Session& session, const Append& append,
                                                         LiteralHeader literal) {
  net::Connection& connection = session.connection();
  const auto silence = session.options().deadlines.letter_silence;
  PABAL_CO_TRY_VOID(co_await session.reader().take_message(session.in(silence)));
  const auto blob = session.services().engine.new_blob();
  message::LetterReader reader;
  std::optional<Reply> refusal;
  for (std::uint64_t left = literal.size_bytes; left > 0;) {
    const net::Deadline deadline =
        std::min(session.in(silence), append.deadline, [](auto a, auto b) { return a.at < b.at; });
    PABAL_CO_TRY(std::string_view bytes, co_await connection.peek(deadline));
    bytes = bytes.substr(0, std::min<std::uint64_t>(bytes.size(), left));
    if (!refusal && !literal.binary && bytes.find('\0') != std::string_view::npos)
      refusal = bad("A NUL may only be in a binary literal: ~{n}");
    if (!refusal) {
      reader.feed(bytes);
      if (auto written = co_await blob->write(bytes); !written) refusal = reply_for(written.error());
    }
    left -= bytes.size();
    connection.consume(bytes.size());
  }
  if (refusal) co_return *std::move(refusal);
  auto staged = co_await blob->finish();
  if (!staged) co_return reply_for(staged.error());
  co_return Received{*std::move(staged), mailbox::storable_facts(reader.finish())};
}

mailbox::Arrival arrival_of(Session& session, const Append& append, AppendMessage message,
                            Received received) {
  const WallTime now = session.connection().loop().clock().wall();
  mailbox::Arrival out;
  out.letter.blob = received.blob.id;
  out.letter.blob_bytes = received.blob.size_bytes;
  out.letter.received = message.date ? WallTime(*message.date) : now;
  out.letter.recipient = session.login();
  out.letter.journey = session.services().journal.new_id();
  out.entry.id = out.letter.journey;
  journey::Event stored{.at = now, .stage = journey::Stage::kStored};
  stored.add(journey::FactName::kProtocol, "IMAP APPEND");
  stored.add(journey::FactName::kLogin, session.login());
  stored.add(journey::FactName::kFolder, append.path);
  stored.add(journey::FactName::kSize, std::to_string(received.blob.size_bytes));
  out.entry.events.push_back(std::move(stored));
  out.blob = std::move(received.blob);
  out.facts = std::move(received.facts);
  out.quota = append.quota;
  out.folder = append.folder;
  out.flags = std::move(message.flags);
  return out;
}

/// All letters of the command; a Reply in their place if it was refused, and then all of it was read.
net::Task<Result<std::optional<Reply>>> take_letters(Session& session, Append& append, Cursor in) {
  const CommandLimits& limits = session.limits();
  std::string text;  // keeps what `in` looks at, from the second piece on
  for (;;) {
    auto message = parse_append_message(in, session.dialect());
    if (!message) co_return bad(message.error().detail);
    if (message->form == AppendMessage::Form::kCatenate)
      co_return no("CANNOT", "CATENATE is not offered here");
    const std::optional<LiteralHeader> literal = session.reader().message();
    if (!literal || !in.at_end()) co_return bad("Where is the letter? Its size comes last: {310}");
    if (auto refusal = objection(session, append, *literal)) co_return refusal;
    append.bytes += literal->size_bytes;
    PABAL_CO_TRY(const auto counters, co_await session.mailboxes().load_counters(session.account()));
    if (!append.quota.admits(counters.used_bytes, append.bytes))
      co_return no("OVERQUOTA", "There is no room left for that");
    PABAL_CO_TRY(auto received, co_await receive(session, append, *literal));
    if (auto* refused = std::get_if<Reply>(&received)) {
      PABAL_CO_TRY_VOID(co_await session.reader().skip_rest(limits, append.deadline));
      co_return std::move(*refused);
    }
    const bool has_end = message->form == AppendMessage::Form::kUtf8;
    append.letters.push_back(
        arrival_of(session, append, *std::move(message), std::get<Received>(std::move(received))));
    const auto more = co_await session.reader().read_on(limits, append.deadline);
    if (!more && more.error().kind == ErrorKind::kOverLimit) co_return bad(more.error().detail);
    if (!more) co_return std::unexpected(more.error());
    text = more->text;
    in = Cursor(text);
    if (has_end) {
      if (auto ended = parse_append_message_end(in); !ended) co_return bad(ended.error().detail);
    }
    if (session.reader().message()) continue;  // another letter, whose announcement was taken off
    const auto next = parse_append_next(in, session.dialect());
    if (!next) co_return bad(next.error().detail);
    if (!*next) co_return std::nullopt;
    co_return bad("Where is the next letter? Its size comes last: {310}");
  }
}

}  // namespace

Answer run_append(Session& session, Request request) {
  Cursor in = request.arguments();
  auto path = parse_append(in, session.dialect());
  if (!path) co_return bad(path.error().detail);
  const auto folder = co_await find_folder(session, *path);
  if (!folder) co_return reply_for(folder.error());
  if (!*folder) co_return no("TRYCREATE", "There is no mailbox of that name; CREATE it first");
  const auto quota = co_await session.services().directory.load_quota_limit(session.account());
  if (!quota) co_return reply_for(quota.error());
  Append append{.path = *std::move(path),
                .folder = (*folder)->id,
                .quota = *quota,
                .deadline = session.in(session.options().deadlines.letter)};
  auto refusal = co_await take_letters(session, append, in);
  if (!refusal) co_return reply_or_end(refusal.error());
  if (*refusal) co_return **std::move(refusal);
  const auto stored =
      co_await session.mailboxes().change(session.account(), mailbox::AppendAll{std::move(append.letters)});
  if (!stored) co_return reply_for(stored.error(), "OVERQUOTA");
  Reply reply = ok("Stored");
  reply.code = fmt::format("APPENDUID {} ", stored->uid_validity);
  SequenceWriter uids(reply.code);
  for (const mailbox::Placed& placed : stored->placed) uids.add(placed.uid.value());
  uids.finish();
  co_return reply;
}

}  // namespace pabal::imap::detail
