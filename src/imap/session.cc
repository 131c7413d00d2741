#include "imap/session.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/heap.h"
#include "imap/detail/metadata.h"
#include "imap/detail/notify.h"
#include "imap/detail/session.h"
#include "imap/grammar/write_string.h"

namespace pabal::imap {

net::Task<SessionSummary> serve_imap(net::Connection& connection, ImapServices& services,
                                     const ImapOptions& options) {
  detail::Session session(connection, services, options);
  Result<void> result = co_await session.greet();
  while (result && !session.is_ending()) {
    // Here ten thousand clients are silent: this frame is all of theirs that there is.
    result = co_await session.hand_over();
    if (result) result = co_await session.wait_for_client();
    if (result) result = co_await session.serve_client();
  }
  session.unselect();
  const net::Context context = co_await net::current_context();
  // Told to stop, we still have a word to say.
  co_await session.leave(std::move(result)).in({context.loop, nullptr});
  co_return std::move(session.summary());
}

namespace detail {
namespace {

/// Answers gather so far before they are sent; below that the connection's own buffer gathers them.
constexpr std::size_t kFlushBytes = 32 * 1024;

std::string_view word_of(Reply::Status status) {
  switch (status) {
    case Reply::Status::kOk:
      return "OK";
    case Reply::Status::kNo:
      return "NO";
    case Reply::Status::kBad:
    case Reply::Status::kSaid:
      return "BAD";
  }
  return "BAD";
}

}  // namespace

Reply ok(std::string_view text) { return {Reply::Status::kOk, {}, std::string(text)}; }
Reply no(std::string_view code, std::string_view text) {
  return {Reply::Status::kNo, std::string(code), std::string(text)};
}
Reply bad(std::string_view text) { return {Reply::Status::kBad, {}, std::string(text)}; }

// RFC 9051 §7.1, RFC 5530.
Reply reply_for(const Error& error, std::string_view over_limit) {
  switch (error.kind) {
    case ErrorKind::kRefuse:
      return no("", error.detail);
    case ErrorKind::kOverLimit:
      return no(over_limit, error.detail);
    case ErrorKind::kConflict:
      return no("INUSE", "Others are changing that just now; try again");
    case ErrorKind::kCorrupt:
      return no("CORRUPTION", "What is stored there is damaged; the operator has been told");
    default:
      return no("UNAVAILABLE", "That can't be done at the moment; try again later");
  }
}

Result<Reply> reply_or_end(const Error& error) {
  const bool ends = error.kind == ErrorKind::kClose || error.kind == ErrorKind::kDeadline ||
                    error.kind == ErrorKind::kCancelled;
  if (ends) return std::unexpected(error);
  return reply_for(error);
}

Session::Session(net::Connection& connection, ImapServices& services, const ImapOptions& options)
    : connection_(connection), services_(services), options_(options), reader_(connection) {}

Session::~Session() = default;

void Session::set_notifier(std::unique_ptr<Notifier> notifier) { notifier_ = std::move(notifier); }

Step Session::greet() {
  out_ = fmt::format("* OK [CAPABILITY {}] {} Pabal\r\n", capabilities(*this), options_.host_name);
  return write_out();
}

// A session that waits holds no buffer: a client that sent nothing more may be silent for long.
Step Session::hand_over() {
  if (!connection_.buffered_input().empty()) return net::done();
  release(out_);
  reader_.rest();
  return connection_.flush(in(options_.deadlines.reply));
}

net::Deadline Session::silence() const {
  return in(state_ == State::kGreeted ? options_.deadlines.greeted : options_.deadlines.idle);
}

Step Session::wait_for_client() {
  if (notifier_) return wait_with_news(*this);  // RFC 5465 §4: IDLE tells the same
  return is_idling() && (selected_ || enabled_.metadata) ? tell_news_until_input(*this)
                                                         : connection_.wait_for_input(silence());
}

Step Session::serve_client() { return is_idling() ? end_idle() : serve_command(); }

void Session::begin_idle(std::string_view tag) { idle_tag_ = tag; }

Step Session::end_idle() {
  Result<Reply> reply = co_await hear_done(*this);
  const std::string tag = std::exchange(idle_tag_, {});
  co_return co_await finish_command(tag, find_command("IDLE", false), std::move(reply));
}

Step Session::serve_command() {
  auto command = co_await reader_.read(limits(), {silence(), options_.deadlines.command});
  if (command) {
    PABAL_CO_TRY_VOID(co_await obey(*command));
  } else if (command.error().kind == ErrorKind::kOverLimit || command.error().kind == ErrorKind::kRefuse) {
    PABAL_CO_TRY_VOID(co_await refuse_command(command.error()));
  } else {
    co_return failure_of(std::move(command));
  }
  co_return Result<void>();
}

Step Session::obey(CommandText command) {
  ++summary_.commands;
  Cursor in(command.text);
  const auto tag = parse_tag(in);
  if (!tag || !in.take_char(' ')) {
    co_return co_await finish_command(
        "*", nullptr, bad("A command is a tag of your choice, a space, and its name: a1 NOOP"));
  }
  const std::string kept_tag(*tag);
  std::string_view name = in.take_while(is_atom_char);
  const bool by_uid = equals_ignoring_case(name, "UID") && in.take_char(' ');
  if (by_uid) name = in.take_while(is_atom_char);
  const Request request{.text = command.text, .name_end = in.position(), .by_uid = by_uid, .tag = kept_tag};
  by_uid_ = request.by_uid;
  tag_ = kept_tag;
  const Command* row = find_command(name, request.by_uid);
  Result<Reply> reply = bad("That is not a command here; CAPABILITY tells what we speak");
  if (row != nullptr) {
    if (selected_ && selected_->account != account_) {
      PABAL_CO_TRY_VOID(co_await renew_rights());
    }
    if (ending_) {
      reply = no("NOPERM", "You may not read this mailbox any more");
    } else if (auto no_way = objection(*row)) {
      reply = *std::move(no_way);
    } else {
      reply = co_await row->run(*this, request);
    }
  }
  Result<void> finished = co_await finish_command(kept_tag, row, std::move(reply));
  tag_ = {};
  co_return finished;
}

std::optional<Reply> Session::objection(const Command& command) const {
  if ((command.states & static_cast<unsigned>(state_)) == 0) {
    switch (state_) {
      case State::kGreeted:
        return bad("Log in first");
      case State::kLoggedIn:
        return bad(command.states == static_cast<unsigned>(State::kGreeted) ? "You are logged in already"
                                                                            : "Select a mailbox first");
      case State::kSelected:
        return bad("You are logged in already");
    }
  }
  // RFC 9586 §3.
  if (enabled_.uid_only && (command.traits & kByNumber) != 0) {
    return Reply{Reply::Status::kBad, "UIDREQUIRED", "You enabled UIDONLY: use the UID form of this command"};
  }
  return {};
}

Step Session::finish_command(std::string_view tag, const Command* command, Result<Reply> reply) {
  if (!reply) co_return failure_of(std::move(reply));
  if (reader_.message()) {
    PABAL_CO_TRY_VOID(co_await reader_.skip_rest(limits(), in(options_.deadlines.letter)));
  }
  const bool told_by_notifier = notifier_ && is_idling();  // RFC 5465 §4: exactly what NOTIFY says
  if (selected_ && command != nullptr && !ending_ && !told_by_notifier) {
    const auto has = [&](Trait trait) { return (command->traits & trait) != 0; };
    PABAL_CO_TRY_VOID(co_await tell_changes(!has(kKeepsNumbers), has(kAsksForNews)));
  }
  if (enabled_.metadata && command != nullptr && (command->traits & kAsksForNews) != 0)
    PABAL_CO_TRY_VOID(co_await tell_metadata(*this));
  if (reply->status != Reply::Status::kSaid) say(tag, *reply);
  const std::size_t most = state_ == State::kGreeted ? options_.max_errors_before_login : options_.max_errors;
  const bool is_bad = reply->status == Reply::Status::kBad;
  summary_.errors += is_bad ? 1 : 0;
  errors_in_a_row_ = is_bad ? errors_in_a_row_ + 1 : 0;
  if (errors_in_a_row_ >= most) {
    end(SessionSummary::End::kThrownOut, "too many errors");
    out_ += "* BYE Too many errors\r\n";
  }
  if (reader_.lost()) {
    end(SessionSummary::End::kThrownOut, "more than we read away");
    out_ += "* BYE That was far too much\r\n";
  }
  co_return co_await write_out();
}

Step Session::refuse_command(const Error& why) {
  const std::string tag(reader_.tag());
  co_return co_await finish_command(tag, nullptr, Reply{Reply::Status::kBad, "TOOBIG", why.detail});
}

void Session::say(std::string_view tag, const Reply& reply) {
  out_ += tag;
  out_ += ' ';
  out_ += word_of(reply.status);
  out_ += ' ';
  if (!reply.code.empty()) {
    out_ += '[';
    out_ += reply.code;
    out_ += "] ";
  }
  append_text(out_, reply.text, dialect_);
  out_ += "\r\n";
}

Step Session::say_now(std::string_view tag, const Reply& reply) {
  say(tag, reply);
  co_return co_await write_out();
}

Step Session::flush() {
  if (out_.size() < kFlushBytes) co_return Result<void>();
  Result<void> sent = co_await connection_.write(out_, in(options_.deadlines.reply));
  out_.clear();
  co_return sent;
}

Step Session::flush_all() {
  PABAL_CO_TRY_VOID(co_await write_out());
  co_return co_await connection_.flush(in(options_.deadlines.reply));
}

Step Session::write_out() {
  Result<void> sent = co_await connection_.write(out_, in(options_.deadlines.reply));
  out_.clear();
  co_return sent;
}

Result<void> Session::log_in(account::AccountId account, std::string name) {
  if (!services_.connections.admit(account, place_)) {
    return fail(ErrorKind::kOverLimit, "This account has too many connections open");
  }
  account_ = account;
  summary_.login = std::move(name);
  state_ = State::kLoggedIn;
  return {};
}

void Session::select(std::unique_ptr<Selected> selected) {
  selected_ = std::move(selected);
  state_ = State::kSelected;
}

void Session::unselect() {
  selected_.reset();
  if (state_ == State::kSelected) state_ = State::kLoggedIn;
}

void Session::end(SessionSummary::End how, std::string_view why) {
  if (ending_) return;
  ending_ = true;
  summary_.end = how;
  summary_.detail = why;
}

net::Task<void> Session::leave(Result<void> why) {
  const net::Deadline deadline = in(options_.deadlines.farewell);
  if (why) {
    std::ignore = co_await connection_.finish(deadline);
    co_return;
  }
  if (summary_.detail.empty()) summary_.detail = why.error().detail;
  std::string_view farewell;
  switch (why.error().kind) {
    case ErrorKind::kDeadline:
      summary_.end = SessionSummary::End::kTimedOut;
      farewell = "* BYE You were silent for too long\r\n";
      break;
    case ErrorKind::kCancelled:
      summary_.end = SessionSummary::End::kCancelled;
      farewell = "* BYE We are stopping; come again soon\r\n";
      break;
    case ErrorKind::kClose:
      break;
    default:
      farewell = "* BYE [UNAVAILABLE] Something went wrong here; come again later\r\n";
      break;
  }
  if (!farewell.empty()) std::ignore = co_await connection_.write(farewell, deadline);
  std::ignore = co_await connection_.flush(deadline);
  connection_.close();
}

}  // namespace detail
}  // namespace pabal::imap
