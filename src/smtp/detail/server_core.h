// One server session at work. The public face is smtp/server_session.h; the work is divided by what it
// does: server_session.cc has the loop and the table of commands, server_greeting.cc who the client is
// (HELO, STARTTLS, AUTH, XCLIENT), server_transaction.cc MAIL and RCPT, server_letter.cc DATA and BDAT.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "smtp/letter_codec.h"
#include "smtp/server_session.h"

namespace pabal::smtp::detail {

/// Where the dialogue stands; one bit each, so that a command's row can name those in which it is allowed.
enum class State : std::uint8_t {
  kTurnedAway = 1,     ///< refused at the greeting: only QUIT is left (RFC 5321 §3.1)
  kConnected = 2,      ///< before HELO
  kGreeted = 4,        ///< no transaction
  kSender = 8,         ///< MAIL was accepted
  kRecipients = 16,    ///< and a recipient
  kChunks = 32,        ///< and BDAT
  kChunksFailed = 64,  ///< a chunk was refused: what is still in the pipe is dropped (RFC 3030 §2)
};

/// A letter on its way in.
struct LetterIntake {
  std::unique_ptr<LetterSink> sink;
  LetterDecoder decoder;
  std::uint64_t size_bytes = 0;
  std::uint64_t dropped_bytes = 0;
  std::optional<Reply> refusal;  ///< then the rest is dropped
  net::Deadline deadline;        ///< of the letter as a whole
};

class ServerSession {
 public:
  ServerSession(net::Connection& connection, ServerHandler& handler, const ServerOptions& options,
                Dialogue* dialogue);
  net::Task<SessionSummary> run();

 private:
  /// A failure ends the session; a refusal of ours does not, it is said and the dialogue goes on.
  using Step = net::Task<Result<void>>;
  struct Command;
  static const Command* find_command(std::string_view verb);

  // server_session.cc
  Step serve_commands();
  Step refuse_line(Error why);
  Step obey(std::string_view line);
  std::optional<Reply> objection(const Command& command, std::string_view args) const;
  Reply out_of_sequence(const Command& command) const;
  net::Task<void> leave(Result<void> why);
  Step say(Reply reply);
  /// The client did something wrong: too many of these end the session.
  Step refuse(Reply reply);
  /// The client did not wait for us where it must; nobody knows any more what answers what.
  Step refuse_pipelining();
  void throw_out(std::string why);
  /// Bytes behind a command that must be the last of its group (RFC 2920 §3.1).
  bool talks_ahead() const { return !connection_.buffered_input().empty(); }
  bool in(unsigned states) const { return (static_cast<unsigned>(state_) & states) != 0; }
  net::Deadline soon(std::chrono::nanoseconds span) const { return connection_.loop().in(span); }

  Step help(std::string_view args);
  Step noop(std::string_view args);
  Step quit(std::string_view args);
  Step verify(std::string_view args);
  Step expand(std::string_view args);
  Step not_mail(std::string_view args);

  // server_greeting.cc
  Step greet();
  net::Task<Result<bool>> hears_early_talker();
  Step helo(std::string_view args);
  Step ehlo(std::string_view args);
  net::Task<Result<bool>> take_name(std::string_view args, bool extended);
  ExtensionSet offers() const;
  std::string ehlo_text() const;
  bool may_log_in() const;
  void forget_client();
  Step start_tls(std::string_view args);
  Step auth(std::string_view args);
  Step exchange_login(std::unique_ptr<LoginExchange> exchange, std::optional<std::string> initial);
  Step end_login(LoginStep outcome);
  net::Task<Result<std::optional<std::string>>> ask_login(std::string challenge);
  Step xclient(std::string_view args);

  // server_transaction.cc
  Step mail(std::string_view args);
  std::optional<Reply> objection(const MailCommand& command) const;
  Step rcpt(std::string_view args);
  Step rset(std::string_view args);
  void end_transaction();

  // server_letter.cc
  Step data(std::string_view args);
  Step bdat(std::string_view args);
  Step read_chunk(std::uint64_t size_bytes);
  Step drop_chunk(std::uint64_t size_bytes);
  net::Task<std::optional<Reply>> begin_letter(Framing framing);
  Step read_dotted();
  net::Task<void> store(std::string_view bytes);
  Step finish_letter();
  Step answer_letter(LetterVerdict verdict);
  bool overran() const;

  net::Connection& connection_;
  ServerHandler& handler_;
  const ServerOptions& options_;
  Dialogue* dialogue_;

  State state_ = State::kConnected;
  SessionFacts facts_;
  SessionSummary summary_;
  bool ending_ = false;
  bool letter_answered_ = false;  ///< and nothing heard from the client since
  std::size_t idle_commands_ = 0;
  std::size_t login_failures_ = 0;
  std::size_t refused_recipients_ = 0;

  // The transaction.
  MailParameters mail_;
  std::size_t recipients_ = 0;
  std::optional<LetterIntake> intake_;
};

}  // namespace pabal::smtp::detail
