#include "pop3/session.h"

#include "base/ascii.h"
#include "base/utf8.h"
#include "pop3/detail/session.h"
#include "pop3/grammar/command.h"

namespace pabal::pop3 {

net::Task<SessionSummary> serve_pop3(net::Connection& connection, Pop3Services& services,
                                     const Pop3Options& options) {
  detail::Session session(connection, services, options);
  co_return co_await session.run();
}

namespace detail {
namespace {

/// Answers gather so far before they are sent, while the client's next command is there already: letters of
/// the usual size share a call of the system's.
constexpr std::size_t kFlushBytes = 64 * 1024;

// RFC 2449 §4 allows 255 bytes; an AUTH line with its response is longer, and so are some passwords.
constexpr std::size_t kMaxLoginLine = 2 * account::kMaxSaslResponseBytes;
constexpr std::size_t kMaxLine = 1024;
constexpr std::size_t kMaxDropped = 64 * 1024;
// An answer's line has 512 bytes at most (RFC 2449 §4).
constexpr std::size_t kMaxText = 450;

}  // namespace

Reply ok(std::string_view text) { return {Reply::Status::kOk, {}, std::string(text)}; }
Reply err(std::string_view code, std::string_view text) {
  return {Reply::Status::kErr, code, std::string(text)};
}
Reply bad(std::string_view text) { return {Reply::Status::kBad, {}, std::string(text)}; }
Reply said() { return {Reply::Status::kSaid, {}, {}}; }

Result<Reply> reply_or_end(const Error& error) {
  switch (error.kind) {
    case ErrorKind::kClose:
    case ErrorKind::kDeadline:
    case ErrorKind::kCancelled:
      return std::unexpected(error);
    case ErrorKind::kCorrupt:  // RFC 3206 §4
      return err("SYS/PERM", "What is stored there is damaged; the operator has been told");
    default:
      return err("SYS/TEMP", "That can't be done at the moment; try again later");
  }
}

OpenMaildrop::OpenMaildrop(Session& session, account::Login login_, Maildrop maildrop,
                           account::Connections::Place connection_, Maildrops::Place place_)
    : login(std::move(login_)),
      letters(std::move(maildrop)),
      records(session.mailboxes(), login.account),
      telling(session.services().engine, session.services().journal,
              {.account = login.account,
               .login = login.address.to_string(),
               .peer = session.connection().peer().to_string(),
               .folder = letters.folder() == mailbox::kInbox ? "" : session.options().folder},
              session.services().clock.wall() - session.options().journeys_kept),
      connection(std::move(connection_)),
      place(std::move(place_)) {}

Session::Session(net::Connection& connection, Pop3Services& services, const Pop3Options& options)
    : connection_(connection), services_(services), options_(options) {}

net::Task<SessionSummary> Session::run() {
  const net::Context context = co_await net::current_context();
  net::CancelSource source(context.cancel);
  cancel_ = &source;
  // No timestamp in it: APOP needs passwords that can be read (RFC 1939 §7).
  say(ok(fmt::format("{} Pabal POP3 is ready", options_.host_name)));
  Result<void> result;
  while (result && !ending_) result = co_await serve_command().in({context.loop, &source});
  // Told to stop, we still have a word to say.
  co_await leave(std::move(result)).in({context.loop, nullptr});
  open_.reset();  // before the source
  co_return std::move(summary_);
}

bool Session::more_waits() const { return connection_.buffered_input().find('\n') != std::string_view::npos; }

Step Session::serve_command() {
  if (out_.size() >= kFlushBytes || !more_waits()) PABAL_CO_TRY_VOID(co_await send_out());
  const bool inside = state() == State::kTransaction;
  const net::LineLimits limits{.max_bytes = inside ? kMaxLine : kMaxLoginLine,
                               .max_dropped_bytes = kMaxDropped,
                               .accept_bare_lf = true};
  const auto line = co_await connection_.read_line(
      limits, in(inside ? options_.deadlines.idle : options_.deadlines.greeted));
  if (open_) {
    open_->place.touch();
    if (open_->place.is_lost())
      co_return fail(ErrorKind::kCancelled, "another client took the maildrop over");
  }
  if (line) co_return co_await obey(*line);
  if (line.error().kind != ErrorKind::kOverLimit && line.error().kind != ErrorKind::kRefuse)
    co_return std::unexpected(line.error());
  co_return co_await finish_command(bad(line.error().detail));
}

Step Session::obey(std::string_view line) {
  ++summary_.commands;
  const CommandLine command = parse_command_line(line);
  const Command* const row = find_command(command.keyword);
  if (auto no_way = objection(row)) co_return co_await finish_command(*std::move(no_way));
  co_return co_await finish_command(co_await row->run(*this, command.rest));
}

std::optional<Reply> Session::objection(const Command* command) const {
  if (command == nullptr) return bad("That is not a command here; CAPA tells what we speak");
  if ((command->states & static_cast<unsigned>(state())) != 0) return std::nullopt;
  return bad(open_ ? "You are logged in already" : "Log in first: USER and PASS, or AUTH");
}

Step Session::finish_command(Result<Reply> reply) {
  if (!reply) co_return failure_of(std::move(reply));
  const bool is_bad = reply->status == Reply::Status::kBad;
  const std::size_t most = open_ ? options_.max_errors : options_.max_errors_before_login;
  summary_.errors += is_bad ? 1 : 0;
  errors_in_a_row_ = is_bad ? errors_in_a_row_ + 1 : 0;
  if (errors_in_a_row_ >= most) {
    reply->text += "; that was one error too many, goodbye";
    end(SessionSummary::End::kThrownOut, "too many errors");
  }
  if (reply->status != Reply::Status::kSaid) say(*reply);
  co_return Result<void>();
}

void Session::say(const Reply& reply) {
  out_ += reply.status == Reply::Status::kOk ? "+OK" : "-ERR";
  if (!reply.code.empty()) {
    out_ += " [";
    out_ += reply.code;
    out_ += ']';
  }
  if (!reply.text.empty()) {
    out_ += ' ';
    // What others wrote (a reason for a closed account) must not become lines of ours.
    for (const char c : utf8_prefix(reply.text, kMaxText)) out_ += is_control(c) ? ' ' : c;
  }
  out_ += "\r\n";
}

Step Session::say_now(const Reply& reply) {
  say(reply);
  co_return co_await send_out();
}

Step Session::flush() {
  if (out_.size() < kFlushBytes) co_return Result<void>();
  if (open_) open_->place.touch();
  Result<void> sent = co_await connection_.write(out_, in(options_.deadlines.reply));
  out_.clear();
  co_return sent;
}

// A session that waits holds no buffer: a client that sent nothing more may be silent for long.
Step Session::send_out() {
  Result<void> sent = co_await connection_.write(out_, in(options_.deadlines.reply));
  if (more_waits()) {
    out_.clear();
  } else {
    out_ = {};
  }
  co_return sent;
}

account::ClientInfo Session::client() const {
  auto client = account::client_info_of(connection_.stream(), account::Protocol::kPop3);
  client.domain = options_.domain;
  return client;
}

Answer Session::log_in(account::Login login) {
  account::Connections::Place connection;
  if (!services_.connections.admit(login.account, connection))
    co_return err("SYS/TEMP", "This account has too many connections open");
  auto place = services_.maildrops.open(login.account, connection_.loop(), *cancel_);
  if (!place) {
    co_return place.error() == Maildrops::Refusal::kInUse
        ? err("IN-USE", "Another client has this maildrop open")
        : err("LOGIN-DELAY", fmt::format("Come again {} seconds after your last login",
                                         services_.maildrops.options().login_delay.count()));
  }
  auto maildrop = co_await load_maildrop(login.account);
  if (!maildrop) {
    services_.log.warn("a maildrop can't be opened",
                       {{"account", login.account}, {"error", maildrop.error()}});
    co_return reply_or_end(maildrop.error());
  }
  if (!*maildrop) co_return err("SYS/PERM", fmt::format("There is no folder {} here", options_.folder));
  summary_.login = login.address.to_string();
  open_.emplace(*this, std::move(login), **std::move(maildrop), std::move(connection), *std::move(place));
  co_return ok(fmt::format("The maildrop of {} has {} messages ({} octets)", summary_.login,
                           open_->letters.count(), open_->letters.bytes()));
}

net::Task<Result<std::optional<Maildrop>>> Session::load_maildrop(account::AccountId account) {
  // What came in elsewhere is in it too.
  PABAL_CO_TRY_VOID(co_await mailboxes().sync(account));
  PABAL_CO_TRY(const mailbox::Folders folders, co_await mailboxes().folders(account));
  const mailbox::Folder* const folder = folders->find_path(options_.folder);
  if (folder == nullptr || folder->placeholder) co_return std::nullopt;
  PABAL_CO_TRY(mailbox::Table table, co_await mailboxes().open(account, folder->id));
  std::optional<WallTime> since;
  if (options_.last_days.count() > 0) since = services_.clock.wall() - options_.last_days;
  co_return Maildrop(std::move(table), folder->uid_validity, since);
}

void Session::end(SessionSummary::End how, std::string_view why) {
  if (ending_) return;
  ending_ = true;
  summary_.end = how;
  summary_.detail = why;
}

net::Task<void> Session::leave(Result<void> why) {
  const net::Deadline deadline = in(options_.deadlines.farewell);
  const bool lost = open_ && open_->place.is_lost();
  // Before the client hears the last word, since it may come again at once.
  if (open_) open_->place = {};
  if (why) {
    Result<void> heard = co_await connection_.write(out_, deadline);
    if (heard) heard = co_await connection_.flush(deadline);
    if (open_) co_await open_->telling.write();
    if (heard) std::ignore = co_await connection_.finish(deadline);
    co_return;
  }
  if (summary_.detail.empty()) summary_.detail = why.error().detail;
  if (why.error().kind == ErrorKind::kDeadline) summary_.end = SessionSummary::End::kTimedOut;
  if (why.error().kind == ErrorKind::kCancelled) {
    summary_.end = lost ? SessionSummary::End::kTakenOver : SessionSummary::End::kCancelled;
  }
  std::ignore = co_await connection_.flush(deadline);
  connection_.close();
  if (open_) co_await open_->telling.write();
}

}  // namespace detail
}  // namespace pabal::pop3
