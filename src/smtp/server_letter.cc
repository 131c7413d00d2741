// DATA and BDAT: RFC 5321 §4.1.1.4, RFC 3030. Both read through one decoder into one sink, under the same
// limits. Whatever goes wrong, a letter is read to its true end before it is refused, or the connection
// is closed: its bytes never become commands.
#include "base/ascii.h"
#include "base/cursor.h"
#include "smtp/detail/server_core.h"

namespace pabal::smtp::detail {
namespace {

struct ChunkHeader {
  std::uint64_t size_bytes = 0;
  bool last = false;
};

/// chunk-size [ SP "LAST" ] (RFC 3030 §2).
std::optional<ChunkHeader> parse_chunk_header(std::string_view args) {
  ChunkHeader out;
  Cursor in(args);
  const auto size = in.take_number();
  if (!size) return {};
  out.size_bytes = *size;
  if (in.take_char(' ')) {
    in.take_while([](char c) { return c == ' '; });
    if (!in.take_word_ignoring_case("LAST")) return {};
    out.last = true;
  }
  if (!in.at_end()) return {};
  return out;
}

/// The sink's failure, in words for the client.
Reply reply_for(const Error& error) {
  if (error.kind == ErrorKind::kOverLimit) return {552, status::kLetterTooBig, "The letter is too big"};
  if (error.kind == ErrorKind::kRefuse) return {554, status::kBadLetter, "The letter was refused"};
  return {451, status::kTrySystemLater, "The letter can't be stored now; send it again later"};
}

net::Deadline earlier(net::Deadline a, net::Deadline b) { return a.at < b.at ? a : b; }

}  // namespace

ServerSession::Step ServerSession::data(std::string_view) {
  if (mail_.body == Body::kBinaryMime) {  // RFC 3030 §3
    co_return co_await refuse({503, status::kBadSequence, "A letter of BODY=BINARYMIME comes by BDAT"});
  }
  if (talks_ahead()) co_return co_await refuse_pipelining();
  if (auto refusal = co_await begin_letter(Framing::kDotStuffed)) {
    co_return co_await say(*std::move(refusal));
  }
  PABAL_CO_TRY_VOID(co_await say({354, {}, "Enter mail, end with \".\" on a line by itself"}));
  PABAL_CO_TRY_VOID(co_await read_dotted());
  if (overran()) {
    throw_out("the letter went on far beyond its limit");
    co_return co_await say(*intake_->refusal);
  }
  co_return co_await finish_letter();
}

net::Task<std::optional<Reply>> ServerSession::begin_letter(Framing framing) {
  auto sink = co_await handler_.begin_letter(facts_, {.chunked = framing == Framing::kCounted});
  if (!sink) co_return std::move(sink).error();
  const bool is_binary = mail_.body == Body::kBinaryMime;
  const LetterDecoder decoder(framing, is_binary ? BareLineEnds::kAllow : options_.bare_line_ends);
  intake_.emplace(LetterIntake{*std::move(sink), decoder, 0, 0, {}, soon(options_.deadlines.letter)});
  co_return std::nullopt;
}

ServerSession::Step ServerSession::read_dotted() {
  std::uint64_t heard = 0;
  while (!intake_->decoder.ended() && !overran()) {
    const net::Deadline deadline = earlier(intake_->deadline, soon(options_.deadlines.data));
    PABAL_CO_TRY(const std::string_view bytes, co_await connection_.peek(deadline));
    std::size_t used = 0;
    while (used < bytes.size() && !intake_->decoder.ended()) {
      const CodecStep step = intake_->decoder.next(bytes.substr(used));
      used += step.consumed;
      if (!step.data.empty()) co_await store(step.data);
    }
    connection_.consume(used);
    heard += used;
  }
  if (dialogue_ != nullptr) dialogue_->letter_heard(heard);
  co_return Result<void>();
}

net::Task<void> ServerSession::store(std::string_view bytes) {
  LetterIntake& intake = *intake_;
  if (!intake.refusal && intake.decoder.saw_bare_line_end() &&
      options_.bare_line_ends == BareLineEnds::kRefuse && mail_.body != Body::kBinaryMime) {
    intake.refusal = Reply{554, status::kBadLetter,
                           "A line of the letter does not end with CR LF; your software must send it so"};
  }
  if (!intake.refusal && bytes.size() > options_.limits.max_letter_bytes - intake.size_bytes) {
    intake.refusal = Reply{552, status::kLetterTooBig,
                           fmt::format("A letter may have {} bytes here", options_.limits.max_letter_bytes)};
  }
  if (intake.refusal) {
    intake.sink.reset();
    intake.dropped_bytes += bytes.size();
    co_return;
  }
  if (bytes.empty()) co_return;
  intake.size_bytes += bytes.size();
  const auto written = co_await intake.sink->write(bytes);
  if (!written) {
    intake.refusal = reply_for(written.error());
    intake.sink.reset();
  }
}

bool ServerSession::overran() const {
  return intake_->refusal && intake_->dropped_bytes > options_.limits.max_overrun_bytes;
}

ServerSession::Step ServerSession::finish_letter() {
  // What the decoder held back, or a bare line end in the very last piece, may still refuse the letter.
  co_await store(intake_->decoder.finish());
  LetterVerdict verdict;
  if (intake_->refusal) {
    verdict.reply = *std::move(intake_->refusal);
  } else {
    verdict = co_await intake_->sink->finish();
  }
  intake_.reset();
  co_return co_await answer_letter(std::move(verdict));
}

ServerSession::Step ServerSession::answer_letter(LetterVerdict verdict) {
  const std::size_t recipients = recipients_;
  const auto accepted = [](const Reply& reply) { return reply.accepted(); };
  if (verdict.reply.accepted() || std::ranges::any_of(verdict.per_recipient, accepted)) {
    ++facts_.letters;
    idle_commands_ = 0;
    letter_answered_ = true;
  }
  end_transaction();
  if (options_.profile != Profile::kLmtp) co_return co_await say(std::move(verdict.reply));
  // RFC 2033 §4.2: a reply for each RCPT that was accepted, in their order.
  for (std::size_t i = 0; i < recipients; ++i) {
    const bool has_own = i < verdict.per_recipient.size();
    PABAL_CO_TRY_VOID(co_await say(has_own ? verdict.per_recipient[i] : verdict.reply));
  }
  co_return Result<void>();
}

ServerSession::Step ServerSession::bdat(std::string_view args) {
  const auto chunk = parse_chunk_header(args);
  const std::uint64_t max_chunk = options_.limits.max_letter_bytes + options_.limits.max_overrun_bytes;
  if (!chunk || chunk->size_bytes > max_chunk) {
    // What follows is a chunk of unknown size, or more than we care to read.
    throw_out("a chunk that can't be read");
    const bool is_big = chunk.has_value();
    co_return co_await say(is_big ? Reply{552, status::kLetterTooBig, "That chunk is too big"}
                                  : Reply{501, status::kBadArguments, "Write BDAT size, or BDAT size LAST"});
  }
  if (!in(static_cast<unsigned>(State::kRecipients) | static_cast<unsigned>(State::kChunks))) {
    PABAL_CO_TRY_VOID(co_await drop_chunk(chunk->size_bytes));
    const bool failed_before = state_ == State::kChunksFailed;
    co_return co_await refuse({503, status::kBadSequence,
                               failed_before ? "A chunk of this letter was refused; say RSET"
                                             : "Name sender and recipients first"});
  }
  if (state_ == State::kRecipients) {
    if (auto refusal = co_await begin_letter(Framing::kCounted)) {
      PABAL_CO_TRY_VOID(co_await drop_chunk(chunk->size_bytes));
      state_ = State::kChunksFailed;
      co_return co_await say(*std::move(refusal));
    }
    state_ = State::kChunks;
  }
  PABAL_CO_TRY_VOID(co_await read_chunk(chunk->size_bytes));
  if (chunk->last) co_return co_await finish_letter();
  if (intake_->refusal) {
    Reply refusal = *std::move(intake_->refusal);
    intake_.reset();
    state_ = State::kChunksFailed;
    co_return co_await say(std::move(refusal));
  }
  co_return co_await say({250, status::kLetterOk, fmt::format("{} bytes came", chunk->size_bytes)});
}

ServerSession::Step ServerSession::read_chunk(std::uint64_t size_bytes) {
  std::uint64_t left = size_bytes;
  while (left > 0) {
    const net::Deadline deadline = earlier(intake_->deadline, soon(options_.deadlines.data));
    PABAL_CO_TRY(std::string_view bytes, co_await connection_.peek(deadline));
    bytes = bytes.substr(0, std::min<std::uint64_t>(left, bytes.size()));
    std::size_t used = 0;
    while (used < bytes.size()) {
      const CodecStep step = intake_->decoder.next(bytes.substr(used));
      used += step.consumed;
      if (!step.data.empty()) co_await store(step.data);
    }
    connection_.consume(used);
    left -= used;
  }
  if (dialogue_ != nullptr) dialogue_->letter_heard(size_bytes);
  co_return Result<void>();
}

ServerSession::Step ServerSession::drop_chunk(std::uint64_t size_bytes) {
  const net::Deadline whole = soon(options_.deadlines.letter);
  std::uint64_t left = size_bytes;
  while (left > 0) {
    const net::Deadline deadline = earlier(whole, soon(options_.deadlines.data));
    PABAL_CO_TRY(const std::string_view bytes, co_await connection_.peek(deadline));
    const std::size_t used = std::min<std::uint64_t>(left, bytes.size());
    connection_.consume(used);
    left -= used;
  }
  if (dialogue_ != nullptr) dialogue_->letter_heard(size_bytes);
  co_return Result<void>();
}

}  // namespace pabal::smtp::detail
