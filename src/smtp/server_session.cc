#include "smtp/server_session.h"

#include <array>

#include "base/ascii.h"
#include "smtp/detail/server_core.h"

namespace pabal::smtp {

net::Task<SessionSummary> serve_smtp(net::Connection& connection, ServerHandler& handler,
                                     const ServerOptions& options, Dialogue* dialogue) {
  detail::ServerSession session(connection, handler, options, dialogue);
  co_return co_await session.run();
}

namespace detail {
namespace {

constexpr unsigned bits(auto... states) { return (static_cast<unsigned>(states) | ...); }
constexpr unsigned kAnyTime = bits(State::kConnected, State::kGreeted, State::kSender, State::kRecipients,
                                   State::kChunks, State::kChunksFailed);
constexpr unsigned kInTransaction =
    bits(State::kSender, State::kRecipients, State::kChunks, State::kChunksFailed);

enum class Args { kNone, kOptional, kRequired };
enum class In { kAll, kSmtp, kLmtp };

/// RFC 5321 §4.1.1: trailing white space is tolerated.
std::string_view without_trailing_space(std::string_view line) {
  while (!line.empty() && (line.back() == ' ' || line.back() == '\t')) line.remove_suffix(1);
  return line;
}

Reply reply_for_line(const Error& why) {
  if (why.kind == ErrorKind::kOverLimit) return {500, status::kBadSyntax, "That line is too long"};
  return {500, status::kBadSyntax, "A line must end with CR LF, and neither may stand alone"};
}

}  // namespace

/// A command as a row of the table.
struct ServerSession::Command {
  std::string_view verb;
  Args args;
  In protocol;
  unsigned states;
  bool guarded;  ///< only after TLS and login, where those are required (RFC 3207 §4, RFC 4954 §6)
  bool idle;     ///< brings no letter further
  Step (ServerSession::*run)(std::string_view args);
};

const ServerSession::Command* ServerSession::find_command(std::string_view verb) {
  using S = ServerSession;
  constexpr unsigned kGreeted = bits(State::kGreeted);
  constexpr unsigned kRecipients = bits(State::kSender, State::kRecipients);
  constexpr unsigned kOutside = bits(State::kConnected, State::kGreeted);
  // BDAT is allowed everywhere, since its chunk must be read even where it is refused.
  static constexpr std::array<Command, 23> kTable = {{
      {"MAIL", Args::kRequired, In::kAll, kGreeted, true, true, &S::mail},
      {"RCPT", Args::kRequired, In::kAll, kRecipients, true, false, &S::rcpt},
      {"DATA", Args::kNone, In::kAll, bits(State::kRecipients), true, false, &S::data},
      {"BDAT", Args::kRequired, In::kAll, kAnyTime, false, false, &S::bdat},
      {"EHLO", Args::kRequired, In::kSmtp, kAnyTime, false, true, &S::ehlo},
      {"HELO", Args::kRequired, In::kSmtp, kAnyTime, false, true, &S::helo},
      {"LHLO", Args::kRequired, In::kLmtp, kAnyTime, false, true, &S::ehlo},
      {"STARTTLS", Args::kNone, In::kAll, kOutside, false, true, &S::start_tls},
      {"AUTH", Args::kRequired, In::kAll, kGreeted, false, true, &S::auth},
      {"RSET", Args::kNone, In::kAll, kAnyTime, false, true, &S::rset},
      {"NOOP", Args::kOptional, In::kAll, kAnyTime, false, true, &S::noop},
      {"QUIT", Args::kNone, In::kAll, kAnyTime | bits(State::kTurnedAway), false, false, &S::quit},
      {"VRFY", Args::kRequired, In::kAll, kAnyTime, true, true, &S::verify},
      {"EXPN", Args::kRequired, In::kAll, kAnyTime, true, true, &S::expand},
      {"HELP", Args::kOptional, In::kAll, kAnyTime, false, true, &S::help},
      {"XCLIENT", Args::kRequired, In::kAll, kOutside, false, true, &S::xclient},
      {"TURN", Args::kOptional, In::kAll, kAnyTime, true, true, &S::expand},
      {"ETRN", Args::kOptional, In::kAll, kAnyTime, true, true, &S::expand},
      {"SEND", Args::kOptional, In::kAll, kAnyTime, true, true, &S::expand},
      // A web page can make a browser post to our port; its next lines would be somebody's commands.
      {"GET", Args::kOptional, In::kAll, kAnyTime, false, true, &S::not_mail},
      {"POST", Args::kOptional, In::kAll, kAnyTime, false, true, &S::not_mail},
      {"PUT", Args::kOptional, In::kAll, kAnyTime, false, true, &S::not_mail},
      {"CONNECT", Args::kOptional, In::kAll, kAnyTime, false, true, &S::not_mail},
  }};
  for (const Command& command : kTable) {
    if (equals_ignoring_case(command.verb, verb)) return &command;
  }
  return nullptr;
}

ServerSession::ServerSession(net::Connection& connection, ServerHandler& handler,
                             const ServerOptions& options, Dialogue* dialogue)
    : connection_(connection), handler_(handler), options_(options), dialogue_(dialogue) {
  facts_.profile = options.profile;
  facts_.peer = connection.peer();
  facts_.local = connection.stream().local();
  facts_.tls = connection.stream().tls_facts();
}

net::Task<SessionSummary> ServerSession::run() {
  Result<void> result = co_await greet();
  if (result && !ending_) result = co_await serve_commands();
  if (in(kInTransaction)) end_transaction();
  const net::Context context = co_await net::current_context();
  // Told to stop, we still have a word to say.
  co_await leave(std::move(result)).in({context.loop, nullptr});
  summary_.letters = facts_.letters;
  co_return std::move(summary_);
}

ServerSession::Step ServerSession::serve_commands() {
  while (!ending_) {
    const net::LineLimits limits{.max_bytes = kMaxLoginLineBytes};
    const bool waits_for_us = !talks_ahead();
    auto line = co_await connection_.read_line(limits, soon(options_.deadlines.command));
    if (line && waits_for_us && std::exchange(letter_answered_, false)) handler_.answer_heard();
    if (line) {
      PABAL_CO_TRY_VOID(co_await obey(*line));
    } else if (line.error().kind == ErrorKind::kOverLimit || line.error().kind == ErrorKind::kRefuse) {
      PABAL_CO_TRY_VOID(co_await refuse(reply_for_line(line.error())));
    } else {
      co_return failure_of(std::move(line));
    }
  }
  co_return Result<void>();
}

ServerSession::Step ServerSession::obey(std::string_view line) {
  ++summary_.commands;
  line = without_trailing_space(line);
  const std::size_t verb_end = std::min(line.find_first_of(" \t"), line.size());
  const std::string_view verb = line.substr(0, verb_end);
  std::string_view args = line.substr(verb_end);
  while (!args.empty() && (args.front() == ' ' || args.front() == '\t')) args.remove_prefix(1);

  const Command* command = find_command(verb);
  const bool is_login = command != nullptr && command->run == &ServerSession::auth;
  if (dialogue_ != nullptr) {
    const std::string_view mechanism = args.substr(0, args.find(' '));
    const bool has_secret = is_login && mechanism.size() < args.size();
    dialogue_->heard(has_secret ? fmt::format("AUTH {} {}", mechanism, kBlanked) : std::string(line));
  }
  if (line.size() > kMaxCommandBytes && !is_login) {
    co_return co_await refuse({500, status::kBadSyntax, "That line is too long"});
  }
  if (command == nullptr) {
    co_return co_await refuse({500, status::kBadSyntax, "That is not a command here; HELP names them"});
  }
  if (auto reply = objection(*command, args)) co_return co_await refuse(*std::move(reply));
  if (command->idle && ++idle_commands_ > options_.limits.max_idle_commands) {
    throw_out("too many commands without a letter");
    co_return co_await say({421, EnhancedCode{4, 7, 0}, "You seem to have no mail; come again when you do"});
  }
  co_return co_await (this->*command->run)(args);
}

std::optional<Reply> ServerSession::objection(const Command& command, std::string_view args) const {
  const bool is_lmtp = options_.profile == Profile::kLmtp;
  if (command.protocol == (is_lmtp ? In::kSmtp : In::kLmtp)) {
    return Reply{500, status::kBadSyntax, is_lmtp ? "This is LMTP: say LHLO" : "This is SMTP: say EHLO"};
  }
  if (command.args == Args::kNone && !args.empty()) {
    return Reply{501, status::kBadArguments, fmt::format("{} stands alone", command.verb)};
  }
  if (command.args == Args::kRequired && args.empty()) {
    return Reply{501, status::kBadArguments, fmt::format("{} needs more behind it", command.verb)};
  }
  if (command.guarded && options_.tls_required && !connection_.encrypted()) {
    return Reply{530, status::kNotAllowed, "Encrypt first: say STARTTLS"};
  }
  if (command.guarded && options_.login_required && facts_.login.empty()) {
    return Reply{530, status::kNotAllowed, "Log in first: say AUTH"};
  }
  if (!in(command.states)) return out_of_sequence(command);
  return {};
}

Reply ServerSession::out_of_sequence(const Command& command) const {
  const auto why = [&]() -> std::string_view {
    const bool wants_transaction = (command.states & kInTransaction) != 0;
    switch (state_) {
      case State::kTurnedAway:
        return "We take no mail from you; say QUIT";
      case State::kConnected:
        return "Say who you are first: EHLO your.name";
      case State::kGreeted:
        return wants_transaction ? "Name the sender first: MAIL FROM" : "Not now";
      case State::kSender:
        return wants_transaction ? "No recipient was accepted" : "A letter was begun already";
      case State::kRecipients:
        return "A letter was begun already";
      case State::kChunks:
      case State::kChunksFailed:
        return "A letter is on its way in chunks";
    }
    return "";
  }();
  return {503, status::kBadSequence, std::string(why)};
}

ServerSession::Step ServerSession::say(Reply reply) {
  if (reply.closes()) throw_out(reply.text);
  const std::string wire = format_reply(reply, mail_.smtputf8 ? ReplyText::kUtf8 : ReplyText::kAscii);
  if (dialogue_ != nullptr) {
    std::string_view rest = wire;
    for (std::size_t end = rest.find("\r\n"); end != rest.npos; end = rest.find("\r\n")) {
      dialogue_->said(rest.substr(0, end));
      rest.remove_prefix(end + 2);
    }
  }
  co_return co_await connection_.write(wire, soon(options_.deadlines.reply));
}

ServerSession::Step ServerSession::refuse(Reply reply) {
  ++summary_.errors;
  PABAL_CO_TRY_VOID(co_await say(std::move(reply)));
  if (ending_ || summary_.errors < options_.limits.max_errors) co_return Result<void>();
  co_return co_await say({421, EnhancedCode{4, 7, 0}, "Too many errors"});
}

ServerSession::Step ServerSession::refuse_pipelining() {
  throw_out("the client did not wait for our reply");
  co_return co_await say(
      {554, EnhancedCode{5, 5, 0}, "You must wait for the reply to this before you go on"});
}

void ServerSession::throw_out(std::string why) {
  ending_ = true;
  summary_.end = SessionSummary::End::kThrownOut;
  if (summary_.detail.empty()) summary_.detail = std::move(why);
}

net::Task<void> ServerSession::leave(Result<void> why) {
  const net::Deadline deadline = soon(options_.deadlines.farewell);
  if (why) {
    std::ignore = co_await connection_.finish(deadline);
    co_return;
  }
  if (summary_.detail.empty()) summary_.detail = why.error().detail;
  const ErrorKind kind = why.error().kind;
  if (kind == ErrorKind::kDeadline) {
    std::ignore = co_await say({421, status::kTimedOut, options_.host_name + " You took too long; closing"});
    summary_.end = SessionSummary::End::kTimedOut;
  } else if (kind == ErrorKind::kCancelled) {
    std::ignore =
        co_await say({421, status::kShuttingDown, options_.host_name + " We are stopping; come again soon"});
    summary_.end = SessionSummary::End::kCancelled;
  }
  std::ignore = co_await connection_.flush(deadline);
  connection_.close();
}

ServerSession::Step ServerSession::quit(std::string_view) {
  ending_ = true;
  summary_.end = SessionSummary::End::kQuit;
  co_return co_await say({221, status::kSuccess, options_.host_name + " closing connection"});
}

ServerSession::Step ServerSession::noop(std::string_view) {
  co_return co_await say({250, status::kSuccess, "Ok"});
}

ServerSession::Step ServerSession::help(std::string_view) {
  const bool is_lmtp = options_.profile == Profile::kLmtp;
  co_return co_await say({214, status::kSuccess,
                          fmt::format("Pabal, a mail server. It knows these commands:\n"
                                      "{} MAIL RCPT DATA BDAT RSET NOOP VRFY HELP STARTTLS AUTH QUIT\n"
                                      "RFC {} tells what they mean",
                                      is_lmtp ? "LHLO" : "HELO EHLO", is_lmtp ? "2033" : "5321")});
}

// RFC 5321 §3.5.3: neither yes nor no, since the answer would be of use to spammers alone (§7.3).
ServerSession::Step ServerSession::verify(std::string_view) {
  co_return co_await say({252, status::kSuccess, "Send a letter, and we will try to deliver it"});
}

ServerSession::Step ServerSession::expand(std::string_view) {
  co_return co_await refuse({502, status::kBadSequence, "We don't do that"});
}

ServerSession::Step ServerSession::not_mail(std::string_view) {
  throw_out("the client speaks HTTP");
  co_return co_await say({554, status::kBadSyntax, "This is a mail server"});
}

}  // namespace detail
}  // namespace pabal::smtp
