// What a server session asks of the mail system behind it. smtp declares it; delivery implements it. One
// handler a connection, called on the connection's loop, one call at a time, in the order of the dialogue.
//
// The session has checked grammar, sequence and its own limits before it asks. A handler answers with the
// reply that the client gets: 2xx goes on, 4xx and 5xx refuse, 421 also ends the connection. It waits
// as it must (directory, store, DNS); the client's own timeouts are minutes (RFC 5321 §4.5.3.2).
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "net/stream.h"
#include "net/task.h"
#include "smtp/parameters.h"
#include "smtp/path.h"
#include "smtp/reply.h"

namespace pabal::smtp {

enum class Profile : std::uint8_t {
  kMx,          ///< port 25: mail from anybody for us
  kSubmission,  ///< ports 587 and 465: mail from our people for anybody (RFC 6409)
  kLmtp,        ///< a local hand-over, with an answer for each recipient (RFC 2033)
};

/// What is known of the client and the session so far.
struct SessionFacts {
  Profile profile = Profile::kMx;
  net::Endpoint peer;  ///< as XCLIENT or the PROXY protocol corrected it
  net::Endpoint local;
  std::string peer_host_name;  ///< only if XCLIENT told it
  HeloName helo;               ///< empty before HELO, and again after STARTTLS
  bool extended = false;       ///< EHLO or LHLO
  std::optional<net::TlsFacts> tls;
  std::string login;          ///< empty unless somebody logged in: the name as LoginAccepted gave it
  std::uint64_t letters = 0;  ///< accepted in this session
};

/// The word behind "with" in a Received line: ESMTPSA, UTF8LMTP, ... (RFC 3848, RFC 6531 §4.3).
std::string protocol_word(const SessionFacts& facts, bool smtputf8);

/// Send this; the answer comes to step().
struct LoginChallenge {
  std::string text;
};
struct LoginAccepted {
  std::string name;  ///< for SessionFacts::login
};
/// 535 5.7.8 for credentials that do not fit, 454 4.7.0 for "ask again later".
struct LoginRefused {
  Reply reply;
};
using LoginStep = std::variant<LoginChallenge, LoginAccepted, LoginRefused>;

/// One AUTH command (RFC 4954 §4). The session does the base64 and the lines; the messages are SASL's.
class LoginExchange {
 public:
  virtual ~LoginExchange() = default;
  /// Nothing if no initial response came, which an empty one is not.
  virtual net::Task<LoginStep> start(std::optional<std::string> initial_response) = 0;
  virtual net::Task<LoginStep> step(std::string response) = 0;
};

/// How a letter ended.
struct LetterVerdict {
  Reply reply;
  /// LMTP: one for each accepted recipient, in their order; empty if `reply` goes for all.
  std::vector<Reply> per_recipient;
};

/// Takes one letter, as the wire brought it, without dots. Destroyed before finish() has returned, it
/// forgets the letter: the client broke off, or the letter was refused.
class LetterSink {
 public:
  virtual ~LetterSink() = default;
  /// `bytes` hold until this returns. On failure the rest of the letter is read and dropped, and the client
  /// told by kind: kOverLimit 552, kRefuse 554, all others 451.
  virtual net::Task<Result<void>> write(std::string_view bytes) = 0;
  /// The letter is whole. Returns when it is durable: the 250 that follows takes it from the client for
  /// good (RFC 5321 §4.2.5).
  virtual net::Task<LetterVerdict> finish() = 0;
};

struct LetterRequest {
  bool chunked = false;  ///< BDAT
};

class ServerHandler {
 public:
  virtual ~ServerHandler() = default;

  /// A client connected, or XCLIENT changed who it is. The text of a 2xx is not used.
  virtual net::Task<Reply> connected(const SessionFacts& facts) = 0;
  /// HELO, EHLO or LHLO. The text of a 2xx is not used.
  virtual net::Task<Reply> greeted(const SessionFacts& facts) = 0;
  /// `mechanism` is one of the options' list. Never null.
  virtual std::unique_ptr<LoginExchange> begin_login(const SessionFacts& facts,
                                                     std::string_view mechanism) = 0;
  virtual net::Task<Reply> mail(const SessionFacts& facts, const MailCommand& command) = 0;
  /// The path has an address here: bare "<Postmaster>" is postmaster at our host name.
  virtual net::Task<Reply> rcpt(const SessionFacts& facts, const RcptCommand& command) = 0;
  /// DATA or the first BDAT, with at least one recipient accepted.
  virtual net::Task<std::expected<std::unique_ptr<LetterSink>, Reply>> begin_letter(
      const SessionFacts& facts, LetterRequest request) = 0;
  /// The transaction is over or given up: forget sender and recipients.
  virtual void reset() = 0;
  /// The client waited for the answer to its last letter and spoke again: it knows that we have the letter.
  /// One that does not may send the letter once more (RFC 1047).
  virtual void answer_heard() {}
};

/// The usual answers of mail() and rcpt(): "250 2.1.0 alice@crepes.fr... Sender ok".
Reply sender_ok(const Path& path);
Reply recipient_ok(const Path& path);

}  // namespace pabal::smtp
