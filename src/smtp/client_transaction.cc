// One letter to one peer: RFC 5321 §3.3, pipelined (RFC 2920) as two positions over one list of steps, `sent`
// and `answered`. Without PIPELINING each step waits until the one before it is answered; nothing else
// differs.
#include "base/ascii.h"
#include "smtp/client_session.h"

namespace pabal::smtp {
namespace {

/// Commands on their way without an answer. Their replies (512 bytes each) must fit in what the network
/// buffers, or both sides could wait for the other to read (RFC 2920 §3.1).
constexpr std::size_t kMaxUnanswered = 64;
/// A letter up to this size goes in one chunk, in one flight with its envelope; larger ones of BINARYMIME in
/// chunks of it. It bounds what a session holds of a letter.
constexpr std::size_t kChunkBytes = 32 * 1024;
constexpr std::size_t kMaxUnansweredChunks = 4;

}  // namespace

class ClientSession::Transaction {
 public:
  Transaction(ClientSession& session, const ClientEnvelope& envelope, LetterSource& letter)
      : session_(session), envelope_(envelope), letter_(letter) {}

  net::Task<LetterOutcome> run();

 private:
  using Done = net::Task<Result<void>>;
  enum class Kind : std::uint8_t { kReset, kMail, kRcpt, kData, kChunk };
  struct Step {
    Kind kind;
    std::size_t recipient = 0;
  };

  const ClientDeadlines& deadlines() const { return session_.options_.deadlines; }
  bool is_binary() const { return envelope_.parameters.body == Body::kBinaryMime; }

  // The dialogue up to the letter.
  std::vector<Step> plan() const;
  Done exchange(std::vector<Step> steps);
  bool is_pointless(const Step& step) const;
  Done send_step(const Step& step);
  Done hear_step(const Step& step);
  void judge(const Step& step, Reply reply);
  std::string command(const Step& step) const;

  // The letter.
  Done read_head();
  net::Task<Result<std::string_view>> next_piece();
  Done send_dotted();
  Done send_whole_chunk();
  Done send_chunks();
  Done send_chunk(std::string_view bytes, bool last);
  Done hear_chunks(std::size_t unanswered);
  Done write(std::string_view bytes);

  // What becomes of it.
  Done hear_verdicts();
  void take_verdict(std::size_t recipient, Reply reply);
  void fail_rest(const Failure& failure);
  std::size_t candidates() const { return static_cast<std::size_t>(std::ranges::count(candidates_, true)); }

  ClientSession& session_;
  const ClientEnvelope& envelope_;
  LetterSource& letter_;

  LetterOutcome outcome_;
  std::vector<bool> candidates_;  // accepted at RCPT, no verdict on the letter yet
  Stage stage_ = Stage::kMail;    // of what is under way
  bool mail_refused_ = false;
  bool go_ahead_ = false;  // 354
  bool letter_sent_ = false;

