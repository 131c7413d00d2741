#include "delivery/smtp_letter.h"

#include <algorithm>

#include "delivery/smtp_handler.h"

namespace pabal::delivery {

namespace {

using smtp::EnhancedCode;
using smtp::Reply;

Reply going_in_circles(std::string_view why) {
  return {554, EnhancedCode{5, 4, 6}, fmt::format("The letter goes round in circles: {}", why)};
}

// Eight bytes at a time: the compiler makes a vector of it.
bool has_8bit(std::string_view bytes) {
  unsigned char all = 0;
  for (const char c : bytes) all |= static_cast<unsigned char>(c);
  return (all & 0x80) != 0;
}

}  // namespace

SmtpLetter::SmtpLetter(SmtpServices& services, const Logger& log, WireLog& wire,
                       std::optional<journey::ResendToken>& known_as, Incoming letter)
    : services_(services),
      log_(log),
      wire_(wire),
      known_as_(known_as),
      began_(services.sent_again.now()),
      letter_(std::move(letter)),
      blob_(services.engine.new_blob()) {}

net::Task<Result<void>> SmtpLetter::write(std::string_view bytes) {
  if (refusal_) co_return Result<void>();
  if (header_.complete()) co_return co_await store(bytes);
  header_.feed(bytes);
  if (!header_.complete()) co_return Result<void>();
  co_return co_await header_ended();
}

net::Task<Result<void>> SmtpLetter::store(std::string_view bytes) {
  letter_.has_8bit = letter_.has_8bit || has_8bit(bytes);
  if (reader_) reader_->feed(bytes);
  co_return co_await blob_->write(bytes);
}

net::Task<Result<void>> SmtpLetter::header_ended() {
  if (header_.over_limit()) {
    refusal_ = Reply{552, smtp::status::kLetterTooBig,
                     fmt::format("A header may have {} bytes here", message::kMaxHeaderBytes)};
    co_return Result<void>();
  }
  letter_.header = read_header(header_.header());
  refusal_ = co_await judge_header();
  if (refusal_) co_return Result<void>();
  begin_facts();
  const bool hides_bcc = letter_.origin.account.has_value() && letter_.header.has_bcc;
  if (hides_bcc) {
    PABAL_CO_TRY_VOID(co_await store(message::without_fields(header_.header(), {"Bcc", "Resent-Bcc"})));
  } else {
    PABAL_CO_TRY_VOID(co_await store(header_.header()));
  }
  PABAL_CO_TRY_VOID(co_await store(header_.rest()));
  header_ = {};
  header_.finish();
  co_return Result<void>();
}

// The letter is read as its mailbox will show it, but for the trace, which differs from copy to copy.
void SmtpLetter::begin_facts() {
  const bool kept_here =
      !letter_.parameters.hold &&
      std::ranges::any_of(letter_.recipients, [](const Route& route) { return !route.local.empty(); });
  if (!kept_here) return;
  reader_.emplace();
  reader_->feed(letter_.fields);
  if (letter_.header.is_empty) reader_->feed("\r\n");
}

net::Task<std::optional<Reply>> SmtpLetter::judge_header() {
  if (letter_.header.received_lines > kMaxReceivedLines) {
    co_return going_in_circles(fmt::format("it has {} Received lines", letter_.header.received_lines));
  }
  for (const Route& route : letter_.recipients) {
    // Only what goes on from here can come back.
    if (route.remote.empty() || route.via.empty()) continue;
    if (letter_.header.was_delivered_to(route.named)) {
      co_return going_in_circles(fmt::format("{} has had it before", route.named.to_string()));
    }
  }
  if (letter_.origin.account) co_return co_await judge_submission();
  co_return std::nullopt;
}

// RFC 6409 §6.1 and §8: the author must be who logged in; what the agent forgot is added.
net::Task<std::optional<Reply>> SmtpLetter::judge_submission() {
  for (const std::string& author : letter_.header.from) {
    const auto address = account::Address::parse(author);
    if (!address) {
      co_return Reply{550, EnhancedCode{5, 6, 0}, fmt::format("The From field has no address: {}", author)};
    }
    const auto owns = co_await services_.router.owns(*letter_.origin.account, *address);
    if (!owns) {
      co_return Reply{451, smtp::status::kTrySystemLater,
                      "The author can't be looked up now; try again later"};
    }
    if (!*owns) {
      co_return Reply{550, EnhancedCode{5, 7, 1}, fmt::format("You may not write as {}", author)};
    }
  }
  const auto login = account::Address::parse(letter_.origin.login);
  if (!login) co_return std::nullopt;
  const account::Address& author = letter_.sender ? *letter_.sender : *login;
  letter_.fields =
      missing_fields(letter_.header, author, services_.host_name, services_.clock, services_.random);
  if (letter_.header.message_id.empty()) letter_.header.message_id = read_header(letter_.fields).message_id;
  co_return std::nullopt;
}

std::string SmtpLetter::identity() const {
  const std::string& who = letter_.origin.login.empty() ? letter_.origin.address : letter_.origin.login;
  std::string out = fmt::format("{}\n{}\n", who, letter_.sender ? letter_.sender->key() : "");
  std::vector<std::string> recipients;
  for (const Route& route : letter_.recipients) recipients.push_back(route.named.key());
  std::ranges::sort(recipients);
  for (const std::string& recipient : recipients) out += recipient + "\n";
  out += letter_.blob.id.bytes();
  return out;
}

net::Task<smtp::LetterVerdict> SmtpLetter::finish() {
  const Reply cannot_store{451, smtp::status::kTrySystemLater,
                           "The letter can't be stored now; send it again later"};
  if (!header_.complete()) {
    header_.finish();
    if (auto ended = co_await header_ended(); !ended) co_return smtp::LetterVerdict{cannot_store, {}};
  }
  if (refusal_) {
    log_.info("letter refused", {{"id", letter_.id.to_string()}, {"reply", refusal_->to_string()}});
    co_return smtp::LetterVerdict{*refusal_, {}};
  }
  auto staged = co_await blob_->finish();
  if (!staged) {
    log_.error("a letter could not be stored", {{"error", staged.error()}});
    co_return smtp::LetterVerdict{cannot_store, {}};
  }
  letter_.blob = *std::move(staged);
  if (reader_) letter_.facts = mailbox::storable_facts(reader_->finish());
  letter_.arrived = services_.clock.wall();
  letter_.began = wire_.began();
  letter_.dialogue = wire_.take();
  journey::ResendToken known_as = journey::make_resend_token(identity());
  letter_.token = services_.sent_again.token_of(known_as, began_);

  log_.info("letter", {{"id", letter_.id.to_string()},
                       {"from", letter_.sender ? letter_.sender->to_string() : "<>"},
                       {"recipients", letter_.recipients.size()},
                       {"size", letter_.blob.size_bytes},
                       {"message_id", letter_.header.message_id}});
  smtp::LetterVerdict verdict = verdict_for(co_await services_.door.take(std::move(letter_)));
  if (verdict.reply.accepted()) known_as_ = std::move(known_as);
  co_return verdict;
}

// SMTP has one answer for all: if anybody must get the letter again, the client sends it again, and those who
// have it know it. LMTP has an answer for each.
smtp::LetterVerdict SmtpLetter::verdict_for(std::vector<Reply> replies) const {
  smtp::LetterVerdict verdict{replies.front(), {}};
  const auto refused = std::ranges::find_if(replies, [](const Reply& reply) { return !reply.accepted(); });
  if (refused != replies.end()) verdict.reply = *refused;
  verdict.per_recipient = std::move(replies);
  return verdict;
}

}  // namespace pabal::delivery
