// One session at work: what the commands (commands/*.cc) share. The loop is in session.cc, the table of
// commands in commands/table.cc.
//
// A command appends what it answers to out(), lets that go with flush() when it is much, and returns its
// Reply. What is in out() is sent when the session next waits for the client, or when it has become much:
// answers to commands that came together leave together.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.h"
#include "net/cancel.h"
#include "pop3/detail/maildrop.h"
#include "pop3/detail/records.h"
#include "pop3/detail/telling.h"
#include "pop3/session.h"

namespace pabal::pop3::detail {

/// One bit each, so that a command's row can name those in which it is allowed (RFC 1939 §3).
enum class State : std::uint8_t { kAuthorization = 1, kTransaction = 2 };

/// A line of +OK or -ERR.
struct Reply {
  /// kBad: -ERR to what makes no sense. kSaid: the command has written its answer itself.
  enum class Status : std::uint8_t { kOk, kErr, kBad, kSaid } status = Status::kOk;
  std::string_view code;  ///< RFC 2449 §8, without its brackets
  std::string text;
};
Reply ok(std::string_view text);
Reply err(std::string_view code, std::string_view text);
Reply bad(std::string_view text);
Reply said();
/// What a failure of the store means to the client; one of the connection ends the session.
Result<Reply> reply_or_end(const Error& error);

/// A failure ends the session; whatever the client did wrong is a Reply.
using Answer = net::Task<Result<Reply>>;
using Step = net::Task<Result<void>>;

class Session;

/// A command as a row of the table. `rest` is what stood behind the keyword, good until the command reads on.
struct Command {
  std::string_view keyword;
  unsigned states;
  Answer (*run)(Session& session, std::string_view rest);
};
/// commands/table.cc
const Command* find_command(std::string_view keyword);

/// A maildrop that is open, and what was done in it.
struct OpenMaildrop {
  OpenMaildrop(Session& session, account::Login login, Maildrop maildrop,
               account::Connections::Place connection, Maildrops::Place place);

  const account::Login login;
  Maildrop letters;
  RecordsAhead records;
  Telling telling;
  mailbox::UidSet to_be_seen;

  account::Connections::Place connection;
  Maildrops::Place place;
};

class Session {
 public:
  Session(net::Connection& connection, Pop3Services& services, const Pop3Options& options);
  net::Task<SessionSummary> run();

  net::Connection& connection() { return connection_; }
  Pop3Services& services() { return services_; }
  mailbox::Mailboxes& mailboxes() { return services_.mailboxes; }
  const Pop3Options& options() const { return options_; }
  SessionSummary& summary() { return summary_; }
  net::Deadline in(std::chrono::nanoseconds span) const { return connection_.loop().in(span); }
  account::ClientInfo client() const;

  State state() const { return open_ ? State::kTransaction : State::kAuthorization; }
  /// In TRANSACTION only.
  OpenMaildrop& open() { return *open_; }
  /// Opens the maildrop of whoever logged in, or says why not.
  Answer log_in(account::Login login);
  /// Told to nobody: the letters are the client's already.
  std::string& user() { return user_; }
  std::size_t& login_failures() { return login_failures_; }
  bool& utf8() { return utf8_; }
  /// Ends the session after its reply.
  void end(SessionSummary::End how, std::string_view why = {});

  // Answering.
  std::string& out() { return out_; }
  /// Sends what is there if it is much; long answers call it now and then.
  Step flush();
  /// Hands all of it to the connection, which sends it when it next waits.
  Step send_out();
  /// An answer before the command ends: in front of a handshake.
  Step say_now(const Reply& reply);

 private:
  Step serve_command();
  Step obey(std::string_view line);
  Step finish_command(Result<Reply> reply);
  std::optional<Reply> objection(const Command* command) const;
  void say(const Reply& reply);
  bool more_waits() const;
  net::Task<Result<std::optional<Maildrop>>> load_maildrop(account::AccountId account);
  net::Task<void> leave(Result<void> why);

  net::Connection& connection_;
  Pop3Services& services_;
  const Pop3Options& options_;
  net::CancelSource* cancel_ = nullptr;  // of run()

  std::string user_;
  std::size_t login_failures_ = 0;
  std::size_t errors_in_a_row_ = 0;
  bool utf8_ = false;
  bool ending_ = false;
  std::optional<OpenMaildrop> open_;
  std::string out_;
  SessionSummary summary_;
};

}  // namespace pabal::pop3::detail