  std::string head_;        // the letter's beginning, or all of it, read ahead
  std::string_view piece_;  // what was read of the source behind that
  bool head_is_whole_ = false;
  bool source_broke_ = false;
};

net::Task<LetterOutcome> ClientSession::send(const ClientEnvelope& envelope, LetterSource& letter) {
  Transaction transaction(*this, envelope, letter);
  co_return co_await transaction.run();
}

net::Task<LetterOutcome> ClientSession::Transaction::run() {
  outcome_.recipients.resize(envelope_.to.size());
  candidates_.resize(envelope_.to.size(), false);
  if (const auto obstacle = session_.find_obstacle(envelope_)) {
    fail_rest(failure_for(*obstacle));
    co_return std::move(outcome_);
  }
  Result<void> done = co_await read_head();
  const bool nothing_said = !done;
  if (done) done = co_await exchange(plan());
  if (done && go_ahead_) done = co_await send_dotted();
  if (done && is_binary() && !letter_sent_ && candidates() > 0) done = co_await send_chunks();
  if (done && letter_sent_) done = co_await hear_verdicts();
  if (!done) {
    Failure failure = nothing_said ? classify(stage_, done.error()) : session_.broke(stage_, done.error());
    if (source_broke_) failure.scope = FailureScope::kMessage;
    // A letter in one flight with its envelope may be taken before any answer is heard.
    failure.may_have_arrived = letter_sent_;
    fail_rest(failure);
  }
  co_return std::move(outcome_);
}

std::vector<ClientSession::Transaction::Step> ClientSession::Transaction::plan() const {
  std::vector<Step> steps;
  steps.reserve(envelope_.to.size() + 3);
  if (session_.transaction_open_) steps.push_back({Kind::kReset});
  steps.push_back({Kind::kMail});
  for (std::size_t i = 0; i < envelope_.to.size(); ++i) steps.push_back({Kind::kRcpt, i});
  if (head_is_whole_) {
    steps.push_back({Kind::kChunk});
  } else if (!is_binary()) {
    steps.push_back({Kind::kData});
  }
  return steps;
}

ClientSession::Transaction::Done ClientSession::Transaction::exchange(std::vector<Step> steps) {
  const bool pipelines = session_.extensions_.offers(Extension::kPipelining);
  const std::size_t window = pipelines ? kMaxUnanswered : 1;
  std::vector<Step> waiting;  // sent, in order; those that turned out pointless are left out
  std::size_t sent = 0;
  std::size_t answered = 0;
  while (sent < steps.size() || answered < waiting.size()) {
    if (sent < steps.size() && waiting.size() - answered < window) {
      const Step step = steps[sent++];
      if (is_pointless(step)) continue;
      stage_ = Stage::kMail;
      PABAL_CO_TRY_VOID(co_await send_step(step));
      // The verdict on the letter comes later, a reply a recipient perhaps.
      if (step.kind != Kind::kChunk) waiting.push_back(step);
    } else {
      PABAL_CO_TRY_VOID(co_await hear_step(waiting[answered++]));
      if (!session_.usable_) co_return fail(ErrorKind::kClose, "the peer closed the session");
    }
  }
  co_return Result<void>();
}

/// What the answers so far have made useless to send.
bool ClientSession::Transaction::is_pointless(const Step& step) const {
  if (mail_refused_ && step.kind != Kind::kReset) return true;
  if (step.kind != Kind::kData && step.kind != Kind::kChunk) return false;
  // All are refused. While some answers are still on their way it may be worth it.
  return std::ranges::all_of(outcome_.recipients, [](const auto& each) { return each.failure.has_value(); });
}

ClientSession::Transaction::Done ClientSession::Transaction::send_step(const Step& step) {
  // By what was sent, not by what was answered: RSET's answer comes when the next MAIL is on its way.
  session_.transaction_open_ = step.kind != Kind::kReset;
  if (step.kind != Kind::kChunk) co_return co_await session_.say(command(step));
  co_return co_await send_whole_chunk();
}

std::string ClientSession::Transaction::command(const Step& step) const {
  const ExtensionSet offered = session_.extensions_.offered;
  switch (step.kind) {
    case Kind::kReset:
      return "RSET";
    case Kind::kData:
      return "DATA";
    case Kind::kChunk:
      return "";
    case Kind::kMail: {
      MailParameters parameters = envelope_.parameters;
      if (parameters.body == Body::kSevenBit) parameters.body.reset();  // the default needs no word
      return "MAIL FROM:<" + (envelope_.from ? envelope_.from->to_string() : "") + ">" +
             format_mail_parameters(parameters, offered);
    }
    case Kind::kRcpt: {
      const ClientRecipient& to = envelope_.to[step.recipient];
      return "RCPT TO:<" + to.address.to_string() + ">" +
             format_rcpt_parameters(to.parameters, offered, envelope_.parameters.smtputf8);
    }
  }
  return "";
}

ClientSession::Transaction::Done ClientSession::Transaction::hear_step(const Step& step) {
  stage_ = step.kind == Kind::kRcpt ? Stage::kRcpt : step.kind == Kind::kData ? Stage::kData : Stage::kMail;
  const auto patience = step.kind == Kind::kData ? deadlines().data_start : deadlines().command;
  PABAL_CO_TRY(Reply reply, co_await session_.hear(session_.in(patience)));
  if (reply.closes()) fail_rest(classify(stage_, reply));
  judge(step, std::move(reply));
  co_return Result<void>();
}

void ClientSession::Transaction::judge(const Step& step, Reply reply) {
  switch (step.kind) {
    case Kind::kReset:
      if (!reply.accepted()) session_.usable_ = false;  // then nothing it says next can be trusted
      return;
    case Kind::kMail:
      if (reply.accepted()) return;
      mail_refused_ = true;
      return fail_rest(classify(Stage::kMail, std::move(reply)));
    case Kind::kRcpt: {
      RecipientOutcome& outcome = outcome_.recipients[step.recipient];
      if (mail_refused_) return;  // its 503 says nothing new
      outcome.reply = reply;
      if (reply.accepted()) {
        candidates_[step.recipient] = true;
      } else {
        outcome.failure = classify(Stage::kRcpt, std::move(reply));
      }
      return;
    }
    case Kind::kData:
      go_ahead_ = reply.code == 354;
      if (!go_ahead_ && candidates() > 0) fail_rest(classify(Stage::kData, std::move(reply)));
      return;
    case Kind::kChunk:
      return;
  }
}

/// A letter of one chunk goes in one flight with its envelope, so its beginning is read first. To a peer
/// without CHUNKING, and where chunks would need waits between, DATA is as good.
ClientSession::Transaction::Done ClientSession::Transaction::read_head() {
  const bool wanted = session_.options_.use_chunking || is_binary();
  if (!wanted || !session_.extensions_.offers(Extension::kChunking)) co_return Result<void>();
  for (;;) {
    PABAL_CO_TRY(const std::string_view piece, co_await next_piece());
    head_is_whole_ = piece.empty();
    if (head_is_whole_) co_return Result<void>();
    if (piece.size() > kChunkBytes - head_.size()) {
      piece_ = piece;
      co_return Result<void>();
    }
    head_ += piece;
  }
}

net::Task<Result<std::string_view>> ClientSession::Transaction::next_piece() {
  if (!piece_.empty()) co_return std::exchange(piece_, {});
  auto piece = co_await letter_.next();
  source_broke_ = !piece.has_value();
  co_return piece;
}

ClientSession::Transaction::Done ClientSession::Transaction::write(std::string_view bytes) {
  outcome_.sent_bytes += bytes.size();
  co_return co_await session_.connection_.write(bytes, session_.in(deadlines().data_block));
}

ClientSession::Transaction::Done ClientSession::Transaction::send_dotted() {
  stage_ = Stage::kLetter;
  LetterEncoder encoder(Framing::kDotStuffed, BareLineEnds::kNormalise);
  // RFC 2920 §3.1: where 354 came and no recipient is left, an empty letter ends it.
  std::string_view bytes = head_;
  bool has_more = candidates() > 0;
  while (has_more) {
    while (!bytes.empty()) {
      const CodecStep step = encoder.next(bytes);
      if (!step.data.empty()) PABAL_CO_TRY_VOID(co_await write(step.data));
      bytes.remove_prefix(step.consumed);
    }
    PABAL_CO_TRY(bytes, co_await next_piece());
    has_more = !bytes.empty();
  }
  PABAL_CO_TRY_VOID(co_await write(encoder.finish()));
  if (session_.options_.dialogue != nullptr) session_.options_.dialogue->letter_said(outcome_.sent_bytes);
  outcome_.mended = encoder.changed();
  letter_sent_ = true;
  co_return Result<void>();
}

ClientSession::Transaction::Done ClientSession::Transaction::send_whole_chunk() {
  stage_ = Stage::kLetter;
  LetterEncoder encoder(Framing::kCounted, is_binary() ? BareLineEnds::kAllow : BareLineEnds::kNormalise);
  std::string encoded;
  encoded.reserve(head_.size() + 2);
  for (std::string_view bytes = head_; !bytes.empty();) {
    const CodecStep step = encoder.next(bytes);
    encoded += step.data;
    bytes.remove_prefix(step.consumed);
  }
  encoded += encoder.finish();
  outcome_.mended = encoder.changed();
  PABAL_CO_TRY_VOID(co_await send_chunk(encoded, true));
  letter_sent_ = true;
  co_return Result<void>();
}

ClientSession::Transaction::Done ClientSession::Transaction::send_chunk(std::string_view bytes, bool last) {
  PABAL_CO_TRY_VOID(co_await session_.say(fmt::format("BDAT {}{}", bytes.size(), last ? " LAST" : "")));
  if (session_.options_.dialogue != nullptr) session_.options_.dialogue->letter_said(bytes.size());
  co_return co_await write(bytes);
}

/// A binary letter of many chunks, a few of which may be unanswered. The reply to the last, which is empty,
/// is the verdict.
ClientSession::Transaction::Done ClientSession::Transaction::send_chunks() {
  stage_ = Stage::kLetter;
  const std::size_t window = session_.extensions_.offers(Extension::kPipelining) ? kMaxUnansweredChunks : 1;
  std::size_t unanswered = 0;
  std::string_view bytes = head_;
  bool has_more = true;
  while (has_more) {
    while (!bytes.empty()) {
      const std::string_view chunk = bytes.substr(0, kChunkBytes);
      PABAL_CO_TRY_VOID(co_await send_chunk(chunk, false));
      bytes.remove_prefix(chunk.size());
      if (++unanswered < window) continue;
      PABAL_CO_TRY_VOID(co_await hear_chunks(std::exchange(unanswered, 0)));
      if (candidates() == 0) co_return Result<void>();
    }
    PABAL_CO_TRY(bytes, co_await next_piece());
    has_more = !bytes.empty();
  }
  PABAL_CO_TRY_VOID(co_await hear_chunks(unanswered));
  if (candidates() == 0) co_return Result<void>();
  PABAL_CO_TRY_VOID(co_await send_chunk({}, true));
  letter_sent_ = true;
  co_return Result<void>();
}

/// RFC 3030 §2: after a refused chunk no more are sent; the answers to those on their way still come.
ClientSession::Transaction::Done ClientSession::Transaction::hear_chunks(std::size_t unanswered) {
  for (; unanswered > 0; --unanswered) {
    PABAL_CO_TRY(Reply reply, co_await session_.hear(session_.in(deadlines().data_end)));
    if (!reply.accepted()) fail_rest(classify(Stage::kLetter, std::move(reply)));
  }
  co_return Result<void>();
}

/// The peer's word on the letter: one for all, or by LMTP one for each accepted recipient (RFC 2033 §4.2).
ClientSession::Transaction::Done ClientSession::Transaction::hear_verdicts() {
  stage_ = Stage::kLetter;
  const std::size_t voters = candidates();
  const std::size_t replies = session_.options_.lmtp ? std::max<std::size_t>(voters, 1) : 1;
  Reply reply;
  std::size_t heard = 0;
  for (std::size_t i = 0; i < candidates_.size() && voters > 0; ++i) {
    if (!candidates_[i]) continue;
    if (heard < replies) {
      PABAL_CO_TRY(reply, co_await session_.hear(session_.in(deadlines().data_end)));
      ++heard;
    }
    take_verdict(i, reply);
  }
  if (voters == 0) PABAL_CO_TRY_VOID(co_await session_.hear(session_.in(deadlines().data_end)));
  // Whatever was answered to a letter without recipients, its MAIL may still stand.
  session_.transaction_open_ = voters == 0;
  co_return Result<void>();
}

void ClientSession::Transaction::take_verdict(std::size_t recipient, Reply reply) {
  RecipientOutcome& outcome = outcome_.recipients[recipient];
  outcome.reply = reply;
  outcome.accepted = reply.accepted();
  candidates_[recipient] = false;
  if (outcome.accepted) return;
  outcome.failure = classify(Stage::kLetter, std::move(reply));
  const bool is_own = session_.options_.lmtp && outcome.failure->scope == FailureScope::kMessage;
  if (is_own) outcome.failure->scope = FailureScope::kRecipient;
}

/// All who have no verdict yet share this one.
void ClientSession::Transaction::fail_rest(const Failure& failure) {
  for (std::size_t i = 0; i < outcome_.recipients.size(); ++i) {
    RecipientOutcome& outcome = outcome_.recipients[i];
    if (outcome.accepted || outcome.failure) continue;
    if (failure.reply.code != 0) outcome.reply = failure.reply;
    outcome.failure = failure;
    candidates_[i] = false;
  }
}

}  // namespace pabal::smtp
