#include "imap/detail/intake.h"

#include <algorithm>

#include "base/ascii.h"
#include "imap/detail/letter_section.h"
#include "imap/detail/message_limit.h"
#include "mailbox/facts.h"
#include "message/letter.h"

namespace pabal::imap::detail {
namespace {

/// Bytes of another letter that are held at one time.
constexpr std::uint64_t kPieceBytes = 64 * 1024;

// RFC 4469 §4.1. What may not stand in a response's code is written as a URL has it.
Reply bad_url(std::string_view url) {
  Reply reply = no("BADURL ", "There is nothing at that URL that could be taken");
  for (const char c : url) {
    if (is_vchar(c) && c != ']') {
      reply.code += c;
    } else {
      reply.code += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return reply;
}

/// A letter that a URL names, or nothing.
struct Source {
  account::AccountId account;
  mailbox::LetterRecord record;
  std::optional<message::Structure> structure = {};
};

struct Place {
  account::AccountId account;
  mailbox::LetterId letter;
};

net::Task<Result<std::optional<Place>>> find_letter(Session& session, const MessageUrl& url) {
  account::AccountId account;
  mailbox::FolderId folder;
  std::uint32_t uid_validity = 0;
  if (!url.mailbox.empty()) {
    PABAL_CO_TRY(const FoundFolder found, co_await find_folder(session, url.mailbox));
    if (refusal(found, {mailbox::Right::kRead})) co_return std::nullopt;
    account = found.account();
    folder = found->id;
    uid_validity = found->uid_validity;
  } else if (const Selected* view = session.selected()) {
    account = view->account;
    folder = view->folder;
    uid_validity = view->uid_validity;
  } else {
    co_return std::nullopt;
  }
  if (url.uid_validity.value_or(uid_validity) != uid_validity) co_return std::nullopt;
  const auto table = co_await session.mailboxes().open(account, folder);
  if (!table && table.error().kind == ErrorKind::kRefuse) co_return std::nullopt;
  if (!table) co_return std::unexpected(table.error());
  const auto position = (*table)->find(mailbox::Uid(url.uid));
  if (!position) co_return std::nullopt;
  co_return Place{account, (**table)[*position].letter};
}

net::Task<Result<std::optional<Source>>> open_source(Session& session, const MessageUrl& url,
                                                     bool with_structure) {
  PABAL_CO_TRY(const auto place, co_await find_letter(session, url));
  if (!place) co_return std::nullopt;
  PABAL_CO_TRY(auto record, co_await session.mailboxes().find(place->account, place->letter));
  if (!record) co_return std::nullopt;
  Source out{.account = place->account, .record = *std::move(record)};
  if (with_structure) {
    PABAL_CO_TRY(const auto page, co_await session.mailboxes().load_facts(place->account, {place->letter}));
    if (page[0].empty()) co_return std::nullopt;
    PABAL_CO_TRY(message::LetterFacts facts, message::decode_facts(page[0]));
    mailbox::shift_facts(facts, out.record.size_bytes());
    out.structure = std::move(facts.structure);
  }
  co_return out;
}

std::optional<Section> parse_url_section(const std::string& text, const Dialect& dialect) {
  const std::string bracketed = fmt::format("[{}]", text);
  Cursor in(bracketed);
  auto section = parse_section(in, dialect);
  if (!section || !in.at_end()) return {};
  return *std::move(section);
}

}  // namespace

struct Intake::Incoming {
  std::unique_ptr<store::BlobWriter> blob;
  message::LetterReader reader = message::LetterReader();
  std::uint64_t size = 0;

  net::Task<std::optional<Reply>> add(std::string_view bytes) {
    reader.feed(bytes);
    size += bytes.size();
    const auto written = co_await blob->write(bytes);
    co_return written ? std::nullopt : std::optional(reply_for(written.error()));
  }
};

Intake::Intake(Session& session, Target target)
    : session_(session),
      target_(std::move(target)),
      deadline_(session.in(session.options().deadlines.letter)),
      in_({}) {}

net::Deadline Intake::next_deadline() const {
  return std::min(session_.in(session_.options().deadlines.letter_silence), deadline_,
                  [](auto a, auto b) { return a.at < b.at; });
}

Intake::Taken Intake::take(Cursor in) {
  in_ = in;
  for (bool more = true; more;) {
    auto message = parse_append_message(in_, session_.dialect());
    if (!message) co_return bad(message.error().detail);
    const std::size_t limit = session_.options().max_letters_of_command;
    if (limit > 0 && letters_.size() == limit)
      co_return too_many_letters(session_, fmt::format("MESSAGELIMIT {}", limit));
    if (letters_.size() == target_.most_letters) {
      co_return no("LIMIT", target_.most_letters == 1
                                ? std::string("One letter replaces another")
                                : fmt::format("{} letters are as many as one command may bring",
                                              target_.most_letters));
    }
    Incoming letter{.blob = session_.services().engine.new_blob()};
    PABAL_CO_TRY(auto refused, co_await take_letter(letter, message->form));
    if (refused) co_return refused;
    PABAL_CO_TRY(refused, co_await store(std::move(letter), *std::move(message)));
    if (refused) co_return refused;
    // The next letter's announcement may have been taken off already.
    if (session_.reader().message()) continue;
    const auto next = parse_append_next(in_, session_.dialect());
    if (!next) co_return bad(next.error().detail);
    more = *next;
  }
  co_return std::nullopt;
}

Intake::Taken Intake::take_letter(Incoming& letter, AppendMessage::Form form) {
  if (form == AppendMessage::Form::kCatenate) co_return co_await take_parts(letter);
  const auto& literal = session_.reader().message();
  // RFC 3502 §6.3.11: how a client gives up.
  if (literal && literal->size_bytes == 0) co_return no("", "A letter of no bytes: nothing was stored");
  PABAL_CO_TRY(auto refused, co_await take_literal(letter));
  if (!refused && form == AppendMessage::Form::kUtf8) {
    if (auto ended = parse_append_message_end(in_); !ended) refused = bad(ended.error().detail);
  }
  co_return refused;
}

Intake::Taken Intake::take_parts(Incoming& letter) {
  for (;;) {
    const auto part = parse_cat_part(in_, session_.dialect());
    if (!part) co_return bad(part.error().detail);
    if (part->kind == CatPart::Kind::kEnd) break;
    const bool is_url = part->kind == CatPart::Kind::kUrl;
    PABAL_CO_TRY(auto refused, co_await (is_url ? copy_from(letter, part->url) : take_literal(letter)));
    if (refused) co_return refused;
  }
  if (letter.size == 0) co_return no("", "A letter of no bytes: nothing was stored");
  co_return std::nullopt;
}

/// A literal that stands next, and the command's text behind it.
Intake::Taken Intake::take_literal(Incoming& letter) {
  const std::optional<LiteralHeader> literal = session_.reader().message();
  if (!literal || !in_.at_end()) co_return bad("Where is the letter? Its size comes last: {310}");
  PABAL_CO_TRY(auto refused, co_await check_room(letter, literal->size_bytes));
  if (refused) co_return refused;
  PABAL_CO_TRY(refused, co_await take_bytes(letter, *literal));
  if (refused) {
    PABAL_CO_TRY_VOID(co_await session_.reader().skip_rest(session_.limits(), deadline_));
    co_return refused;
  }
  const auto more = co_await session_.reader().read_on(session_.limits(), deadline_);
  if (!more && more.error().kind == ErrorKind::kOverLimit) co_return bad(more.error().detail);
  if (!more) co_return std::unexpected(more.error());
  text_ = more->text;
  in_ = Cursor(text_);
  co_return std::nullopt;
}

// What the store refuses is read to its end, so that none of it becomes a command.
Intake::Taken Intake::take_bytes(Incoming& letter, LiteralHeader literal) {
  net::Connection& connection = session_.connection();
  PABAL_CO_TRY_VOID(co_await session_.reader().take_message(next_deadline()));
  std::optional<Reply> refusal;
  for (std::uint64_t left = literal.size_bytes; left > 0;) {
    PABAL_CO_TRY(std::string_view bytes, co_await connection.peek(next_deadline()));
    bytes = bytes.substr(0, std::min<std::uint64_t>(bytes.size(), left));
    if (!refusal && !literal.binary && bytes.find('\0') != std::string_view::npos)
      refusal = bad("A NUL may only be in a binary literal: ~{n}");
    if (!refusal) refusal = co_await letter.add(bytes);
    left -= bytes.size();
    connection.consume(bytes.size());
  }
  co_return refusal;
}

// RFC 4469 §3: as FETCH BODY would tell it, and \Seen stays what it is.
Intake::Taken Intake::copy_from(Incoming& letter, const std::string& url_text) {
  const auto url = parse_message_url(url_text);
  if (!url) co_return bad_url(url_text);
  const auto section = parse_url_section(url->section, session_.dialect());
  if (!section) co_return bad_url(url_text);
  const auto source = co_await open_source(session_, *url, !url->section.empty());
  if (!source) co_return reply_for(source.error());
  if (!*source) co_return bad_url(url_text);
  const OpenLetter open{
      .account = (*source)->account, .record = (*source)->record, .structure = (*source)->structure};
  const auto found = co_await find_source(session_, open, *section);
  if (!found) co_return reply_for(found.error());
  if (!*found) co_return bad_url(url_text);
  const std::uint64_t whole = (*found)->text ? (*found)->text->size() : (*found)->size;
  const Partial wanted = url->partial.value_or(Partial{0, whole});
  const std::uint64_t begin = std::min(wanted.offset, whole);
  const std::uint64_t end = begin + std::min(wanted.size, whole - begin);
  PABAL_CO_TRY(auto refused, co_await check_room(letter, end - begin));
  if (refused) co_return refused;
  if ((*found)->text)
    co_return co_await letter.add(std::string_view(*(*found)->text).substr(begin, end - begin));
  for (std::uint64_t at = begin; at < end && !refused;) {
    const auto bytes = co_await session_.mailboxes().read((*source)->record, (*found)->offset + at,
                                                          std::min(end - at, kPieceBytes));
    if (!bytes) co_return reply_for(bytes.error());
    if (bytes->empty()) co_return bad_url(url_text);
    at += bytes->size();
    refused = co_await letter.add(*bytes);
  }
  co_return refused;
}

Intake::Taken Intake::check_room(const Incoming& letter, std::uint64_t more) const {
  const std::uint64_t most = session_.options().max_letter_bytes;
  if (more > most || letter.size > most - more)
    co_return no("TOOBIG", fmt::format("A letter may have {} bytes here", most));
  PABAL_CO_TRY(const auto counters, co_await session_.mailboxes().load_counters(target_.account));
  const std::uint64_t used = counters.used_bytes - std::min(counters.used_bytes, target_.freed_bytes);
  if (!target_.quota.admits(used, bytes_ + letter.size + more))
    co_return no("OVERQUOTA", "There is no room left for that");
  co_return std::nullopt;
}

Intake::Taken Intake::store(Incoming letter, AppendMessage message) {
  auto staged = co_await letter.blob->finish();
  if (!staged) co_return reply_for(staged.error());
  const WallTime now = session_.connection().loop().clock().wall();
  bytes_ += letter.size;
  mailbox::Arrival out;
  out.letter.blob = staged->id;
  out.letter.blob_bytes = staged->size_bytes;
  out.letter.received = message.date ? WallTime(*message.date) : now;
  out.letter.recipient = target_.owner;
  out.letter.journey = session_.services().journal.new_id();
  out.entry.id = out.letter.journey;
  journey::Event stored{.at = now, .stage = journey::Stage::kStored};
  stored.add(journey::FactName::kProtocol, "IMAP APPEND");
  stored.add(journey::FactName::kLogin, session_.login());
  stored.add(journey::FactName::kFolder, target_.path);
  stored.add(journey::FactName::kSize, std::to_string(staged->size_bytes));
  out.entry.events.push_back(std::move(stored));
  out.blob = *std::move(staged);
  out.facts = mailbox::storable_facts(letter.reader.finish());
  out.quota = target_.quota;
  out.folder = target_.folder;
  out.flags = only(std::move(message.flags), target_.kept);
  letters_.push_back(std::move(out));
  co_return std::nullopt;
}

net::Task<Result<std::variant<Intake::Target, Reply>>> find_target(Session& session, std::string path) {
  const auto folder = co_await find_folder(session, path);
  if (!folder) co_return reply_for(folder.error());
  if (auto refused = refusal(*folder, {mailbox::Right::kInsert}, "TRYCREATE")) co_return *std::move(refused);
  const auto quota = co_await session.services().directory.load_quota_limit(folder->account());
  if (!quota) co_return reply_for(quota.error());
  co_return Intake::Target{.account = folder->account(),
                           .owner = folder->home.login,
                           .folder = (*folder)->id,
                           .path = folder->path,
                           .quota = *quota,
                           .kept = mailbox::changeable_flags(folder->rights)};
}

}  // namespace pabal::imap::detail
